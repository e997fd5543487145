"""What jobs have to say on a home: what is on its way now, and what was stopped lately with what it teaches."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from apps.compute import listing, selectors, wording
from apps.compute.models import Job
from apps.core import clock
from apps.core.http import TenantRequest
from apps.tenants.members import Member
from apps.tenants.roles import Kind
from apps.ui.panels import register_panel

LATELY = timedelta(days=7)
SHOWN = 4
ASKING, PROVIDING = (Kind.BANK, Kind.SME), (Kind.CODE_CENTRE, Kind.PLATFORM)


def moving(request: TenantRequest) -> Mapping[str, Any] | None:
    """Jobs that are queued or running, with the stage they are at and what is left as an estimate."""
    now = clock.now()
    jobs = _newest(request.actor, "moving")
    rows = [(job, wording.progress(job, selectors.stages(job), now=now)) for job in jobs]
    return {"rows": rows} if rows else None


def stopped(request: TenantRequest) -> Mapping[str, Any] | None:
    """Own jobs that were refused, disputed or failed within a week: the clause, the remedy, and a link that does it."""
    since = clock.now() - LATELY
    found = [job for job in _newest(request.actor, "stopped") if job.ended_at and job.ended_at > since]
    rows = [
        (job, wording.lesson(reason, request.actor, job=job)) for job in found if (reason := selectors.reason_of(job))
    ]
    return {"rows": rows} if rows else None


def _newest(actor: Member, state: str) -> list[Job]:
    rows = listing.jobs(actor, state=state).order_by(listing.sort_of(actor))[:SHOWN]
    return [row.subject for row in rows]


def register_all() -> None:
    """Put the panels onto the homes of who asks and who provides, once a process."""
    for kind in (*ASKING, *PROVIDING):
        register_panel(kind, 25, moving, "compute/panels/moving.html", width="full")  # type: ignore[arg-type]
    for kind in ASKING:
        register_panel(kind, 35, stopped, "compute/panels/stopped.html", width="full")  # type: ignore[arg-type]
