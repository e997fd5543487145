"""Ledger entries about jobs: one for each change of state, in its transaction."""

from uuid import UUID

from apps.compute.models import Job
from apps.ledger.services import append_entry
from apps.tenants.members import Member


def log(actor: Member | None, act: str, job: Job, **facts: object) -> None:
    """Write that `act` was done to the job; its parties may read it."""
    parties: list[UUID] = list(job.parties.values_list("org", flat=True))
    append_entry(
        actor=actor,
        act=act,
        subject_type="job",
        subject_id=job.id,
        facts={"request": job.digest, **facts},
        organisations=parties,
    )
