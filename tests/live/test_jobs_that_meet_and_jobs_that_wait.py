"""Jobs of several recipients that want the same parties at once all end; a job can be cancelled while a party has not
answered, and while its grades are being computed."""

import os
import signal

import pytest

from deploy.officers.person import until
from tests.live.conftest import OPEN, LiveZone
from tests.live.test_a_job_ends_once_whatever_dies import BALANCE, PROFIT, TURNOVER, spent, started

pytestmark = pytest.mark.faults
NODES = ("bank", "centre", "platform")


def cancel(live: LiveZone, job: str) -> None:
    ended = live.officers["officer"].call("POST", f"/jobs/{job}/cancel/", {"reason": "试验"})
    assert ended["state"] == "cancelled"


def live_attempts_end(live: LiveZone, job: str) -> None:
    """Until every party of the job has let go of it, so that its slot is free."""
    until(
        lambda: live.sql("select count(*) from compute_lease where job_id = %s and released_at is null", job),
        lambda rows: rows == [(0,)],
        what="the slots to come back",
    )


def test_a_job_cancelled_while_a_party_has_not_answered_spends_nothing_and_stays_cancelled(live):
    before = [spent(live, node) for node in NODES]
    drafted = live.draft(BALANCE, PROFIT, TURNOVER, title="未应答时取消")
    silent = live.pid("platform-runner")
    os.kill(silent, signal.SIGSTOP)
    try:
        live.officers["officer"].sign(drafted["digest"])
        live.wait_job(drafted["id"], lambda seen: seen["state"] == "offered" or seen["reason"] == "node-lost")
        cancel(live, drafted["id"])
    finally:
        os.kill(silent, signal.SIGCONT)
    live_attempts_end(live, drafted["id"])
    after = live.wait_end(live.submit(BALANCE, PROFIT, TURNOVER, title="其后"))
    assert after["state"] == "done", after["reason_words"]
    assert live.job(drafted["id"])["state"] == "cancelled"
    assert [spent(live, node) for node in NODES] == [number + 1 for number in before]


def test_a_job_cancelled_while_grades_are_computed_releases_no_result(live):
    job = live.submit(BALANCE, PROFIT, title="评分时取消")
    live.wait_job(job, started("grade"))
    cancel(live, job)
    live_attempts_end(live, job)
    bank = live.officers["officer"]
    bank.enter_node("/results/")
    assert "/open/" not in bank.browser.get(f"{bank.node}/results/{job}/").text
    assert live.job(job)["state"] == "cancelled"


def test_jobs_of_two_recipients_that_want_the_same_parties_all_end(live):
    """All wait already when the coordinator comes: the bank's two, and a firm's at the same two providers."""
    bank, firm = live.officers["officer"], live.officers["owner"]
    live.control("stop", "coordinator")
    try:
        jobs = [(bank, live.submit(BALANCE, PROFIT, title="相遇之一"))]
        enquiry = firm.call("POST", "/enquiries/", {})
        firm.sign(enquiry["authorisation_digest"])
        jobs += [(firm, enquiry["id"]), (bank, live.submit(BALANCE, PROFIT, TURNOVER, title="相遇之二"))]
    finally:
        live.control("start", "coordinator")
    ends = [
        until(
            lambda who=who, job=job: who.call("GET", f"/jobs/{job}/"),
            lambda seen: seen["state"] not in OPEN,
            what=f"job {job}",
            seconds=200,
        )
        for who, job in jobs
    ]
    assert [end["state"] for end in ends] == ["done"] * 3, [end["reason_words"] for end in ends]
