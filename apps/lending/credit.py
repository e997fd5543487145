"""A firm about itself: its enquiries, whom it authorised, and where its grade opens. The grade is never here."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.utils.translation import gettext_lazy as _

from apps.compute import wording
from apps.compute.models import Job
from apps.compute.selectors import uses_of_subject
from apps.contracts.models import Authorisation
from apps.contracts.selectors import authorisation_document, authorisations_of
from apps.contracts.services import draft_authorisation
from apps.core import clock
from apps.core.errors import Forbidden, NotFound
from apps.exchange.links import node_url, sign_url
from apps.scoring import selectors as scoring
from apps.scoring.models import Scorecard
from apps.tenants.members import Member
from apps.tenants.models import Organisation
from apps.tenants.roles import Kind, Role
from apps.tenants.selectors import node_owner
from apps.ui.pieces import Words
from apps.ui.templatetags.ui import called
from creditzone.kernel import documents
from creditzone.kernel.documents import read
from creditzone.kernel.policy.purposes import say_purpose

SHOWN = 50
HOLDERS: dict[str, str] = {Kind.CODE_CENTRE: "centre", Kind.PLATFORM: "platform"}
"""How the scorecards' pages name who holds a data domain, by the kind of organisation."""


@dataclass(frozen=True, kw_only=True)
class Enquiry:
    """One enquiry of the firm about itself; `result_url` leads to its own node where there is a result."""

    job: Job
    result_url: str


@dataclass(frozen=True, kw_only=True)
class Given:
    """An authorisation in words: whom it names, what for, what comes back, and whether it can be withdrawn."""

    authorisation: Authorisation
    enquirer: str
    providers: str
    domains: str
    purpose: str
    disclosed: str
    can_withdraw: bool
    sign_url: str
    withdrawal_url: str
    """Where a drafted withdrawal waits for the firm's signature."""

    @property
    def dialog(self) -> str:
        """The id of its dialog on the page."""
        return f"withdraw-{self.authorisation.id}"


@dataclass(frozen=True, kw_only=True)
class Credit:
    """All of a firm's page. `latest` is its newest enquiry that ended in a result."""

    firm: Organisation
    host: str
    card: Scorecard | None
    card_name: str
    grades: list[str]
    enquiries: list[Enquiry]
    latest: Enquiry | None
    waiting: Job | None
    given: list[Given]


def require_firm(actor: Member) -> None:
    """Raise Forbidden unless this is a firm: everybody else has no credit page of its own."""
    if actor.kind != Kind.SME:
        raise Forbidden(act=_("see a firm's own credit page"), role=Role(actor.role).label, ask=_("the firm itself"))


def credit_of(actor: Member) -> Credit:
    """The firm's own page. Raises Forbidden."""
    require_firm(actor)
    firm, host = actor.organisation, node_owner(actor.organisation)
    enquiries = [_enquiry(actor, job) for job in uses_of_subject(actor, limit=SHOWN)]
    card = public_card()
    moving = {Job.State.DRAFTED, Job.State.QUEUED, *Job.OUT}
    return Credit(
        firm=firm,
        host="" if host.id == firm.id else called(host),
        card=card,
        card_name=scoring.name_of(card) if card else "",
        grades=list(reversed(card.document.grades)) if card else [],
        enquiries=enquiries,
        latest=next((one for one in enquiries if one.job.state == Job.State.DONE), None),
        waiting=next((one.job for one in enquiries if one.job.state in moving), None),
        given=_given(actor),
    )


def public_card() -> Scorecard | None:
    """The zone's public scorecard: the newest of which no part is a bank's data; None before one is registered."""
    return next((card for card in scoring.cards() if _is_public(card)), None)


def _is_public(card: Scorecard) -> bool:
    return all(holder.kind != "bank" for holder in scoring.holders_of(card.domains))


