"""What a provider's policy obliges to stands from the moment a job is done, before the provider, the recipient and the
regulator, and is met by the recipient's node's certificate alone."""

from datetime import timedelta

import msgspec
import pytest

from apps.compute.models import Duty, Job
from apps.compute.services import admit_waiting
from apps.core import clock
from apps.core.tenancy import tenant_tx
from apps.exchange.models import StatementRecord
from creditzone.kernel.documents import (
    DocumentCompleted,
    Policy,
    ResultDeleted,
    ResultDeletion,
    new_id,
    now_ms,
    parse_any,
    signed,
)
from creditzone.kernel.policy.constraints.duties import Duties
from tests.road import Road


@pytest.fixture
def job(road: Road) -> Job:
    """A job that is done, under a policy of the centre's that wants notices and deletion after a week."""
    rule = road.rule("bank", more=(Duties(notify=True, delete_after_days=7),))
    own, theirs = road.sealed("bank"), road.sealed("centre", rules=[rule])
    road.agreed(theirs, "centre")
    queued = road.queued([own, theirs])
    admit_waiting()
    road.start("bank", "centre")
    for name in ("bank", "centre"):
        road.finish(name)
    return road.job(queued)


def duties() -> dict[str, str]:
    with tenant_tx(None, role="exchange"):
        return {duty.kind: duty.state for duty in Duty.objects.all()}


def certificate(road: Road, done: Job, **changes: object) -> ResultDeleted:
    bank = road.nodes["bank"]
    deletion = ResultDeletion(
        zone=road.digest,
        id=new_id(),
        by=bank.uscc,
        recipient=bank.uscc,
        job=str(done.id),
        request=done.digest,
        result=None,
        received_at=now_ms(),
        due_at=now_ms(),
        was_opened=True,
        grades_taken=0,
        dataset_made=False,
        deleted_at=now_ms(),
    )
    changed = msgspec.structs.replace(deletion, **changes)
    return ResultDeleted(deletion=signed(changed, bank.key, by=bank.uscc))


def test_the_recipients_node_gets_the_policies_under_which_it_owes(road: Road, job: Job):
    road.heartbeats("bank")
    came = [parse_any(one.document.text.encode()) for one in road.nodes["bank"].messages(DocumentCompleted)]
    assert [one.provider for one in came if isinstance(one, Policy)] == [road.zone["centre"].uscc]


def test_a_notice_is_given_and_a_deletion_pends_until_the_node_certifies_it(road: Road, job: Job):
    assert job.state == Job.State.DONE
    assert duties() == {"notify": "met", "delete": "pending"}
    road.nodes["bank"].tell(certificate(road, job))
    assert duties() == {"notify": "met", "delete": "met"}
    road.nodes["bank"].tell(certificate(road, job))
    assert duties() == {"notify": "met", "delete": "met"}


def test_a_term_that_passes_without_a_certificate_is_a_breach(road: Road, job: Job):
    with tenant_tx(None, role="exchange"):
        Duty.objects.filter(kind="delete").update(due_at=clock.now() - timedelta(hours=2))
    assert duties()["delete"] == "breached"


@pytest.mark.parametrize(
    "changes", [{"job": new_id()}, {"request": "sm3:" + "0" * 64}, {"recipient": "91420100XY90000282"}]
)
def test_a_certificate_of_something_else_meets_nothing(road: Road, job: Job, changes: dict[str, str]):
    road.nodes["bank"].tell(certificate(road, job, **changes))
    assert duties()["delete"] == "pending"


def test_another_node_certifies_nothing_for_it(road: Road, job: Job):
    road.nodes["centre"].tell(certificate(road, job))
    assert duties()["delete"] == "pending"
    with tenant_tx(None, role="exchange"):
        assert StatementRecord.objects.filter(kind="deleted").exclude(reason="").count() == 1


@pytest.mark.parametrize(("who", "role", "sees"), [
    ("centre", "steward", True), ("bank", "officer", True), ("other_bank", "owner", False),
])  # fmt: skip
def test_those_concerned_see_them_and_nobody_else(road: Road, job: Job, who: str, role: str, sees: bool):
    client = road.zone.client(who, role)
    listed = client.get("/api/v1/duties/").json()["results"]
    assert {one["kind"] for one in listed} == ({"notify", "delete"} if sees else set())
    assert ("deletion of the result" in client.get("/jobs/duties/").content.decode()) is sees
    if sees:
        assert "deletion of the result" in client.get(f"/jobs/{job.id}/").content.decode()


def test_the_regulator_sees_them_with_the_job(road: Road, job: Job):
    body = road.zone.client("regulator", "auditor").get(f"/supervision/jobs/{job.id}/").content.decode()
    assert "deletion of the result" in body
