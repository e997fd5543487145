"""What nodes say of a job that is out with them. Each function expects to run inside the exchange's transaction.

A statement counts only under the job's present fence: what an earlier attempt still says changes nothing."""

from datetime import datetime, timedelta
from uuid import UUID

import msgspec
from django.conf import settings
from django.db.models import Q

from apps.compute.agreement import differences, head_digests
from apps.compute.duties import note_duties
from apps.compute.endings import (
    close_attempt,
    current_attempt,
    end_job,
    lose_attempt,
    release,
    settle_if_closed,
    stop_parties,
    tell_ended,
)
from apps.compute.log import log
from apps.compute.models import Attempt, Job, Lease, Receipt, StageRecord
from apps.core import clock
from apps.exchange.cards import require_signed_by
from apps.exchange.services import UNNUMBERED, tell
from apps.tenants.models import Organisation
from creditzone.kernel import documents
from creditzone.kernel.documents import (
    AttemptFailed,
    JobRequest,
    OrderStarted,
    RefusalNote,
    SealedDelivered,
    SealedSent,
    Signed,
    StageReached,
    read,
)
from creditzone.kernel.refusals import Refused

BUSY_PAUSE = timedelta(seconds=2)
MOST_PARTS = 1024


def _lease_until(now: datetime) -> datetime:
    return now + timedelta(seconds=settings.LEASE_SECONDS)


def _current(job_id: str, party: Organisation, *, attempt: int, fence: int) -> tuple[Job, Lease]:
    """The job, locked, and the party's live lease under this fence; raises Refused(superseded) for anything else."""
    job = Job.objects.select_for_update(of=("self",)).select_related("recipient").filter(pk=UUID(job_id)).first()
    if job is None or job.state not in Job.OUT or (job.attempt, job.fence) != (attempt, fence):
        raise Refused("superseded")
    lease = Lease.objects.filter(job=job, attempt__fence=fence, node=party, released_at=None).first()
    if lease is None:
        raise Refused("superseded")
    lease.node = party
    return job, lease


def accept(*, job_id: str, party: Organisation, attempt: int, fence: int) -> Job:
    """A node took its order and reserved a use; when all have, the job starts. Saying it again changes nothing."""
    job, lease = _current(job_id, party, attempt=attempt, fence=fence)
    if lease.state != Lease.State.OFFERED:
        return job
    now = clock.now()
    lease.state, lease.until = Lease.State.ACCEPTED, now + timedelta(seconds=settings.ACCEPT_SECONDS)
    lease.save(update_fields=["state", "until"])
    leases = list(Lease.objects.select_related("node").filter(attempt_id=lease.attempt_id, released_at=None))
    if all(one.state == Lease.State.ACCEPTED for one in leases):
        _start(job, leases, now)
    return job


def _start(job: Job, leases: list[Lease], now: datetime) -> None:
    ids = [lease.pk for lease in leases]
    Lease.objects.filter(pk__in=ids).update(state=Lease.State.RUNNING, until=_lease_until(now))
    Attempt.objects.filter(job=job, fence=job.fence).update(started_at=now)
    job.move(to=Job.State.RUNNING, started_at=job.started_at or now)
    started = OrderStarted(number=UNNUMBERED, job=str(job.id), attempt=job.attempt, fence=job.fence)
    for lease in leases:
        tell(lease.node, started, sender=job.owner)
    log(None, "job.start", job, attempt=job.attempt)


def refuse(*, job_id: str, party: Organisation, attempt: int, fence: int, refusal: RefusalNote) -> Job:
    """A node refused its order: the job ends with its clause, and no other party waits or spends a use."""
    job, _ = _current(job_id, party, attempt=attempt, fence=fence)
    end = Job.State.REFUSED if job.state == Job.State.OFFERED else Job.State.FAILED
    end_job(job, to=end, reason=refusal.clause, facts=dict(refusal.facts), at_party=party)
    return job


def put_back(*, job_id: str, party: Organisation, attempt: int, fence: int) -> Job:
    """A node has no free slot: nobody starts, and the job queues again in its old place after a moment."""
    job, _ = _current(job_id, party, attempt=attempt, fence=fence)
    if job.state != Job.State.OFFERED:
        raise Refused("superseded")
    now = clock.now()
    close_attempt(job, outcome="busy", stop=True, but=party)
    job.move(
        to=Job.State.QUEUED,
        reason="busy",
        facts={"party": party.uscc},
        at_party=party,
        passed_over_at=job.passed_over_at or now,
        not_before=now + BUSY_PAUSE,
    )
    log(None, "job.requeue", job, reason="busy", party=party.uscc)
    return job


def reach_stage(*, party: Organisation, reached: StageReached) -> StageRecord:
    """A stage began or ended at a node; said again, nothing changes."""
    job, lease = _current(reached.job, party, attempt=reached.attempt, fence=reached.fence)
    at = clock.from_ms(reached.at)
    record, _ = StageRecord.objects.get_or_create(
        attempt_id=lease.attempt_id, node=party, stage=reached.stage, defaults={"job": job, "started_at": at}
    )
    if reached.state == "finished" and record.finished_at is None:
        record.finished_at = max(at, record.started_at)
        record.figures = {figure.name: figure.value for figure in reached.figures}
        record.save(update_fields=["finished_at", "figures"])
        log(None, "job.stage", job, stage=reached.stage, party=party.uscc)
    return record