def require_public_card() -> Scorecard:
    """The zone's public scorecard. Raises NotFound."""
    card = public_card()
    if card is None:
        raise NotFound(what=_("public scorecard"))
    return card


def authorise(
    actor: Member,
    *,
    enquirer: str,
    providers: list[str],
    purpose: str,
    disclosures: list[documents.Disclosure],
    days: int,
) -> Authorisation:
    """Draft what lets a bank ask about the firm, for the firm to sign in its node. Raises Forbidden, Invalid."""
    require_firm(actor)
    named = {one.uscc: one for one in Organisation.objects.filter(uscc__in=[enquirer, *providers])}
    asked = [named[code] for code in providers]
    kinds = {HOLDERS.get(one.kind, "") for one in asked}
    domains = sorted({domain for card in scoring.cards() for domain in card.domains})
    held = zip(domains, scoring.holders_of(domains), strict=True)
    now = clock.now()
    return draft_authorisation(
        actor=actor,
        enquirer=named[enquirer],
        providers=asked,
        domains=[domain for domain, holder in held if holder.kind in kinds],
        purpose=purpose,
        disclosures=disclosures,
        application="",
        not_before=now,
        not_after=now + timedelta(days=days),
    )


def _enquiry(actor: Member, job: Job) -> Enquiry:
    url = node_url(actor, f"/results/{job.id}/") if job.state == Job.State.DONE else None
    return Enquiry(job=job, result_url=url or "")


def _given(actor: Member) -> list[Given]:
    names = {one.uscc: called(one) for one in Organisation.objects.all()}
    may = actor.role in {Role.OWNER, Role.OFFICER}
    return [_one_given(actor, one, names, may=may) for one in authorisations_of(actor, limit=SHOWN)]


def _one_given(actor: Member, one: Authorisation, names: dict[str, str], *, may: bool) -> Given:
    document = read(authorisation_document(one), documents.Authorisation)
    live = {Authorisation.State.DRAFTED, Authorisation.State.ACTIVE}
    is_drafted = one.state == Authorisation.State.DRAFTED
    waits = one.state == Authorisation.State.ACTIVE and bool(one.withdrawal_digest)
    return Given(
        authorisation=one,
        enquirer=called(one.enquirer),
        providers=wording.listed(names.get(code, code) for code in document.providers),
        domains=wording.listed(wording.domain_name(name) for name in document.domains),
        purpose=say_purpose(document.purpose, wording.language()),
        disclosed=wording.disclosed(document.disclosures),
        can_withdraw=may and one.owner == actor.organisation_id and one.state in live and not waits,
        sign_url=(sign_url(actor, one.digest) or "") if is_drafted else "",
        withdrawal_url=(sign_url(actor, one.withdrawal_digest) or "") if waits else "",
    )


KINDS_OF_GRADES: list[tuple[Words, Words, Words, Words]] = [
    (
        _("Score grade of this zone"),
        _("A to H, with its scorecard's name and version"),
        _("computed on request from sealed data; a probability of trouble, not an ability to repay"),
        _("banks decide and set prices with their own rules beside it"),
    ),
    (
        _("Tax credit grade"),
        _("A, B, M, C, D"),
        _("the tax authority, once a year"),
        _("tax services, invoices; read by banks in tax-based lending"),
    ),
    (
        _("Enterprise credit risk class"),
        _("A to D"),
        _("the market supervision authorities"),
        _("how often a firm is inspected; not published as a grade of the firm"),
    ),
    (
        _("Bank credit record"),
        _("a record, no grade"),
        _("the credit reference centre of the central bank, from lenders' reports"),
        _("lending; changed only by objection or by paying"),
    ),
]
"""Four things that firms mistake for one another: name, scale, who gives it, what it is for."""


def facts_of_kinds() -> list[dict[str, Any]]:
    """The four kinds as rows."""
    return [{"name": name, "scale": scale, "by": by, "use": use} for name, scale, by, use in KINDS_OF_GRADES]
