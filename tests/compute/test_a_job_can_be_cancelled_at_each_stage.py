"""Cancelling: by the recipient's people, at whatever stage, once; slots come back and nothing goes on."""

from collections.abc import Callable

import pytest

from apps.compute.models import Job, Lease
from apps.compute.services import admit_waiting, cancel_job, sweep
from apps.core.errors import Forbidden, IllegalMove, NotFound
from apps.core.tenancy import tenant_tx
from apps.ledger.models import Entry
from creditzone.kernel.documents import JobRequest
from tests.road import Road


def drafted(road: Road) -> Job:
    return road.drafted(road.ready("centre"))


def queued(road: Road) -> Job:
    return road.queued(road.ready("centre"))


def offered(road: Road) -> Job:
    job = queued(road)
    admit_waiting()
    return job


def half_accepted(road: Road) -> Job:
    job = offered(road)
    road.accept("centre")
    return job


def running(road: Road) -> Job:
    job = offered(road)
    road.start("bank", "centre")
    return job


def half_receipted(road: Road) -> Job:
    job = running(road)
    road.finish("centre")
    return job


def cancel(road: Road, job: Job, *, by: tuple[str, str] = ("bank", "officer")) -> None:
    actor = road.zone.member(*by)
    with road.zone.tx(actor):
        cancel_job(actor=actor, job_id=job.id, reason="名单有误")


def live_slots() -> int:
    with tenant_tx(None, role="exchange"):
        return Lease.objects.filter(released_at=None).count()


def cancelled_entries(job: Job) -> int:
    with tenant_tx(None, role="regulator"):
        return Entry.objects.filter(subject_id=str(job.id), act="job.cancel").count()


@pytest.mark.parametrize(
    ("stage", "told"),
    [
        (drafted, set()),
        (queued, set()),
        (offered, {"bank", "centre"}),
        (half_accepted, {"bank", "centre"}),
        (running, {"bank", "centre"}),
        (half_receipted, {"bank"}),
    ],
)
def test_a_cancelled_job_is_over_and_gives_its_slots_back(road: Road, stage: Callable[[Road], Job], told: set[str]):
    job = stage(road)
    cancel(road, job)
    assert road.job(job).state == Job.State.CANCELLED
    sweep()
    assert (live_slots(), admit_waiting(), road.job(job).state) == (0, 0, Job.State.CANCELLED)
    road.heartbeats()
    assert {name for name, node in road.nodes.items() if node.stopped} == told
    assert cancelled_entries(job) == 1
    with pytest.raises(IllegalMove):
        cancel(road, job)
    assert cancelled_entries(job) == 1


def test_what_nodes_say_after_a_cancellation_changes_nothing(road: Road):
    job = running(road)
    cancel(road, job)
    road.finish("centre")
    road.finish("bank")
    assert road.job(job).state == Job.State.CANCELLED


def test_a_signature_that_comes_after_the_cancellation_is_too_late(road: Road):
    job = drafted(road)
    cancel(road, job)
    road.nodes["bank"].sign_draft(JobRequest, road.person("bank", "officer"))
    assert road.job(job).state == Job.State.CANCELLED


@pytest.mark.parametrize(
    ("by", "error"),
    [
        (("bank", "viewer"), Forbidden),
        (("bank", "auditor"), Forbidden),
        (("centre", "owner"), Forbidden),
        (("other_bank", "owner"), NotFound),
    ],
)
def test_nobody_else_cancels_and_nothing_moves(road: Road, by: tuple[str, str], error: type[Exception]):
    job = queued(road)
    with pytest.raises(error):
        cancel(road, job, by=by)
    assert (road.job(job).state, cancelled_entries(job)) == (Job.State.QUEUED, 0)
