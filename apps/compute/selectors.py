"""Jobs for pages, API and the apps above. Lists begin at the party table; what happened is read from receipts."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from typing import Any
from uuid import UUID

import msgspec
from django.db import models
from django.db.models import Max, Min
from django.utils.translation import gettext_lazy as _

from apps.compute.models import Attempt, Job, JobParty, Receipt, StageRecord
from apps.compute.ranks import ranks_of
from apps.core.errors import Forbidden, NotFound
from apps.exchange.cards import require_signed_by
from apps.exchange.models import Draft
from apps.tenants.members import Member
from apps.tenants.models import Organisation
from apps.tenants.roles import Kind, Role
from creditzone.kernel import documents
from creditzone.kernel.documents import DocumentError, JobRequest, SignatureInvalid, Signed, read
from creditzone.kernel.refusals import Refusal


class Act(models.TextChoices):
    """What may be done with a job at the portal."""

    READ = "read", _("see a job")
    DRAFT = "draft", _("draft a job")
    CANCEL = "cancel", _("cancel a job")


MAY = {
    Act.READ: frozenset(Role),
    Act.DRAFT: frozenset({Role.OWNER, Role.OFFICER}),
    Act.CANCEL: frozenset({Role.OWNER, Role.OFFICER}),
}
ASKING = frozenset({Kind.BANK, Kind.SME})
"""Who asks: banks about their applicants, firms about themselves."""
STAGES = ("check", "open", "intersect", "grade", "seal")
SHAPE_SAMPLE = 400


def require_role(actor: Member, act: Act) -> None:
    """Raise Forbidden unless the actor's role may do this, in an organisation that asks where it is asking. The
    zone's operator, which keeps the portal, sees no job."""
    if actor.kind == Kind.OPERATOR:
        raise Forbidden(act=act.label, role=Role(actor.role).label, ask=_("a party of the job"))
    if actor.role not in MAY[act]:
        raise Forbidden(act=act.label, role=Role(actor.role).label)
    if act == Act.DRAFT and actor.kind not in ASKING:
        raise Forbidden(act=act.label, role=Role(actor.role).label, ask=_("a bank, or the firm itself"))


def may_draft(actor: Member) -> bool:
    """Whether the actor drafts jobs over many firms; a firm asks about itself elsewhere."""
    return actor.kind == Kind.BANK and actor.role in MAY[Act.DRAFT]


def get_for(actor: Member, job_id: UUID, *, to: Act) -> Job:
    """The only door to one job; row-level security has already hidden it from whoever takes no part in it."""
    if actor.kind == Kind.OPERATOR:
        require_role(actor, to)
    job = Job.objects.select_related("recipient", "at_party").filter(pk=job_id).first()
    if job is None:
        raise NotFound(what=_("job"))
    takes_part = actor.organisation_id == job.owner or job.parties.filter(org=actor.organisation_id).exists()
    if not takes_part and (to != Act.READ or actor.kind != Kind.REGULATOR):
        raise NotFound(what=_("job"))
    require_role(actor, to)
    if to == Act.CANCEL and actor.organisation_id != job.owner:
        raise Forbidden(act=to.label, role=Role(actor.role).label, ask=_("the recipient of the result"))
    return job


def jobs_of(actor: Member, *, state: str | None = None, before: UUID | None = None, limit: int = 50) -> list[Job]:
    """The jobs that the organisation takes part in, newest first; a regulator's are all. `before` is the id after
    which the next page begins."""
    require_role(actor, Act.READ)
    if actor.kind == Kind.REGULATOR:
        jobs = Job.objects.select_related("recipient")
        jobs = jobs.filter(pk__lt=before) if before is not None else jobs
        jobs = jobs.filter(state=state) if state is not None else jobs
        return list(jobs.order_by("-id")[:limit])
    mine = JobParty.objects.filter(org=actor.organisation_id)
    if before is not None:
        mine = mine.filter(subject_id__lt=before)
    if state is not None:
        mine = mine.filter(subject__state=state)
    return [party.subject for party in mine.select_related("subject__recipient").order_by("-subject_id")[:limit]]


