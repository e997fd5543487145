"""Leases, fences and the sweeper: whatever a node does or fails to do, the job ends once and names who broke it."""

from datetime import timedelta

import pytest

from apps.compute.models import Attempt, Job, Lease, Receipt, StageRecord
from apps.compute.services import admit_waiting, sweep
from apps.core import clock
from apps.core.tenancy import tenant_tx
from apps.exchange.models import NodeLine, StatementRecord
from apps.ledger.models import Entry
from creditzone.kernel.documents import (
    AttemptFailed,
    JobRequest,
    RefusalNote,
    StageReached,
    now_ms,
)
from tests.fake_node import accepted, refused
from tests.road import Road

PAST = timedelta(minutes=5)


@pytest.fixture
def running(road: Road) -> Job:
    """A job of bank and centre that both have accepted."""
    job = road.queued(road.ready("centre"))
    admit_waiting()
    road.start("bank", "centre")
    road.heartbeats("bank", "centre")
    return road.job(job)


def let_lease_run_out(road: Road, name: str, *, silent: bool = True) -> None:
    """As if the node had said nothing of its job (`silent`: nothing at all) for longer than a lease."""
    with tenant_tx(None, role="exchange"):
        Lease.objects.filter(node=road.zone[name], released_at=None).update(until=clock.now() - PAST)
        if silent:
            NodeLine.objects.filter(node=road.zone[name]).update(seen_at=clock.now() - PAST)


def failed(road: Road, name: str, reason: str) -> AttemptFailed:
    order = road.nodes[name].orders()[-1]
    return AttemptFailed(
        job=order.job,
        attempt=order.attempt,
        fence=order.fence,
        stage="grade",
        reason=reason,
        facts=(),
        use_spent=True,
    )


def last_outcome(road: Road, name: str) -> tuple[str, str]:
    with tenant_tx(None, role="exchange"):
        record = StatementRecord.objects.filter(node=road.zone[name]).order_by("-number")[0]
        return record.outcome, record.reason


def acts(job: Job) -> list[str]:
    with tenant_tx(None, role="regulator"):
        return list(Entry.objects.filter(subject_id=str(job.id)).order_by("id").values_list("act", flat=True))


def test_heartbeats_keep_a_lease_and_only_of_jobs_they_name(road: Road, running: Job):
    let_lease_run_out(road, "centre", silent=False)
    road.heartbeats("centre")
    assert sweep()["lost"] == 0
    let_lease_run_out(road, "centre", silent=False)
    road.nodes["centre"].running = []
    road.heartbeats("centre")
    assert sweep()["lost"] == 1


def test_a_silent_node_costs_an_attempt_and_the_second_ends_the_job_with_its_name(road: Road, running: Job):
    let_lease_run_out(road, "centre")
    assert sweep() == {"lost": 1, "late": 0, "expired": 0, "released": 0, "offered": 1}
    second = road.job(running)
    assert (second.state, second.attempt) == (Job.State.OFFERED, 2)
    assert second.fence > running.fence
    road.heartbeats("bank")
    assert [(stop.fence, stop.reason) for stop in road.nodes["bank"].stopped] == [(running.fence, "node-lost")]
    road.accept("bank")
    let_lease_run_out(road, "centre")
    sweep()
    ended = road.job(running)
    assert (ended.state, ended.reason, ended.at_party) == (Job.State.FAILED, "node-lost", road.zone["centre"])
    assert acts(running).count("job.failed") == 1
    assert sweep() == {"lost": 0, "late": 0, "expired": 0, "released": 0, "offered": 0}
    assert road.job(running).state == Job.State.FAILED


def test_the_second_attempt_can_end_well(road: Road, running: Job):
    road.nodes["centre"].running = []
    road.nodes["centre"].tell(failed(road, "centre", "node-restarted"))
    assert road.job(running).attempt == 2
    admit_waiting()
    road.start("bank", "centre")
    road.finish("bank")
    road.finish("centre")
    assert road.job(running).state == Job.State.DONE


def test_what_an_earlier_attempt_still_says_changes_nothing(road: Road, running: Job):
    """A node that hung and came back speaks under the old fence."""
    zombie = road.receipt("centre")
    old = road.nodes["centre"].orders()[-1]
    let_lease_run_out(road, "centre")
    sweep()
    centre = road.nodes["centre"]
    for body in (
        zombie,
        failed(road, "centre", "engine-failed"),
        accepted(old),
        StageReached(job=old.job, attempt=1, fence=old.fence, stage="grade", state="started", figures=(), at=now_ms()),
        refused(old, RefusalNote(clause="capsule-frozen", facts=())),
    ):
        centre.tell(body)
        assert last_outcome(road, "centre") == ("rejected", "superseded")
    assert road.job(running).state == Job.State.OFFERED
    with tenant_tx(None, role="exchange"):
        assert Receipt.objects.count() == StageRecord.objects.count() == 0


