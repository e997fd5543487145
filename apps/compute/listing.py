"""Lists of jobs: which ones, and what a row says. They begin at the party table; a regulator's are all."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import msgspec
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from apps.compute.models import Job, JobParty, Receipt
from apps.compute.ranks import ranks_of
from apps.compute.selectors import Act, reason_of, request_of, require_role
from apps.core.finding import NEWEST, fits
from apps.scoring import selectors as scoring
from apps.tenants.members import Member
from apps.tenants.models import Organisation
from apps.tenants.roles import Kind
from apps.ui.pieces import Words
from creditzone.kernel import documents
from creditzone.kernel.documents import Signed, read
from creditzone.kernel.refusals import Refusal

GROUPS: dict[str, tuple[Words, frozenset[str]]] = {
    "waiting": (_("waits for its signature"), frozenset({Job.State.DRAFTED})),
    "moving": (_("queued or running"), frozenset({Job.State.QUEUED, *Job.OUT})),
    "done": (_("done"), frozenset({Job.State.DONE})),
    "stopped": (
        _("refused, disputed or failed"),
        frozenset({Job.State.REFUSED, Job.State.DISPUTED, Job.State.FAILED}),
    ),
    "ended": (_("cancelled or expired"), frozenset({Job.State.CANCELLED, Job.State.EXPIRED})),
}
"""What a list is filtered by: the states as a reader groups them."""


@dataclass(frozen=True, kw_only=True)
class JobRow:
    """A job in a list. `matched` is None where no receipt says it; `why` is there where it did not end well."""

    job: Job
    card: str
    parties: list[Organisation]
    matched: int | None
    why: Refusal | None
    is_own: bool


def jobs(actor: Member, *, state: str = "", model: str = "", title: str = "") -> QuerySet[Any]:
    """Party rows of the actor's jobs (sort by `-subject_id`), or a regulator's jobs (`-id`); filters hold together.

    `state` is a group's name or a state; an unknown one filters nothing. Raises Forbidden."""
    require_role(actor, Act.READ)
    rows: QuerySet[Any]
    if actor.kind == Kind.REGULATOR:
        rows, prefix = Job.objects.select_related("recipient", "at_party"), ""
    else:
        mine = JobParty.objects.filter(org=actor.organisation_id)
        rows, prefix = mine.select_related("subject__recipient", "subject__at_party"), "subject__"
    states = GROUPS[state][1] if state in GROUPS else {state} & set(Job.State.values)
    wanted: dict[str, Any] = {}
    if states:
        wanted[f"{prefix}state__in"] = states
    if model:
        wanted[f"{prefix}model"] = model
    if title:
        wanted[f"{prefix}title__icontains"] = title
    return rows.filter(**wanted)


def named(actor: Member, typed: str) -> list[Job]:
    """Among the organisation's newest jobs those whose title holds what was typed, or whose id or digest begins so."""
    require_role(actor, Act.READ)
    mine = JobParty.objects.filter(org=actor.organisation_id).select_related("subject")
    shown = ("subject__title", "subject__state", "subject__digest", "subject__created_at")
    newest = mine.only("subject", *shown).order_by("-subject_id")[:NEWEST]
    jobs = [party.subject for party in newest]
    return [job for job in jobs if fits(typed, words=job.title, keys=(str(job.id), job.digest))]


def sort_of(actor: Member) -> str:
    """The field by which `jobs` pages, newest first."""
    return "-id" if actor.kind == Kind.REGULATOR else "-subject_id"


def rows_of(found: Iterable[Any], actor: Member) -> list[JobRow]:
    """What a list says about these party rows or jobs."""
    page = [row if isinstance(row, Job) else row.subject for row in found]
    cards = {card.digest: scoring.name_of(card) for card in scoring.cards()}
    matched = matched_of(page)
    organisations = {one.uscc: one for one in Organisation.objects.all()}
    return [
        JobRow(
            job=job,
            card=cards.get(job.model, job.model),
            parties=_parties(job, organisations),
            matched=matched.get(job.id),
            why=reason_of(job) if job.reason else None,
            is_own=job.owner == actor.organisation_id,
        )
        for job in page
    ]


def _parties(job: Job, organisations: Mapping[str, Organisation]) -> list[Organisation]:
    request = request_of(job)
    codes = dict.fromkeys([*ranks_of(request), request.recipient])
    return [organisations[code] for code in codes if code in organisations]


def matched_of(jobs: Sequence[Job]) -> dict[UUID, int]:
    """How many firms matched, by job, as the newest receipts say."""
    found: dict[UUID, int] = {}
    for row in Receipt.objects.filter(job_id__in=[job.id for job in jobs]).order_by("id"):
        figures = read(msgspec.convert(row.document, Signed), documents.Receipt).figures
        for figure in figures:
            if figure.name == "matched":
                found[row.job_id] = figure.value
    return found
