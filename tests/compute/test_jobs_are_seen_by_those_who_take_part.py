"""Row-level security, not a filter: everything about a job shows to its parties alone, and to a regulator."""

from uuid import UUID

import pytest
from django.db import DatabaseError, transaction

from apps.compute.models import Attempt, Job, JobParty, Lease, Receipt, StageRecord
from apps.compute.selectors import Act, get_for, jobs_of
from apps.compute.services import admit_waiting
from apps.core.errors import NotFound
from apps.core.tenancy import tenant_tx
from apps.exchange.models import Draft, NodeLine, NodeMessage, StatementRecord
from creditzone.kernel.documents import StageReached, now_ms
from tests.road import Road

TABLES = (Job, JobParty, Attempt, Lease, StageRecord, Receipt)


@pytest.fixture
def job(road: Road) -> Job:
    """A running job of bank and centre with a stage and a receipt."""
    job = road.queued(road.ready("centre"))
    admit_waiting()
    road.start("bank", "centre")
    order = road.nodes["centre"].orders()[-1]
    road.nodes["centre"].tell(
        StageReached(
            job=order.job, attempt=1, fence=order.fence, stage="open", state="started", figures=(), at=now_ms()
        )
    )
    road.finish("centre")
    return job


def counts(road: Road, name: str, role: str = "owner") -> list[int]:
    with road.zone.tx(road.zone.member(name, role)):
        return [table.objects.count() for table in TABLES]


def test_parties_see_the_job_and_strangers_nothing_at_all(road: Road, job: Job):
    assert counts(road, "bank") == [1, 2, 1, 2, 1, 1]
    assert counts(road, "centre") == [1, 1, 1, 2, 1, 1]
    assert counts(road, "platform") == counts(road, "other_bank") == [0] * 6
    assert counts(road, "regulator") == [1, 2, 1, 2, 1, 1]


def test_a_request_without_a_tenant_sees_nothing(road: Road, job: Job):
    with tenant_tx(None):
        assert [table.objects.count() for table in TABLES] == [0] * 6


def test_the_door_answers_alike_for_what_is_absent_and_what_is_not_yours(road: Road, job: Job):
    stranger = road.zone.stranger
    words = set()
    with road.zone.tx(stranger):
        for pk in (job.id, UUID(int=7)):
            with pytest.raises(NotFound) as raised:
                get_for(stranger, pk, to=Act.READ)
            words.add(str(raised.value))
    assert len(words) == 1


def test_lists_begin_at_the_party_table_and_page_by_key(road: Road, job: Job):
    with tenant_tx(None, role="exchange"):
        first = Job.objects.get()
    second = road.drafted(road.ready("centre"))
    officer = road.zone.member("bank", "officer")
    with road.zone.tx(officer):
        assert [one.id for one in jobs_of(officer)] == [second.id, first.id]
        assert [one.id for one in jobs_of(officer, before=second.id)] == [first.id]
        assert [one.id for one in jobs_of(officer, state="running")] == [first.id]
    regulator = road.zone.member("regulator", "auditor")
    with road.zone.tx(regulator):
        assert len(jobs_of(regulator)) == 2
    with road.zone.tx(road.zone.stranger):
        assert jobs_of(road.zone.stranger) == []


def refused(statement: str) -> bool:
    """Whether the database itself refuses the statement to the role of the open transaction."""
    from django.db import connection

    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.rowcount == 0
    except DatabaseError:
        return True


@pytest.mark.parametrize(
    "statement",
    [
        "update compute_job set state = 'done'",
        "delete from compute_job",
        "update compute_lease set released_at = now()",
        "delete from compute_receipt",
        "update compute_receipt set digest = 'x'",
        "insert into compute_jobparty (id, org, subject, owner, domain) select gen_random_uuid(),"
        " current_setting('app.tenant')::uuid, id, owner, '' from compute_job",
        "truncate compute_job",
    ],
)
def test_a_provider_cannot_touch_the_bank_s_job(road: Road, job: Job, statement: str):
    with road.zone.tx(road.zone.member("centre", "owner")):
        assert refused(statement)
    assert road.job(job).state == Job.State.RUNNING


def test_nobody_invites_himself_to_a_stranger_s_job(road: Road, job: Job):
    stranger = road.zone.stranger
    for owner in (stranger.organisation_id, job.owner):
        with road.zone.tx(stranger):
            assert refused(
                "insert into compute_jobparty (id, org, subject, owner, domain) values (gen_random_uuid(),"
                f" '{stranger.organisation_id}', '{job.id}', '{owner}', '')"
            )


def test_tenants_read_no_messages_or_lines_and_only_drafts_and_statements_of_their_own(road: Road, job: Job):
    for name in ("bank", "other_bank"):
        with road.zone.tx(road.zone.member(name, "owner")):
            for table in (NodeMessage, NodeLine):
                assert refused(f"select 1 from {table._meta.db_table}")
    with road.zone.tx(road.zone.stranger):
        assert (Draft.objects.count(), StatementRecord.objects.count()) == (0, 0)
    with road.zone.tx(road.zone.member("centre", "owner")):
        mine = set(StatementRecord.objects.values_list("organisation__uscc", flat=True))
        assert mine == {road.zone["centre"].uscc}
