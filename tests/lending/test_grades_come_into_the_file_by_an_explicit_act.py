"""Taken grades and opened results: words of the recipient's own node about its own finished job."""

import pytest

from apps.compute.models import Job
from apps.compute.services import admit_waiting
from apps.core.errors import Forbidden
from apps.core.tenancy import tenant_tx
from apps.exchange.models import StatementRecord
from apps.ledger.models import Entry
from apps.lending.models import ResultOpening, TakenGrade
from apps.lending.selectors import openings_of, taken_grades_of
from creditzone.kernel.documents import GradesTaken, ResultOpened, now_ms
from creditzone.kernel.documents import TakenGrade as Taken
from tests.road import Road
from tests.zone import code

FIRM = code(4711)


@pytest.fixture
def done(road: Road) -> Job:
    job = road.queued(road.ready("centre"))
    admit_waiting()
    road.start("bank", "centre")
    road.finish("bank")
    road.finish("centre")
    return road.job(job)


def taken(road: Road, job: Job, *grades: tuple[str, str], model: str = "") -> GradesTaken:
    return GradesTaken(
        job=str(job.id),
        model=model or job.model,
        grades=tuple(Taken(subject=subject, grade=grade) for subject, grade in grades or ((FIRM, "B"),)),
        person=road.person("bank", "officer"),
        at=now_ms(),
    )


def last_reason(road: Road, name: str) -> str:
    with tenant_tx(None, role="exchange"):
        return StatementRecord.objects.filter(node=road.zone[name]).order_by("-number")[0].reason


def kept() -> list[tuple[str, str]]:
    with tenant_tx(None, role="exchange"):
        return list(TakenGrade.objects.values_list("subject_code", "grade"))


def test_a_taken_grade_stands_in_the_file_of_the_organisation_alone(road: Road, done: Job):
    road.nodes["bank"].tell(taken(road, done))
    officer = road.zone.member("bank", "officer")
    with road.zone.tx(officer):
        assert [one.grade for one in taken_grades_of(officer, subject_code=FIRM)] == ["B"]
    for name in ("centre", "other_bank", "regulator"):
        with road.zone.tx(road.zone.member(name, "owner")):
            if name == "regulator":
                continue  # no privilege on the table at all
            assert TakenGrade.objects.count() == 0
    with road.zone.tx(road.zone.member("regulator", "owner")):  # nor by way of what the node said
        said = StatementRecord.objects.filter(kind="taken")
        assert [(record.outcome, record.signed) for record in said] == [(StatementRecord.Outcome.TAKEN, None)]
        assert FIRM not in str([(one.facts, one.subject_id) for one in Entry.objects.all()])
    viewer = road.zone.member("bank", "viewer")
    with road.zone.tx(viewer), pytest.raises(Forbidden):
        taken_grades_of(viewer)


def test_the_act_is_logged_without_any_grade(road: Road, done: Job):
    road.nodes["bank"].tell(taken(road, done))
    with tenant_tx(None, role="regulator"):
        (entry,) = Entry.objects.filter(act="grades.take")
    assert entry.facts == {"person": road.person("bank", "officer"), "count": 1}


def test_taking_twice_keeps_the_first(road: Road, done: Job):
    road.nodes["bank"].tell(taken(road, done))
    road.nodes["bank"].tell(taken(road, done, (FIRM, "C")))
    assert kept() == [(FIRM, "B")]


@pytest.mark.parametrize(
    ("grades", "model"),
    [(((FIRM, "Z"),), ""), ((("92330100MA2XXXXX0X", "B"),), ""), (((FIRM, "B"),), "sm3:" + "1" * 64)],
)
def test_what_the_scorecard_does_not_give_is_not_taken(road: Road, done: Job, grades: tuple, model: str):
    road.nodes["bank"].tell(taken(road, done, *grades, model=model))
    assert (last_reason(road, "bank"), kept()) == ("invalid", [])


def test_nobody_takes_grades_of_another_s_job_or_of_one_that_is_not_done(road: Road, done: Job):
    road.nodes["centre"].tell(taken(road, done))
    assert last_reason(road, "centre") == "not-found"
    with tenant_tx(None, role="exchange"):
        Job.objects.filter(pk=done.pk).update(state=Job.State.DISPUTED)
    road.nodes["bank"].tell(taken(road, done))
    assert (last_reason(road, "bank"), kept()) == ("invalid", [])


def test_openings_are_seen_by_the_recipient_and_the_regulator(road: Road, done: Job):
    person = road.person("bank", "officer")
    road.nodes["bank"].tell(ResultOpened(job=str(done.id), person=person, at=now_ms()))
    with road.zone.tx(road.zone.member("bank", "owner")):
        assert [str(one.person) for one in openings_of(done.id)] == [person]
    with road.zone.tx(road.zone.member("centre", "owner")):
        assert openings_of(done.id).count() == 0
    with road.zone.tx(road.zone.member("regulator", "auditor")):
        assert ResultOpening.objects.count() == 1