def document_of(job: Job) -> Signed:
    """The request as signed so far."""
    return msgspec.convert(job.document, Signed)


def request_of(job: Job) -> JobRequest:
    """The request's document."""
    return read(document_of(job), JobRequest)


# Who takes part ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class PartyRow:
    """An organisation in a job. `rank` is None for a recipient that does not compute."""

    organisation: Organisation
    is_mine: bool
    is_recipient: bool
    rank: int | None
    domain: str


def parties_of(job: Job, viewer: Member) -> list[PartyRow]:
    """Everybody who takes part, in the order of ranks; a recipient that does not compute comes last.

    Read from the request, which names its parties: the party table shows a reader only his own rows."""
    request = request_of(job)
    ranks = ranks_of(request)
    domains = {one.provider: one.domain for one in request.inputs}
    codes = [*ranks, *([] if request.recipient in ranks else [request.recipient])]
    found = {one.uscc: one for one in Organisation.objects.filter(uscc__in=codes)}
    return [
        PartyRow(
            organisation=found[uscc],
            is_mine=found[uscc].id == viewer.organisation_id,
            is_recipient=uscc == request.recipient,
            rank=ranks.get(uscc),
            domain=domains.get(uscc, ""),
        )
        for uscc in codes
        if uscc in found
    ]


# Stages -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class StageRow:
    """A stage over all parties. `state`: waiting, started, finished. Seconds are wall time; `estimate_seconds` is the
    median of past jobs of the same scorecard that the reader may see, None without any. `figures` by party's code."""

    stage: str
    state: str
    started_at: datetime | None
    finished_at: datetime | None
    seconds: float | None
    estimate_seconds: float | None
    figures: dict[str, dict[str, int]]


def stages(job: Job) -> list[StageRow]:
    """The five stages of the job's latest attempt. The check is what each node does with an order before it accepts
    it: it lasts from the offer until all have accepted."""
    attempt = Attempt.objects.filter(job=job).order_by("-fence").first()
    records = list(StageRecord.objects.select_related("node").filter(attempt=attempt)) if attempt else []
    estimates = _estimates(job)
    check = _checking(attempt) if attempt else _stage("check", [], None)
    return [
        check,
        *(_stage(name, [one for one in records if one.stage == name], estimates.get(name)) for name in STAGES[1:]),
    ]


def _checking(attempt: Attempt) -> StageRow:
    began, accepted = attempt.offered_at, attempt.started_at
    return StageRow(
        stage="check",
        state="finished" if accepted else "started",
        started_at=began,
        finished_at=accepted,
        seconds=(accepted - began).total_seconds() if accepted else None,
        estimate_seconds=None,
        figures={},
    )


def _stage(name: str, records: list[StageRecord], estimate: float | None) -> StageRow:
    started = min((one.started_at for one in records), default=None)
    over = bool(records) and all(one.finished_at for one in records)
    finished = max((one.finished_at for one in records if one.finished_at), default=None) if over else None
    return StageRow(
        stage=name,
        state="finished" if over else "started" if records else "waiting",
        started_at=started,
        finished_at=finished,
        seconds=(finished - started).total_seconds() if started and finished else None,
        estimate_seconds=estimate,
        figures={one.node.uscc: one.figures for one in records},
    )


def _estimates(job: Job) -> dict[str, float]:
    """How long each stage took in past jobs of the same scorecard that ended well: the median, in seconds."""
    past = (
        StageRecord.objects.filter(job__model=job.model, job__state=Job.State.DONE, finished_at__isnull=False)
        .exclude(job=job)
        .values("attempt_id", "stage")
        .annotate(began=Min("started_at"), ended=Max("finished_at"))
        .order_by("-attempt_id")[:SHAPE_SAMPLE]
    )
    spans: dict[str, list[float]] = {}
    for row in past:
        spans.setdefault(row["stage"], []).append((row["ended"] - row["began"]).total_seconds())
    return {stage: median(seconds) for stage, seconds in spans.items()}


