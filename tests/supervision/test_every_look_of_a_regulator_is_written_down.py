"""Events, jobs and a job's trace: verified while they are read, and each look an entry that its parties can read."""

import json

import pytest

from apps.compute.models import Job
from apps.compute.services import admit_waiting
from apps.ledger.models import Entry
from creditzone.kernel.documents import GradesTaken, ResultOpened, TakenGrade, now_ms
from tests.road import Road
from tests.zone import code


@pytest.fixture
def done(road: Road) -> Job:
    """A job of bank and centre that is done, opened, and one grade of it taken into the file."""
    job = road.queued(road.ready("centre"), title="Week 47")
    admit_waiting()
    road.start("bank", "centre")
    road.finish("centre")
    road.finish("bank")
    person = road.person("bank", "officer")
    road.nodes["bank"].tell(ResultOpened(job=str(job.id), person=person, at=now_ms()))
    grade = TakenGrade(subject=code(77), grade="B")
    taken = GradesTaken(job=str(job.id), model=job.model, grades=(grade,), person=person, at=now_ms())
    road.nodes["bank"].tell(taken)
    return road.job(job)


def looks(road: Road) -> list[tuple[str, str]]:
    auditor = road.zone.member("regulator", "auditor")
    with road.zone.tx(auditor):
        found = Entry.objects.filter(act__startswith="supervision.").order_by("id")
        return [(one.act, one.subject_id) for one in found]


def text(road: Road, path: str, status: int = 200) -> str:
    answer = road.zone.client("regulator", "auditor").get(path)
    assert answer.status_code == status
    return answer.content.decode()


def test_a_trace_goes_from_sealed_input_to_use_and_says_what_holds_and_what_it_does_not_prove(road: Road, done: Job):
    body = text(road, f"/supervision/jobs/{done.id}/")
    for step in ("Request", "Sealed input", "Order", "Encrypted computing", "Sealed result", "Use of the result"):
        assert step in body
    assert body.count("evidence: holds") + body.count("evidence: does not hold") >= 7
    assert "consistent" in body
    assert "opened 1 times, 1 grades taken into files" in body
    for key in ("request", "input-balance_sheet", "order", "result", "use"):
        shown = text(road, f"/supervision/jobs/{done.id}/?step={key}")
        assert "Proves:" in shown
        assert "Does not prove:" in shown


def test_a_receipt_altered_in_the_database_no_longer_holds(road: Road, done: Job, django_db_setup):
    before = text(road, f"/supervision/jobs/{done.id}/")
    assert "2 signatures hold now" in before
    django_db_setup.connection.execute(
        "update compute_receipt set document = jsonb_set(document, '{signatures,0,value}', to_jsonb(repeat('0', 128)))"
        " where id = (select min(id::text)::uuid from compute_receipt)"
    )
    after = text(road, f"/supervision/jobs/{done.id}/")
    assert "1 signatures hold now" in after
    assert "evidence: does not hold" in after


def test_each_look_is_an_entry_that_the_parties_can_read(road: Road, done: Job):
    text(road, "/supervision/events/?group=job")
    text(road, "/supervision/jobs/")
    text(road, f"/supervision/jobs/{done.id}/")
    text(road, f"/supervision/jobs/{done.id}/evidence.json")
    assert [act for act, _subject in looks(road)] == [
        "supervision.events", "supervision.jobs", "supervision.job", "supervision.evidence",
    ]  # fmt: skip
    owner = road.zone.member("centre", "owner")
    with road.zone.tx(owner):
        seen = set(Entry.objects.filter(subject_id=str(done.id), act__startswith="supervision.").values_list("act"))
    assert seen == {("supervision.job",), ("supervision.evidence",)}


def test_a_list_taken_as_a_file_is_a_look_that_says_so(road: Road, done: Job):
    events = text(road, "/supervision/events/?group=job&export=csv")
    assert "job.done" in events
    assert "result.open" not in events
    assert done.digest in text(road, "/supervision/jobs/?export=csv")
    with road.zone.tx(road.zone.member("regulator", "auditor")):
        found = Entry.objects.filter(act__startswith="supervision.").order_by("id")
        assert [(one.act, one.facts.get("file")) for one in found] == [
            ("supervision.events", "csv"), ("supervision.jobs", "csv"),
        ]  # fmt: skip
    assert "Taken as a file" in text(road, "/supervision/events/?lookups=yes")


def test_events_are_narrowed_by_act_organisation_and_day(road: Road, done: Job):
    body = text(road, "/supervision/events/?group=result")
    assert "result.open" in body
    assert "job.done" not in body
    firm = road.zone["firm"].id
    assert "job.done" not in text(road, f"/supervision/events/?group=job&organisation={firm}")
    assert "job.done" in text(road, f"/supervision/events/?group=job&organisation={road.zone['centre'].id}")
    assert "No event fits" in text(road, "/supervision/events/?group=job&until=2020-01-01")
    assert "job.done" in text(road, "/supervision/events/?group=job&since=2020-01-01")
    assert "supervision.events" not in text(road, "/supervision/events/")
    assert "supervision.events" in text(road, "/supervision/events/?lookups=yes")


@pytest.mark.parametrize("query", ["?organisation=x", "?since=x&until=%00", "?act=%00", "?group=x", "?after=x"])
def test_events_survive_any_address(road: Road, query: str):
    text(road, f"/supervision/events/{query}")


def test_evidence_is_what_was_signed_byte_for_byte(road: Road, done: Job):
    evidence = json.loads(text(road, f"/supervision/jobs/{done.id}/evidence.json"))
    assert evidence["request"]["text"] == done.document["text"]
    assert len(evidence["receipts"]) == len(evidence["capsules"]) == 2
    assert {"job.draft", "job.done", "result.open"} <= {one["act"] for one in evidence["ledger"]}


@pytest.mark.parametrize("place", ["bank", "centre", "firm", "operator"])
@pytest.mark.parametrize("path", ["events/", "jobs/", "jobs/{}/", "jobs/{}/evidence.json"])
def test_nobody_else_supervises(road: Road, done: Job, place: str, path: str):
    assert road.zone.client(place, "owner").get(f"/supervision/{path.format(done.id)}").status_code == 403
    assert looks(road) == []


def test_a_regulators_viewer_sees_jobs_but_not_the_ledger(road: Road, done: Job):
    client = road.zone.client("regulator", "viewer")
    assert client.get("/supervision/jobs/").status_code == 200
    assert client.get("/supervision/events/").status_code == 403
