"""What changes who takes part: organisations, people, roles, cards, tokens. One ledger entry each."""

import secrets
from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.db import IntegrityError, transaction
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.core.errors import Forbidden, Invalid, NotFound
from apps.core.models import new_id
from apps.core.tenancy import tenant_tx
from apps.ledger.services import append_entry
from apps.tenants import selectors, zone
from apps.tenants.members import Member
from apps.tenants.models import ApiToken, Card, Membership, Organisation, Person
from apps.tenants.roles import Capability, Kind, Role
from creditzone.kernel import documents
from creditzone.kernel.credit.uscc import InvalidUscc, parse_uscc
from creditzone.kernel.documents import DocumentError, SignatureInvalid, Signed
from creditzone.kernel.sm.sm2 import PublicKey
from creditzone.settings.env import own_url


def found_zone(
    *, uscc: str, name: str, name_en: str, username: str, person_name: str, password: str, totp_secret: str | None
) -> Member:
    """Make the operator's organisation and its owner: the one act without an actor, possible once.

    It runs in a transaction of its own, as the owner who is made in it. Raises Forbidden when the zone has an operator
    already.
    """
    operator_id, person_id = new_id(), new_id()
    with tenant_tx(operator_id, role="admin", person_id=person_id):
        if Organisation.objects.filter(kind=Kind.OPERATOR).exists():
            raise Forbidden(act=_("found the zone a second time"), ask=_("the zone's operator"))
        operator = _make_organisation(
            id=operator_id, uscc=uscc, name=name, name_en=name_en, kind=Kind.OPERATOR, hosted_by=None
        )
        person = _make_person(
            id=person_id, username=username, name=person_name, password=password, totp_secret=totp_secret
        )
        membership = Membership.objects.create(person=person, organisation=operator, role=Role.OWNER)
        founder = selectors.member(membership, person)
        append_entry(
            actor=founder, act="zone.founded", subject_type="organisation", subject_id=operator.id, facts={"uscc": uscc}
        )
    return founder


@transaction.atomic
def register_organisation(
    *, actor: Member, uscc: str, name: str, name_en: str, kind: str, hosted_by: Organisation | None = None
) -> Organisation:
    """Take an organisation into the zone. Raises Forbidden; Invalid for a wrong or taken code, or a wrong host."""
    actor.require(Capability.MANAGE_ORGANISATIONS)
    organisation = _make_organisation(uscc=uscc, name=name, name_en=name_en, kind=Kind(kind), hosted_by=hosted_by)
    append_entry(
        actor=actor,
        act="organisation.registered",
        subject_type="organisation",
        subject_id=organisation.id,
        facts={"uscc": organisation.uscc, "kind": organisation.kind},
        organisations=[organisation.id],
    )
    return organisation


def _make_organisation(
    *, uscc: str, name: str, name_en: str, kind: Kind, hosted_by: Organisation | None, id: UUID | None = None
) -> Organisation:
    try:
        code = parse_uscc(uscc).code
    except InvalidUscc as error:
        raise Invalid.of("uscc", str(error)) from error
    if hosted_by is not None and (
        kind != Kind.SME or hosted_by.hosted_by_id is not None or hosted_by.kind not in documents.HOST_KINDS
    ):
        raise Invalid.of(
            "hosted_by", _("Only a small firm is hosted, by the node of an operator, a code centre or a platform.")
        )
    try:
        with transaction.atomic():
            return Organisation.objects.create(
                id=id or new_id(), uscc=code, name=name, name_en=name_en, kind=kind, hosted_by=hosted_by
            )
    except IntegrityError as error:
        raise Invalid.of("uscc", _("An organisation with this code is in the zone already.")) from error


@transaction.atomic
def add_person(
    *,
    actor: Member,
    organisation: Organisation,
    username: str,
    name: str,
    role: str,
    password: str,
    totp_secret: str | None = None,
    must_change_password: bool = True,
) -> Membership:
    """Add somebody with a first password to an organisation, which they change at the first sign-in: whoever added
    them knows it. Without `totp_secret` (base32) the second factor is enrolled then, too.

    Raises Forbidden; Invalid for a weak password or a taken sign-in name."""
    actor.require(Capability.MANAGE_PEOPLE)
    person = _make_person(
        username=username,
        name=name,
        password=password,
        totp_secret=totp_secret,
        must_change_password=must_change_password,
    )
    membership = Membership.objects.create(person=person, organisation=organisation, role=Role(role))
    append_entry(
        actor=actor,
        act="person.added",
        subject_type="person",
        subject_id=person.id,
        facts={"role": membership.role},
        organisations=[organisation.id],
    )
    return membership


