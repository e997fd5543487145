"""Who is there: organisations, people, cards, and who comes with a request."""

import hashlib
from uuid import UUID

import msgspec
from django.db.models import Prefetch, Q, QuerySet
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from apps.core.errors import NotFound
from apps.tenants.members import Member
from apps.tenants.models import ApiToken, Card, Membership, Organisation, Person
from apps.tenants.roles import Role
from creditzone.kernel import documents
from creditzone.kernel.documents import Signed


def organisations() -> QuerySet[Organisation]:
    """Every organisation of the zone with its current card, first come first."""
    current = Prefetch("cards", queryset=Card.objects.filter(is_current=True), to_attr="current_cards")
    return Organisation.objects.select_related("hosted_by").prefetch_related(current).order_by("id")


def organisation_by_code(uscc: str) -> Organisation:
    """The organisation with this code; raises NotFound."""
    found = Organisation.objects.filter(uscc=uscc).first()
    if found is None:
        raise NotFound(what=_("organisation"))
    return found


def organisation(organisation_id: UUID) -> Organisation:
    """The organisation with this id; raises NotFound."""
    found = Organisation.objects.filter(pk=organisation_id).first()
    if found is None:
        raise NotFound(what=_("organisation"))
    return found


def current_card(organisation_id: UUID) -> Card | None:
    """The card that the portal carries for it now."""
    return Card.objects.filter(organisation_id=organisation_id, is_current=True).first()


def card_document(card: Card) -> Signed:
    """The signed text of a card, as it travels."""
    return msgspec.convert(card.signed, Signed)


def node_owner(organisation: Organisation) -> Organisation:
    """Whose node keeps the organisation's keys: its own, or its host's."""
    return organisation.hosted_by or organisation


def console_url(organisation: Organisation) -> str | None:
    """Where the node console that serves the organisation is reached, as its card says; None without a card."""
    card = current_card(node_owner(organisation).id)
    return documents.read(card_document(card), documents.Card).console_url if card else None


def memberships() -> QuerySet[Membership]:
    """Everybody's memberships that the reader may see, newest last."""
    return _with_person().order_by("organisation_id", "id")


def _with_person() -> QuerySet[Membership]:
    """Memberships with their people; the password's hash stays where it is, for no member may read it."""
    return Membership.objects.select_related("person", "organisation").defer("person__password")


def membership(membership_id: UUID) -> Membership:
    """One membership; raises NotFound."""
    found = _with_person().filter(pk=membership_id).first()
    if found is None:
        raise NotFound(what=_("member"))
    return found


def members_of(person: Person) -> list[Member]:
    """What a person may act as: one for each live membership, first one first."""
    live = Membership.objects.filter(person=person, is_active=True).select_related("organisation").order_by("id")
    return [member(one, person) for one in live]


def member(membership: Membership, person: Person) -> Member:
    """A membership as an actor."""
    return Member(
        person_id=person.id,
        person_name=person.name,
        organisation=membership.organisation,
        role=Role(membership.role),
    )


def hash_of_token(token: str) -> str:
    """What the database keeps of a token: 256 random bits need no slow hash."""
    return hashlib.sha256(token.encode()).hexdigest()


def member_of_token(token: str) -> Member | None:
    """Whom a token acts as, while it, its person and the membership live."""
    live = Q(revoked_at=None) & Q(expires_at__gt=Now()) & Q(membership__is_active=True)
    found = (
        ApiToken.objects.filter(live, hashed=hash_of_token(token), membership__person__is_active=True)
        .select_related("membership__person", "membership__organisation")
        .defer("membership__person__password")
        .first()
    )
    if found is None:
        return None
    ApiToken.objects.filter(pk=found.pk).update(last_used_at=Now())
    return member(found.membership, found.membership.person)


def tokens_of(actor: Member) -> QuerySet[ApiToken]:
    """The actor's own live tokens."""
    return ApiToken.objects.filter(
        membership__person_id=actor.person_id, owner=actor.organisation_id, revoked_at=None
    ).order_by("-id")
