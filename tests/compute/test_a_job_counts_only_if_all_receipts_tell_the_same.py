"""A job is done where its receipts agree in all they share; else it is disputed, and its recipient's node hears so."""

from typing import Any

import pytest

from apps.compute.models import Job
from apps.compute.services import admit_waiting, cancel_job
from creditzone.kernel.documents import Figure, JobEnded, Left
from creditzone.kernel.sm import sm3
from tests.road import Road


@pytest.fixture
def running(road: Road) -> Job:
    """A job that its two parties compute."""
    job = road.queued(road.ready("centre"))
    admit_waiting()
    road.start("bank", "centre")
    return road.job(job)


def ended(road: Road) -> list[tuple[str, str]]:
    road.nodes["bank"].call()
    return [(one.job, one.reason) for one in road.nodes["bank"].messages(JobEnded)]


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"agreement": "another"}, "agreement"),
        ({"figures": (Figure(name="rows", value=100), Figure(name="matched", value=79))}, "left, matched"),
        ({"left": (Left(form="secret-shares", to="91420100MA00000000", count=81),)}, "left"),
        ({"inputs": (sm3.digest(b"another head"),)}, "inputs"),
        ({"inputs": ()}, "inputs"),
    ],
)
def test_what_differs_makes_it_disputed_and_is_named(road: Road, running: Job, changes: dict[str, Any], what: str):
    road.finish("bank")
    road.finish("centre", **changes)
    job = road.job(running)
    assert (job.state, job.reason, job.facts) == (Job.State.DISPUTED, "receipts-differ", {"what": what})
    assert ended(road) == [(str(job.id), "receipts-differ")]


def test_one_that_is_done_ends_nothing_at_the_node(road: Road, running: Job):
    road.finish("bank")
    road.finish("centre")
    assert road.job(running).state == Job.State.DONE
    assert ended(road) == []


def test_a_cancelled_one_is_told_to_the_recipients_node(road: Road, running: Job):
    officer = road.zone.member("bank", "officer")
    with road.zone.tx(officer):
        cancel_job(actor=officer, job_id=running.id, reason="x")
    assert ended(road) == [(str(running.id), "cancelled")]


def test_its_page_says_what_differs_in_the_readers_words_and_the_code_beside_it(road: Road, running: Job):
    road.finish("bank")
    road.finish("centre", figures=(Figure(name="matched", value=79),), left=())
    client = road.zone.client("bank", "officer")
    client.cookies["__Host-language"] = "zh-hans"
    page = client.get(f"/jobs/{running.id}/").content.decode()
    assert "各方回执不一致" in page
    assert "匹配户数" in page
    assert '<small class="mono muted">receipts-differ</small>' in page