def test_a_lost_link_waits_for_the_word_of_who_broke_it(road: Road, running: Job):
    road.nodes["bank"].running = []
    road.nodes["bank"].tell(failed(road, "bank", "peer-lost"))
    assert road.job(running).state == Job.State.RUNNING
    let_lease_run_out(road, "centre")
    sweep()
    assert road.job(running).attempt == 2
    with tenant_tx(None, role="exchange"):
        assert Attempt.objects.get(job=running, number=1).outcome == "node-lost"


def test_a_lost_link_that_both_report_is_tried_once_more(road: Road, running: Job):
    for name in ("bank", "centre"):
        road.nodes[name].tell(failed(road, name, "peer-lost"))
    assert (road.job(running).state, road.job(running).attempt) == (Job.State.QUEUED, 2)


def test_a_failure_that_no_repetition_mends_ends_the_job(road: Road, running: Job):
    road.nodes["centre"].tell(failed(road, "centre", "set-duplicates"))
    ended = road.job(running)
    assert (ended.state, ended.reason, ended.at_party) == (Job.State.FAILED, "set-duplicates", road.zone["centre"])
    road.heartbeats("bank")
    assert [stop.reason for stop in road.nodes["bank"].stopped] == ["set-duplicates"]


def test_a_third_attempt_is_never_made(road: Road, running: Job):
    for _ in range(2):
        road.nodes["centre"].tell(failed(road, "centre", "engine-failed"))
        road.heartbeats("bank")
        if admit_waiting():
            road.start("bank", "centre")
    assert road.job(running).state == Job.State.FAILED
    assert admit_waiting() == 0


def test_a_refusal_ends_the_job_with_its_clause_and_stops_the_others(road: Road):
    job = road.queued(road.ready("centre"))
    admit_waiting()
    road.accept("bank")
    centre = road.nodes["centre"]
    centre.call()
    order = centre.orders()[-1]
    note = RefusalNote(clause="uses", facts=(("used", "10"), ("uses", "10")))
    centre.tell(refused(order, note))
    ended = road.job(job)
    assert (ended.state, ended.reason, ended.at_party) == (Job.State.REFUSED, "uses", road.zone["centre"])
    assert ended.facts == {"used": "10", "uses": "10"}
    road.heartbeats("bank")
    assert len(road.nodes["bank"].stopped) == 1
    assert road.nodes["bank"].started == []


def test_a_node_that_never_accepts_is_named(road: Road):
    job = road.queued(road.ready("centre"))
    admit_waiting()
    for _ in range(2):
        road.accept("bank")
        let_lease_run_out(road, "centre")
        sweep()
    ended = road.job(job)
    assert (ended.state, ended.reason, ended.at_party) == (Job.State.FAILED, "node-lost", road.zone["centre"])


def test_an_attempt_past_its_deadline_is_stopped(road: Road, running: Job):
    with tenant_tx(None, role="exchange"):
        Attempt.objects.update(started_at=clock.now() - timedelta(hours=1))
    assert sweep()["late"] == 1
    assert (road.job(running).state, road.job(running).reason) == (Job.State.FAILED, "deadline")


def test_a_request_past_its_time_expires_signed_or_not(road: Road):
    capsules = road.ready("centre")
    drafted, queued = road.drafted(capsules), road.drafted(capsules)
    road.nodes["bank"].sign_draft(JobRequest, road.person("bank", "officer"))
    with tenant_tx(None, role="exchange"):
        Job.objects.update(expires_at=clock.now() - timedelta(seconds=1))
    assert sweep()["expired"] == 2
    assert {road.job(one).state for one in (drafted, queued)} == {Job.State.EXPIRED}


def test_receipts_that_do_not_agree_make_the_job_disputed(road: Road, running: Job):
    road.finish("bank", agreement="one")
    road.finish("centre", agreement="another")
    ended = road.job(running)
    assert (ended.state, ended.reason) == (Job.State.DISPUTED, "receipts-differ")
    with tenant_tx(None, role="exchange"):
        assert Lease.objects.filter(released_at=None).count() == 0


@pytest.mark.parametrize("spoiled", [{"order": "sm3:" + "1" * 64}, {"request": "sm3:" + "1" * 64}])
def test_a_receipt_for_another_order_or_request_is_rejected(road: Road, running: Job, spoiled: dict):
    road.nodes["centre"].tell(road.receipt("centre", **spoiled))
    assert last_outcome(road, "centre") == ("rejected", "order-mismatch")
    assert road.job(running).state == Job.State.RUNNING


def test_a_receipt_that_another_party_signed_is_rejected(road: Road, running: Job):
    road.nodes["centre"].tell(road.receipt("bank"))
    assert last_outcome(road, "centre") == ("rejected", "signature")


def test_a_stranger_to_the_job_cannot_speak_of_it(road: Road, running: Job):
    order = road.nodes["centre"].orders()[-1]
    road.nodes["other_bank"].tell(accepted(order))
    assert last_outcome(road, "other_bank") == ("rejected", "superseded")
