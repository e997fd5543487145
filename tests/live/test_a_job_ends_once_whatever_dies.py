"""Processes of the running zone are killed, stopped and restarted in the middle of a job: it ends once, with a reason,
and leaves nothing behind."""

import os
import signal
import sqlite3
from pathlib import Path

import pytest

from apps.node.node import open_node
from deploy.officers.person import until
from tests.live.conftest import OPEN

pytestmark = pytest.mark.faults
BALANCE, PROFIT, TURNOVER = "balance_sheet", "profit_and_loss", "turnover"
SCRATCH = Path("/dev/shm")


def started(stage):
    """Whether the stage has begun somewhere."""
    return lambda seen: any(one["stage"] == stage and one["state"] != "waiting" for one in seen["stages"])


def kill(live, program):
    """kill -9, as a crash or the kernel would."""
    os.kill(live.pid(program), signal.SIGKILL)


def children(pid):
    """The processes that a process started."""
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def scratch_left(live):
    """What lies on memory-backed scratch of this zone's nodes."""
    nodes = [open_node(live.home / "nodes" / name) for name in ("bank", "centre", "platform")]
    homes = [path for node in nodes for path in SCRATCH.glob(f"creditzone-*-{node.scratch_name}*")]
    return [inner.name for home in homes for inner in home.iterdir()]


def spent(live, node):
    """Jobs that spent a use at a node, read from its own store's file."""
    store = live.home / "nodes" / node / "store.sqlite3"
    with sqlite3.connect(f"file:{store}?mode=ro", uri=True) as connection:
        return connection.execute("SELECT count(DISTINCT job) FROM use WHERE state = 'spent'").fetchone()[0]


@pytest.mark.parametrize(("node", "stage"), [("centre", "intersect"), ("bank", "grade")])
def test_a_runner_killed_in_the_middle_leaves_nothing_and_the_job_ends_once(live, node, stage):
    before = spent(live, node)
    job = live.submit(BALANCE, PROFIT, title=f"中断 {node} {stage}")
    live.wait_job(job, started(stage))
    kill(live, f"{node}-runner")
    ended = live.wait_end(job, seconds=200)
    live.wait_running(f"{node}-runner")
    assert ended["state"] in {"done", "failed"}, ended
    if ended["state"] == "done":
        assert ended["attempt"] == 2
    else:
        assert ended["reason"] in {"node-restarted", "node-lost", "peer-lost"}
    until(lambda: scratch_left(live), lambda left: not left, what="scratch to be wiped", seconds=30)
    assert spent(live, node) - before <= 1
    again = live.wait_end(live.submit(BALANCE, PROFIT, title="之后"), seconds=200)
    assert again["state"] == "done", again["reason_words"]


def test_the_coordinator_killed_with_a_job_under_way_only_delays_it(live):
    job = live.submit(BALANCE, PROFIT, TURNOVER, title="协调器中断")
    beat = children(live.pid("coordinator"))
    kill(live, "coordinator")
    live.wait_running("coordinator")
    until(lambda: [pid for pid in beat if Path(f"/proc/{pid}").exists()], lambda left: not left, what="beat to end")
    ended = live.wait_end(job, seconds=200)
    assert ended["state"] == "done", ended["reason_words"]
    assert len(live.officers["officer"].call("GET", f"/jobs/{job}/receipts/")["results"]) == 3


def test_a_minute_without_redis_only_delays_admission(live):
    live.control("stop", "redis")
    try:
        job = live.submit(BALANCE, PROFIT, TURNOVER, title="没有消息队列")
        assert live.job(job)["state"] in OPEN
    finally:
        live.control("start", "redis")
    live.wait_running("redis")
    ended = live.wait_end(job, seconds=240)
    assert ended["state"] == "done", ended["reason_words"]


def test_postgresql_restarted_in_the_middle_of_a_job_loses_nothing(live):
    job = live.submit(BALANCE, PROFIT, title="数据库重启")
    live.wait_job(job, started("intersect"))
    live.control("restart", "postgres")
    live.wait_running("postgres")
    ended = until(
        lambda: patient(live, job), lambda seen: seen and seen["state"] not in OPEN, what="the job", seconds=240
    )
    assert ended["state"] == "done", ended["reason_words"]


def patient(live, job):
    """The job as seen now; nothing while the portal cannot reach its database."""
    try:
        return live.job(job)
    except Exception:
        return None


@pytest.mark.parametrize("stage", ["drafted", "queued", "intersect"])
def test_a_job_cancelled_at_any_stage_ends_cancelled_and_its_nodes_are_free_again(live, stage):
    bank = live.officers["officer"]
    drafted = live.draft(BALANCE, PROFIT, title=f"取消 {stage}")
    if stage != "drafted":
        bank.sign(drafted["digest"])
    if stage == "intersect":
        live.wait_job(drafted["id"], started("intersect"))
    ended = bank.call("POST", f"/jobs/{drafted['id']}/cancel/", {"reason": "试验"})
    assert ended["state"] == "cancelled"
    assert live.job(drafted["id"])["state"] == "cancelled"
    until(lambda: scratch_left(live), lambda left: not left, what="scratch to be wiped", seconds=60)
    assert live.job(drafted["id"])["state"] == "cancelled"


def test_two_jobs_that_want_the_same_parties_both_end(live):
    first = live.draft(BALANCE, PROFIT, title="两个任务之一")
    second = live.draft(BALANCE, PROFIT, TURNOVER, title="两个任务之二")
    for drafted in (second, first):
        live.officers["officer"].sign(drafted["digest"])
    ends = [live.wait_end(drafted["id"], seconds=300) for drafted in (first, second)]
    assert [end["state"] for end in ends] == ["done", "done"]
