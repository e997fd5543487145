"""How a job, an attempt or a lease ends: the fence is raised, slots are given back, and the others are told to stop.

Every function here expects the job's row to be locked by its caller."""

from collections.abc import Iterable
from datetime import datetime

from django.db import connection
from django.db.models import F

from apps.compute.log import log
from apps.compute.models import Attempt, Job, Lease
from apps.core import clock
from apps.exchange.services import UNNUMBERED, tell, withdraw_drafts
from apps.tenants.models import Organisation
from creditzone.kernel.documents import JobEnded, OrderStopped

ATTEMPTS = 2
RETRIED = frozenset({"peer-lost", "node-lost", "node-restarted", "lease-lost", "engine-failed", "consent-changed"})
"""Endings that a second attempt may mend: nothing was refused, something broke."""


def next_fence() -> int:
    """A number above every fence given before."""
    with connection.cursor() as cursor:
        cursor.execute("select nextval('compute_fence')")
        return int(cursor.fetchone()[0])


def current_attempt(job: Job) -> Attempt | None:
    """The attempt that is out with the nodes; None where none is."""
    return Attempt.objects.filter(job=job, ended_at=None).first()


def stop_parties(job: Job, leases: Iterable[Lease], *, reason: str) -> None:
    """Tell these parties to stop whatever runs of the job up to its fence."""
    message = OrderStopped(number=UNNUMBERED, job=str(job.id), fence=job.fence, reason=reason)
    for lease in leases:
        tell(lease.node, message, sender=job.owner)


def tell_ended(job: Job) -> None:
    """Tell the recipient's node that a job is over without a result that counts, so that it waits for none and opens
    none."""
    message = JobEnded(number=UNNUMBERED, job=str(job.id), reason=job.reason)
    tell(job.recipient, message, sender=job.owner)


def close_attempt(job: Job, *, outcome: str, stop: bool, but: Organisation | None = None) -> None:
    """End the job's attempt: every slot is given back; the parties that still hold one are told to stop, save `but`,
    who ended it."""
    attempt = current_attempt(job)
    if attempt is None:
        return
    now = clock.now()
    held = list(Lease.objects.select_related("node").filter(attempt=attempt, released_at=None))
    if stop:
        stop_parties(job, [lease for lease in held if but is None or lease.node_id != but.id], reason=outcome)
    Lease.objects.filter(attempt=attempt, released_at=None).update(
        state=Lease.State.LOST, reason=outcome, released_at=now
    )
    Attempt.objects.filter(pk=attempt.pk).update(ended_at=now, outcome=outcome)


def end_job(
    job: Job, *, to: str, reason: str, facts: dict[str, str] | None = None, at_party: Organisation | None = None
) -> None:
    """Take a job to a final state with its reason, whatever was out being stopped."""
    close_attempt(job, outcome=reason, stop=True, but=at_party)
    withdraw_drafts(job.digest)
    job.move(to=to, reason=reason, facts=facts or {}, at_party=at_party, ended_at=clock.now())
    tell_ended(job)
    log(None, f"job.{to}", job, reason=reason, party=at_party.uscc if at_party else "")


def lose_attempt(job: Job, *, reason: str, facts: dict[str, str], at_party: Organisation | None) -> None:
    """An attempt broke: raise the fence and queue the job once more, or end it where that was its last attempt."""
    close_attempt(job, outcome=reason, stop=True, but=at_party)
    facts = {"party": at_party.uscc, **facts} if at_party else facts
    if reason in RETRIED and job.attempt < ATTEMPTS:
        job.move(
            to=Job.State.QUEUED,
            attempt=job.attempt + 1,
            fence=next_fence(),
            reason=reason,
            facts=facts,
            at_party=at_party,
            passed_over_at=None,
        )
        log(None, "job.retry", job, reason=reason, party=at_party.uscc if at_party else "")
        return
    Job.objects.filter(pk=job.pk).update(fence=next_fence())
    job.move(to=Job.State.FAILED, reason=reason, facts=facts, at_party=at_party, ended_at=clock.now())
    tell_ended(job)
    log(None, "job.failed", job, reason=reason, party=at_party.uscc if at_party else "")


def settle_if_closed(job: Job) -> None:
    """Where the last party has ended and not all have signed a receipt, the attempt is lost; its cause is the first
    ending that is more than a lost link to somebody else."""
    attempt = current_attempt(job)
    if attempt is None or Lease.objects.filter(attempt=attempt, released_at=None).exists():
        return
    lost = Lease.objects.select_related("node").filter(attempt=attempt, state=Lease.State.LOST)
    ordered = sorted(lost.order_by(F("released_at").asc()), key=lambda lease: lease.reason == "peer-lost")
    if ordered:
        lose_attempt(job, reason=ordered[0].reason, facts={}, at_party=ordered[0].node)


def release(lease: Lease, *, state: str, reason: str = "", now: datetime) -> None:
    """Give one party's slot back."""
    lease.state, lease.reason, lease.released_at = state, reason, now
    lease.save(update_fields=["state", "reason", "released_at"])