def _make_person(
    *,
    username: str,
    name: str,
    password: str,
    totp_secret: str | None,
    must_change_password: bool = False,
    id: UUID | None = None,
) -> Person:
    person = Person(
        id=id or new_id(), username=username.strip(), name=name.strip(), must_change_password=must_change_password
    )
    _require_strong(password, person)
    person.set_password(password)
    try:
        with transaction.atomic():
            person.save(force_insert=True)
    except IntegrityError as error:
        raise Invalid.of("username", _("This sign-in name is taken.")) from error
    if totp_secret:
        TOTP.activate(person, totp_secret)
    return person


@transaction.atomic
def change_role(*, actor: Member, membership_id: UUID, role: str) -> Membership:
    """Give a member another role; from the next request on. Raises Forbidden, NotFound."""
    actor.require(Capability.MANAGE_PEOPLE)
    membership = selectors.membership(membership_id)
    before, membership.role = membership.role, Role(role)
    membership.save(update_fields=["role"])
    append_entry(
        actor=actor,
        act="person.role-changed",
        subject_type="person",
        subject_id=membership.person_id,
        facts={"from": before, "to": membership.role},
        organisations=[membership.organisation_id],
    )
    return membership


@transaction.atomic
def reset_sign_in(*, actor: Member, membership_id: UUID, password: str) -> Membership:
    """Give somebody who lost a factor a new first password and let them enrol anew; their sign-ins and tokens end.

    It opens the portal only: a node asks for its own factor. Raises Forbidden, NotFound; Invalid for a weak
    password, or for oneself (the account pages do that).
    """
    actor.require(Capability.MANAGE_PEOPLE)
    membership = selectors.membership(membership_id)
    person = membership.person
    if person.pk == actor.person_id:
        raise Invalid.of("password", _("Change your own password on your own page."))
    _require_strong(password, person)
    person.set_password(password)
    person.must_change_password = True
    person.save(update_fields=["password", "must_change_password"])
    Authenticator.objects.filter(user_id=person.pk).delete()
    ApiToken.objects.filter(membership__person=person, revoked_at=None).update(revoked_at=Now())
    append_entry(
        actor=actor,
        act="person.sign-in-reset",
        subject_type="person",
        subject_id=person.pk,
        facts={},
        organisations=[membership.organisation_id],
    )
    return membership


def _require_strong(password: str, person: Person) -> None:
    try:
        validate_password(password, person)
    except ValidationError as error:
        raise Invalid(errors={"password": error.messages}) from error


@transaction.atomic
def set_member_active(*, actor: Member, membership_id: UUID, active: bool) -> Membership:
    """Close or reopen a membership; a closed one opens nothing from the next request on, and its tokens end.

    Raises Forbidden, NotFound; Invalid for one's own membership.
    """
    actor.require(Capability.MANAGE_PEOPLE)
    membership = selectors.membership(membership_id)
    if membership.person_id == actor.person_id:
        raise Invalid.of("", _("Nobody closes his own membership: ask another owner."))
    membership.is_active = active
    membership.save(update_fields=["is_active"])
    if not active:
        ApiToken.objects.filter(membership=membership, revoked_at=None).update(revoked_at=Now())
    append_entry(
        actor=actor,
        act="person.reopened" if active else "person.closed",
        subject_type="person",
        subject_id=membership.person_id,
        facts={},
        organisations=[membership.organisation_id],
    )
    return membership


@transaction.atomic
def register_card(*, signed: Signed, actor: Member | None, node: Organisation | None = None) -> Card:
    """Carry an organisation's card from now on: its first, or its next, signed with the card's own key.

    It comes from the operator (`actor`) or in a statement of `node`, which may bring its own card and those of the
    firms it hosts. A firm's card bears its host's signature too; a later card that of the card before. The portal
    vouches for nothing: nodes confirm cards themselves. Safe twice. Raises Forbidden, NotFound, Invalid.
    """
    document = _read_card(signed)
    organisation = selectors.organisation_by_code(document.organisation)
    _require_may_bring(organisation, actor=actor, node=node)
    known = Card.objects.filter(digest=signed.digest).first()
    if known is not None:
        return known
    _require_fits(document, organisation)
    before = Card.objects.select_for_update().filter(organisation=organisation, is_current=True).first()
    _require_signatures(signed, document, organisation, before)
    if before is not None:
        before.is_current = False
        before.save(update_fields=["is_current"])
    card = Card.objects.create(
        organisation=organisation,
        digest=signed.digest,
        signed=msgspec.to_builtins(signed),
        serial=document.serial,
    )
    append_entry(
        actor=actor,
        act="card.registered",
        subject_type="card",
        subject_id=card.digest,
        facts={"uscc": organisation.uscc, "serial": card.serial, "before": before.digest if before else None},
        organisations=[organisation.id],
    )
    return card


def _read_card(signed: Signed) -> documents.Card:
    try:
        return documents.read(signed, documents.Card)
    except DocumentError as error:
        raise Invalid.of("card", str(error)) from error