# Receipts ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class ReceiptRow:
    """A receipt with whether its signature fits a card of its signer, checked when asked for."""

    party: Organisation
    attempt: int
    digest: str
    receipt: documents.Receipt
    signed: Signed
    is_valid: bool
    taken_at: datetime


def receipts_of(job: Job) -> list[ReceiptRow]:
    """The receipts of the job's latest attempt, each verified again."""
    rows = Receipt.objects.select_related("node", "attempt").filter(job=job).order_by("id")
    latest = max((row.attempt.fence for row in rows), default=0)
    return [_receipt(row) for row in rows if row.attempt.fence == latest]


def _receipt(row: Receipt) -> ReceiptRow:
    signed = msgspec.convert(row.document, Signed)
    try:
        require_signed_by(signed, documents.Receipt, row.node, current=False)
        is_valid = signed.digest == row.digest
    except (SignatureInvalid, DocumentError):
        is_valid = False
    return ReceiptRow(
        party=row.node,
        attempt=row.attempt.number,
        digest=row.digest,
        receipt=read(signed, documents.Receipt),
        signed=signed,
        is_valid=is_valid,
        taken_at=row.taken_at,
    )


# Who saw what -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class PutIn:
    """What a party put in: the capsule's domain and version, its rows, those dropped for want of an authorisation, and
    the firms that it left out since their uses are spent (None where its receipt gives no such figure)."""

    domain: str
    version: int
    rows: int | None
    dropped: int | None
    used_up: int | None
    header: str


@dataclass(frozen=True, kw_only=True)
class LeftRow:
    """What left a party, in which sealed form, to whom."""

    form: str
    to: str
    to_name: str
    count: int


@dataclass(frozen=True, kw_only=True)
class LearnedRow:
    """What a party came to know; `of` names whose matter it is, empty where it is nobody's in particular."""

    what: str
    of: str
    of_name: str
    count: int


@dataclass(frozen=True, kw_only=True)
class Lane:
    """One party's lane. Without a receipt (`receipt` empty) it says nothing but who it is; a recipient outside the
    computation has no receipt of its own, and `learned` is what the others' receipts say was sent to it."""

    party: Organisation
    is_mine: bool
    is_recipient: bool
    computes: bool
    put_in: tuple[PutIn, ...]
    left: tuple[LeftRow, ...]
    learned: tuple[LearnedRow, ...]
    matched: int | None
    receipt: str
    is_valid: bool


def lanes(job: Job, viewer: Member) -> list[Lane]:
    """Who saw what, computed from the receipts alone: one lane a party, in the order of ranks."""
    receipts = {row.party.uscc: row for row in receipts_of(job)}
    rows = parties_of(job, viewer)
    names = {row.organisation.uscc: row.organisation.name for row in rows}
    versions = {one.provider: one.version for one in request_of(job).inputs}
    return [_lane(row, receipts, names, versions.get(row.organisation.uscc, 0)) for row in rows]


def _lane(row: PartyRow, receipts: dict[str, ReceiptRow], names: dict[str, str], version: int) -> Lane:
    found = receipts.get(row.organisation.uscc)
    learned = _learned(found, names) if found else _sent_to(row.organisation.uscc, receipts, names)
    return Lane(
        party=row.organisation,
        is_mine=row.is_mine,
        is_recipient=row.is_recipient,
        computes=row.rank is not None,
        put_in=_put_in(row, found, version) if found else (),
        left=_left(found, names) if found else (),
        learned=learned,
        matched=_figure(found, "matched"),
        receipt=found.digest if found else "",
        is_valid=found.is_valid if found else False,
    )


def _figure(found: ReceiptRow | None, name: str) -> int | None:
    figures = found.receipt.figures if found else ()
    return next((figure.value for figure in figures if figure.name == name), None)