def fail(*, party: Organisation, failed: AttemptFailed) -> Job:
    """A node's part ended without a receipt.

    A lost link alone names nobody: the others are stopped, and whoever does not answer, or says more, is the cause."""
    job, lease = _current(failed.job, party, attempt=failed.attempt, fence=failed.fence)
    facts = {**dict(failed.facts), "stage": failed.stage}
    if failed.reason != "peer-lost":
        release(lease, state=Lease.State.LOST, reason=failed.reason, now=clock.now())
        lose_attempt(job, reason=failed.reason, facts=facts, at_party=party)
        return job
    release(lease, state=Lease.State.LOST, reason=failed.reason, now=clock.now())
    others = Lease.objects.select_related("node").filter(attempt_id=lease.attempt_id, released_at=None)
    stop_parties(job, others, reason=failed.reason)
    settle_if_closed(job)
    return job


def renew_leases(*, node: Organisation, running: tuple[str, ...], now: datetime) -> None:
    """A heartbeat: the node still works on these jobs. One that it no longer names is not renewed."""
    live = Lease.objects.filter(node=node, released_at=None)
    named = [UUID(job) for job in running]
    live.filter(Q(state=Lease.State.RUNNING, job_id__in=named)).update(until=_lease_until(now))


# Receipts ---------------------------------------------------------------------------------------------------


def record_receipt(*, party: Organisation, signed: Signed) -> Receipt:
    """Keep a node's receipt; with the last one the job is done, or disputed where they do not agree.

    Raises SignatureInvalid, DocumentError; Refused(order-mismatch) where it speaks of another order or request."""
    receipt = require_signed_by(signed, documents.Receipt, party)
    job, lease = _current(receipt.job, party, attempt=receipt.attempt, fence=receipt.fence)
    facts = {
        "party": receipt.party == party.uscc,
        "order": receipt.order == lease.order_digest,
        "request": receipt.request == job.digest,
        "state": lease.state == Lease.State.RUNNING,
    }
    wrong = [name for name, holds in facts.items() if not holds]
    if wrong:
        raise Refused("order-mismatch", what=", ".join(wrong))
    kept = Receipt(
        job=job,
        attempt_id=lease.attempt_id,
        node=party,
        digest=signed.digest,
        document=msgspec.to_builtins(signed),
    )
    kept.save(force_insert=True)
    release(lease, state=Lease.State.RECEIPTED, now=clock.now())
    log(None, "job.receipt", job, party=party.uscc, receipt=signed.digest)
    _conclude(job)
    return kept


def _conclude(job: Job) -> None:
    """With every party's receipt the job is over: done where they agree in all that they share, else disputed."""
    attempt = current_attempt(job)
    assert attempt is not None
    kept = list(Receipt.objects.filter(attempt=attempt))
    if len(kept) < job.parties_count:
        settle_if_closed(job)
        return
    receipts = [read(msgspec.convert(one.document, Signed), documents.Receipt) for one in kept]
    request = read(msgspec.convert(job.document, Signed), JobRequest)
    wrong = differences(receipts, heads=head_digests(request))
    now = clock.now()
    to, reason = (Job.State.DISPUTED, "receipts-differ") if wrong else (Job.State.DONE, "")
    Attempt.objects.filter(pk=attempt.pk).update(ended_at=now, outcome=to)
    facts = {"what": ", ".join(wrong)} if wrong else {}
    job.move(to=to, reason=reason, facts=facts, at_party=None, ended_at=now)
    if wrong:
        tell_ended(job)
    else:
        note_duties(job, request)
    log(None, f"job.{to}", job, agreement=sorted({one.agreement for one in receipts}), **facts)


def pass_on_sealed(*, party: Organisation, sealed: SealedSent) -> None:
    """Hand a sealed message on to the recipient's node, unread. Only a party of the running attempt sends any, and
    only to the recipient. Raises Refused."""
    job = Job.objects.select_related("recipient").filter(pk=UUID(sealed.job)).first()
    if job is None or job.state != Job.State.RUNNING or job.attempt != sealed.attempt:
        raise Refused("superseded")
    if not Lease.objects.filter(job=job, attempt__fence=job.fence, node=party, released_at=None).exists():
        raise Refused("superseded")
    if sealed.sender != party.uscc or sealed.to != job.recipient.uscc:
        raise Refused("wrong-party")
    if not sealed.part < sealed.parts <= MOST_PARTS:
        raise Refused("malformed", what="parts")
    tell(job.recipient, SealedDelivered(number=UNNUMBERED, message=sealed), sender=job.owner)
    log(None, "job.sealed", job, party=party.uscc, content=sealed.content, part=sealed.part)
