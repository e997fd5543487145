"""What the homes read beyond a single app's own questions. Lists begin at the party tables, as everywhere."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Q, Sum
from django.utils.translation import get_language

from apps.capsules import selectors as capsules
from apps.capsules.wording import named
from apps.compute import selectors as compute
from apps.compute.models import Job, JobParty
from apps.contracts import selectors as contracts
from apps.contracts.models import Contract
from apps.core import clock
from apps.datasets.models import Dataset
from apps.exchange import selectors as exchange
from apps.scoring.wording import PortalNames
from apps.tenants.members import Member
from apps.tenants.roles import Kind
from creditzone.kernel.policy.purposes import say_purpose
from creditzone.kernel.refusals import Language

NEAR_ITS_END = timedelta(days=14)
RECENT = timedelta(days=7)
STOPPED = frozenset({Job.State.REFUSED, Job.State.DISPUTED, Job.State.FAILED})


def language() -> Language:
    """The reader's language as the kernel names it."""
    return "zh" if (get_language() or "").startswith("zh") else "en"


@dataclass(frozen=True, kw_only=True)
class JobRow:
    """A job as a home lists it: whose it is, for what, and why it ended where it did not succeed."""

    job: Job
    purpose: str
    is_own: bool
    why: str


def jobs_of(actor: Member, *, limit: int = 6) -> list[JobRow]:
    """The newest jobs this organisation takes part in."""
    return [_job_row(job, actor) for job in compute.jobs_of(actor, limit=limit)]


def stopped_jobs(actor: Member, *, limit: int = 8) -> list[JobRow]:
    """The newest jobs that a rule refused, that parties dispute or that broke, as far as the reader may see them."""
    jobs = Job.objects.filter(state__in=STOPPED).select_related("recipient", "at_party").order_by("-id")
    return [_job_row(job, actor) for job in jobs[:limit]]


def _job_row(job: Job, actor: Member) -> JobRow:
    reason = compute.reason_of(job)
    return JobRow(
        job=job,
        purpose=say_purpose(job.purpose, language()),
        is_own=job.recipient_id == actor.organisation_id,
        why=named(reason, PortalNames(language())).sentence(language()) if reason else "",
    )


@dataclass(frozen=True, kw_only=True)
class JobCounts:
    """How many jobs stand where; `uses` are finished ones of the last seven days."""

    waiting: int
    running: int
    done: int
    stopped: int
    uses: int


def count_jobs(actor: Member) -> JobCounts:
    """The organisation's jobs by where they stand; a regulator's are everybody's."""
    jobs = Job.objects.all()
    if actor.kind != Kind.REGULATOR:
        jobs = Job.objects.filter(pk__in=JobParty.objects.filter(org=actor.organisation_id).values("subject_id"))
    since = clock.now() - RECENT
    return JobCounts(
        **jobs.aggregate(
            waiting=Count("pk", filter=Q(state=Job.State.DRAFTED)),
            running=Count("pk", filter=Q(state__in={Job.State.QUEUED, *Job.OUT})),
            done=Count("pk", filter=Q(state=Job.State.DONE)),
            stopped=Count("pk", filter=Q(state__in=STOPPED)),
            uses=Count("pk", filter=Q(state=Job.State.DONE, ended_at__gte=since)),
        )
    )


def has_finished_job(actor: Member) -> bool:
    """Whether a result was ever sealed to this organisation."""
    return Job.objects.filter(recipient_id=actor.organisation_id, state=Job.State.DONE).exists()


def has_sealed_capsule(actor: Member) -> bool:
    """Whether one of its capsules has been signed at least once."""
    return any(capsule.version > 0 for capsule in capsules.capsules_of(actor))


def count_of_nodes() -> int:
    """How many nodes have ever called."""
    return len(exchange.nodes())


@dataclass(frozen=True, kw_only=True)
class Holdings:
    """What a provider has brought in: counts as its node measured them. Ratio None while there is nothing."""

    datasets: int
    rows: int
    accepted: int
    quarantined: int
    recent: int

    @property
    def accepted_ratio(self) -> float | None:
        """Accepted rows among all that came in."""
        return self.accepted / self.rows if self.rows else None


def holdings_of(actor: Member) -> Holdings:
    """The organisation's datasets in figures."""
    own = Dataset.objects.filter(owner=actor.organisation_id)
    found = own.aggregate(
        datasets=Count("pk"),
        rows=Sum("rows", default=0),
        accepted=Sum("accepted", default=0),
        quarantined=Sum("quarantined", default=0),
        recent=Count("pk", filter=Q(measured_at__gte=clock.now() - timedelta(days=1))),
    )
    return Holdings(**found)


@dataclass(frozen=True, kw_only=True)
class ContractCounts:
    """Contracts by where they stand; `ending` are active ones that end within two weeks."""

    proposed: int
    active: int
    suspended: int
    ending: int


def count_contracts(actor: Member) -> ContractCounts:
    """The organisation's contracts by state."""
    mine = contracts.contracts_of(actor, limit=500)
    soon = clock.now() + NEAR_ITS_END
    states = [contract.state for contract in mine]
    return ContractCounts(
        proposed=states.count(Contract.State.PROPOSED),
        active=states.count(Contract.State.ACTIVE),
        suspended=states.count(Contract.State.SUSPENDED),
        ending=sum(is_ending(contract, soon) for contract in mine),
    )


def is_ending(contract: Contract, by: datetime) -> bool:
    """Whether an active contract ends by this moment."""
    return contract.state == Contract.State.ACTIVE and contract.not_after <= by