def _put_in(row: PartyRow, found: ReceiptRow, version: int) -> tuple[PutIn, ...]:
    return tuple(
        PutIn(
            domain=row.domain,
            version=version,
            rows=_figure(found, "rows"),
            dropped=_figure(found, "dropped"),
            used_up=_figure(found, "used_up"),
            header=header,
        )
        for header in found.receipt.inputs
    )


def _left(found: ReceiptRow, names: dict[str, str]) -> tuple[LeftRow, ...]:
    return tuple(
        LeftRow(form=one.form, to=one.to, to_name=names.get(one.to, one.to), count=one.count)
        for one in found.receipt.left
    )


def _learned(found: ReceiptRow, names: dict[str, str]) -> tuple[LearnedRow, ...]:
    return tuple(
        LearnedRow(what=one.what, of=one.of or "", of_name=names.get(one.of or "", one.of or ""), count=one.count)
        for one in found.receipt.learned
    )


SENT = {"sealed-shares": "grades", "sealed-reasons": "reasons", "output-shares": "grades"}


def _sent_to(uscc: str, receipts: dict[str, ReceiptRow], names: dict[str, str]) -> tuple[LearnedRow, ...]:
    """What the other parties' receipts say went to a recipient that does not compute; shares count once."""
    sent: dict[str, LearnedRow] = {}
    for sender, row in sorted(receipts.items()):
        for one in row.receipt.left:
            what = SENT.get(one.form)
            if one.to != uscc or what is None:
                continue
            of = sender if what == "reasons" else ""
            sent[f"{what}{of}"] = LearnedRow(what=what, of=of, of_name=names.get(of, of), count=one.count)
    return tuple(sent.values())


# One page ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class JobPage:
    """All that a job's page shows. `sign_digest` is what its recipient still finds in its node to sign, empty when
    there is nothing; `reason` is why it ended or what it waits for."""

    job: Job
    request: JobRequest
    parties: list[PartyRow]
    stages: list[StageRow]
    lanes: list[Lane]
    receipts: list[ReceiptRow]
    receipts_expected: int
    reason: Refusal | None
    can_cancel: bool
    sign_digests: list[str]
    elapsed: timedelta | None


def job_page(actor: Member, job_id: UUID) -> JobPage:
    """One job as this reader may see it. Raises NotFound, Forbidden."""
    job = get_for(actor, job_id, to=Act.READ)
    is_mine = job.owner == actor.organisation_id
    return JobPage(
        job=job,
        request=request_of(job),
        parties=parties_of(job, actor),
        stages=stages(job),
        lanes=lanes(job, actor),
        receipts=receipts_of(job),
        receipts_expected=job.parties_count,
        reason=reason_of(job),
        can_cancel=is_mine and actor.role in MAY[Act.CANCEL] and not job.is_final,
        sign_digests=_waiting_digests(job) if is_mine else [],
        elapsed=job.ended_at - job.started_at if job.started_at and job.ended_at else None,
    )


def _waiting_digests(job: Job) -> list[str]:
    """The job's documents that still wait for the recipient's signature, the authorisation first."""
    digests = [digest for digest in (job.authorisation_digest, job.digest) if digest]
    waiting = set(Draft.objects.filter(digest__in=digests, state=Draft.State.WAITING).values_list("digest", flat=True))
    return [digest for digest in digests if digest in waiting]


def reason_of(job: Job) -> Refusal | None:
    """Why a job ended, or what it waits for, as a refusal that says itself in either language."""
    facts: dict[str, Any] = job.facts
    return Refusal(job.reason, {name: str(value) for name, value in facts.items()}) if job.reason else None


def uses_of_subject(actor: Member, *, limit: int = 50) -> list[Job]:
    """For a firm: the jobs about itself, newest first."""
    mine = JobParty.objects.filter(org=actor.organisation_id, subject__subject_code=actor.organisation.uscc)
    return [party.subject for party in mine.select_related("subject__recipient").order_by("-subject_id")[:limit]]