def _require_may_bring(organisation: Organisation, *, actor: Member | None, node: Organisation | None) -> None:
    if actor is not None:
        actor.require(Capability.MANAGE_ORGANISATIONS)
    elif node is None or node.id not in {organisation.id, organisation.hosted_by_id}:
        raise Forbidden(act=Capability.MANAGE_ORGANISATIONS.label, ask=_("the zone's operator"))


def _require_fits(document: documents.Card, organisation: Organisation) -> None:
    host = organisation.hosted_by.uscc if organisation.hosted_by else None
    if document.zone != zone.zone_digest():
        raise Invalid.of("card", _("The card was made for another zone."))
    if document.kind != organisation.kind or document.host != host:
        raise Invalid.of("card", _("Kind or host on the card are not those that the zone knows."))
    if document.console_url is not None:
        try:
            own_url(document.console_url)
        except ImproperlyConfigured as error:
            raise Invalid.of("card", _("The card's console address must be https, or http on loopback.")) from error


def _require_signatures(
    signed: Signed, document: documents.Card, organisation: Organisation, before: Card | None
) -> None:
    """Its own signature always; the host's for a hosted firm; that of the card before for a renewal."""
    needed = [(document.organisation, document.signing_key)]
    if before is not None:
        earlier = documents.read(selectors.card_document(before), documents.Card)
        if document.serial <= earlier.serial:
            raise Invalid.of("card", _("The card's serial is not above that of the card before."))
        needed.append((earlier.organisation, earlier.signing_key))
    if organisation.hosted_by is not None:
        host = selectors.current_card(organisation.hosted_by.id)
        if host is None:
            raise Invalid.of("card", _("The host's own card is not registered yet."))
        needed.append(
            (organisation.hosted_by.uscc, documents.read(selectors.card_document(host), documents.Card).signing_key)
        )
    try:
        for by, key in needed:
            documents.require_signature(signed, documents.Card, by=by, key=PublicKey.from_hex(key))
    except (SignatureInvalid, ValueError) as error:
        raise Invalid.of("card", _("A signature on the card does not fit.")) from error


@transaction.atomic
def issue_token(*, actor: Member, label: str, days: int = 90) -> tuple[ApiToken, str]:
    """Draw an API token that acts as the actor; its text is shown once and kept by nobody. Raises Forbidden."""
    actor.require(Capability.ISSUE_TOKEN)
    membership = Membership.objects.get(person_id=actor.person_id, organisation_id=actor.organisation_id)
    text = f"cz_{secrets.token_urlsafe(32)}"
    token = ApiToken.objects.create(
        owner=actor.organisation_id,
        membership=membership,
        label=label,
        hashed=selectors.hash_of_token(text),
        expires_at=timezone.now() + timedelta(days=days),
    )
    append_entry(actor=actor, act="token.issued", subject_type="token", subject_id=token.id, facts={"days": days})
    return token, text


@transaction.atomic
def revoke_token(*, actor: Member, token_id: UUID) -> None:
    """End one of the actor's own tokens now. Raises NotFound."""
    if not selectors.tokens_of(actor).filter(pk=token_id).update(revoked_at=Now()):
        raise NotFound(what=_("token"))
    append_entry(actor=actor, act="token.revoked", subject_type="token", subject_id=token_id, facts={})


TICKET_MS = 120_000


@transaction.atomic
def issue_ticket(*, actor: Member, node: Organisation, state: str, path: str) -> Signed:
    """The zone's word for who comes to `node`: two minutes, once, bound to the browser by `state`.

    Only to the node of the actor's own organisation, or of its host. Raises Forbidden; Invalid for a state or path
    that no node would send.
    """
    actor.require(Capability.ENTER_NODE)
    if node.id != selectors.node_owner(actor.organisation).id:
        raise Forbidden(act=_("go to another organisation's node"), role=actor.role.label)
    now = documents.now_ms()
    facts: dict[str, Any] = {
        "id": documents.new_id(),
        "person": str(actor.person_id),
        "person_name": actor.person_name,
        "organisation": actor.organisation.uscc,
        "node": node.uscc,
        "state": state,
        "path": path,
        "issued_at": now,
        "expires_at": now + TICKET_MS,
        "zone": zone.zone_digest(),
        "type": "ticket",
    }
    try:
        ticket = msgspec.convert(facts, documents.Ticket)
    except msgspec.ValidationError as error:
        raise Invalid.of("", _("This link does not come from a node.")) from error
    append_entry(
        actor=actor,
        act="ticket.issued",
        subject_type="node",
        subject_id=node.uscc,
        facts={"ticket": ticket.id},
        organisations=[node.id],
    )
    return zone.sign_as_zone(ticket)
