"""What nobody's word brings about: leases that ran out, deadlines, requests that expired, slots of cancelled jobs.

Safe beside itself and safe twice: each job is handled by a transaction of its own that looks again."""

from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db.models import DateTimeField, DurationField, ExpressionWrapper, F, Value

from apps.compute.admission import admit_waiting
from apps.compute.endings import close_attempt, current_attempt, end_job, lose_attempt, release, settle_if_closed
from apps.compute.models import Attempt, Job, Lease
from apps.core import clock
from apps.core.tenancy import tenant_tx
from apps.exchange.selectors import last_seen

DEADLINE_GRACE = timedelta(seconds=30)
AT_ONCE = 200


def sweep() -> dict[str, int]:
    """Do all that is due now, then admit; how many jobs each part moved."""
    with tenant_tx(None, role="exchange"):
        now = clock.now()
        lost = _jobs_with_expired_leases(now)
        late = _jobs_past_deadline(now)
        expired = _expired_requests(now)
        ended = _ended_jobs_with_leases()
    return {
        "lost": sum(map(_lose, lost)),
        "late": sum(map(_stop_late, late)),
        "expired": sum(map(_expire, expired)),
        "released": sum(map(_release, ended)),
        "offered": admit_waiting(),
    }


def _jobs_with_expired_leases(now: datetime) -> list[UUID]:
    expired = Lease.objects.filter(released_at=None, until__lt=now, job__state__in=Job.OUT)
    return list(expired.order_by("job_id").values_list("job_id", flat=True).distinct()[:AT_ONCE])


def _jobs_past_deadline(now: datetime) -> list[UUID]:
    length = ExpressionWrapper(
        F("deadline_seconds") * Value(timedelta(seconds=1), output_field=DurationField()), output_field=DurationField()
    )
    due = ExpressionWrapper(F("started_at") + length, output_field=DateTimeField())
    running = Attempt.objects.filter(ended_at=None, job__state=Job.State.RUNNING).annotate(due=due)
    return list(running.filter(due__lt=now - DEADLINE_GRACE).values_list("job_id", flat=True)[:AT_ONCE])


def _expired_requests(now: datetime) -> list[UUID]:
    waiting = Job.objects.filter(state__in=[Job.State.DRAFTED, Job.State.QUEUED], expires_at__lte=now)
    return list(waiting.values_list("id", flat=True)[:AT_ONCE])


def _ended_jobs_with_leases() -> list[UUID]:
    ended = Lease.objects.filter(released_at=None, job__state__in=Job.FINAL)
    return list(ended.order_by("job_id").values_list("job_id", flat=True).distinct()[:AT_ONCE])


def _locked(job_id: UUID, states: frozenset[str]) -> Job | None:
    waiting = Job.objects.select_for_update(skip_locked=True, of=("self",))
    return waiting.filter(pk=job_id, state__in=states).first()


def _lose(job_id: UUID) -> bool:
    """End the attempt of a job whose parties fell silent, naming the one that did."""
    with tenant_tx(None, role="exchange"):
        job = _locked(job_id, Job.OUT)
        if job is None:
            return False
        now = clock.now()
        silent = list(
            Lease.objects.select_related("node").filter(job=job, released_at=None, until__lt=now).order_by("until")
        )
        if not silent:
            return False
        seen = last_seen([lease.node_id for lease in silent])
        for lease in silent:
            release(lease, state=Lease.State.LOST, reason=_reason(seen.get(lease.node_id), now), now=now)
        silent.sort(key=lambda lease: lease.reason != "node-lost")
        attempt = current_attempt(job)
        if attempt is not None and Lease.objects.filter(attempt=attempt, reason="peer-lost").exists():
            settle_if_closed(job)
        else:
            lose_attempt(job, reason=silent[0].reason, facts={}, at_party=silent[0].node)
        return True


def _reason(seen: datetime | None, now: datetime) -> str:
    """`node-lost` where the node itself is silent; `lease-lost` where it talks, but not of this job."""
    is_away = seen is None or now - seen > timedelta(seconds=settings.LEASE_SECONDS)
    return "node-lost" if is_away else "lease-lost"


def _stop_late(job_id: UUID) -> bool:
    with tenant_tx(None, role="exchange"):
        job = _locked(job_id, frozenset({Job.State.RUNNING}))
        if job is None:
            return False
        lose_attempt(job, reason="deadline", facts={}, at_party=None)
        return True


def _expire(job_id: UUID) -> bool:
    with tenant_tx(None, role="exchange"):
        job = _locked(job_id, frozenset({Job.State.DRAFTED, Job.State.QUEUED}))
        if job is None or job.expires_at > clock.now():
            return False
        end_job(job, to=Job.State.EXPIRED, reason="request-expired")
        return True


def _release(job_id: UUID) -> bool:
    """Give back the slots of a job that was cancelled while it was out."""
    with tenant_tx(None, role="exchange"):
        job = _locked(job_id, Job.FINAL)
        if job is None:
            return False
        close_attempt(job, outcome=job.reason or job.state, stop=False)
        return True
