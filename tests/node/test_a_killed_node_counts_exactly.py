"""kill -9 at any instant: a use is reserved, spent or given back, never lost and never counted twice; the next life of
the runner reports what ran as failed and leaves no scratch behind."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from apps.node import uses
from apps.node.node import Node
from creditzone.kernel.documents import OrderOffered, OrderStarted, OrderStopped
from tests.node import jobs
from tests.node.portal import Portal
from tests.node.world import CENTRE, Zone

ROOT = Path(__file__).resolve().parents[2]
HAMMER = """
import sys
from apps.node.node import open_node
from apps.node import uses
node = open_node(sys.argv[1])
start = int(sys.argv[2])
print("go", flush=True)
for number in range(start, start + 100000):
    job = f"job-{number}"
    with node.store.write() as tx:
        uses.reserve(tx, capsule="c", job=job, rule="r")
    print("reserved", number, flush=True)
    with node.store.write() as tx:
        uses.spend(tx, capsule="c", job=job)
    print("spent", number, flush=True)
"""


def test_what_was_said_to_be_spent_is_spent_after_a_kill(zone: Zone):
    node = zone.node(CENTRE, "code_centre")
    spent: set[int] = set()
    reserved: set[int] = set()
    for life in range(6):
        process = subprocess.Popen(
            [sys.executable, "-c", HAMMER, str(node.home), str(life * 100_000)],
            stdout=subprocess.PIPE,
            cwd=ROOT,
            text=True,
        )
        assert process.stdout is not None
        for lines, line in enumerate(process.stdout, start=1):
            word, *rest = line.split()
            if rest:
                (spent if word == "spent" else reserved).add(int(rest[0]))
            if lines == 12 + 7 * life:
                process.send_signal(signal.SIGKILL)
        process.wait()
    rows = node.store.all("SELECT job, state FROM use")
    states = {int(row["job"].split("-")[1]): row["state"] for row in rows}
    assert all(states[number] == "spent" for number in spent)
    assert set(states) >= reserved
    assert len(set(states) - reserved) <= 6  # at most the one whose line was still in the pipe, each life
    assert sum(counts.total for counts in uses.counted(node, "c", but="").values()) == len(states)


@pytest.fixture
def played(zone: Zone) -> Iterator[Portal]:
    portal = Portal(zone)
    zone.portal_url = portal.url
    yield portal
    portal.close()


class Life:
    """One life of a node's real runner."""

    def __init__(self, node: Node) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "apps.node.runner", "--home", str(node.home)],
            cwd=ROOT,
            stderr=subprocess.DEVNULL,
        )

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def end(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=30)


@pytest.fixture
def lives() -> Iterator[list[Life]]:
    begun: list[Life] = []
    yield begun
    for life in begun:
        if life.process.poll() is None:
            life.kill()


def ready(quartet: Zone, **changes):
    job = jobs.ready(quartet, number=120, **changes)
    for node in job.nodes:
        node.store.close()
    return job


def capsule_of(job) -> str:
    return next(one.capsule for one in job.request.inputs if one.provider == CENTRE)


def begin(portal: Portal, job, *, fence: int, attempt: int, only: str | None = None) -> None:
    """Offer and start an attempt at all parties (or one)."""
    chosen = [node for node in job.nodes if only in (None, node.organisation)]
    for node in chosen:
        order = job.order(node, fence=fence, attempt=attempt)
        portal.tell(node.organisation, OrderOffered, order=job.zone.sign(order))
    for node in chosen:
        portal.wait_for(node.organisation, "accept", when=lambda body: body.fence == fence)
    for node in chosen:
        portal.tell(node.organisation, OrderStarted, job=job.request.id, attempt=attempt, fence=fence)


def stages_of(runner: int) -> list[Path]:
    """The stages that a runner began: their places in /proc."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            parent = int((path / "stat").read_text().rsplit(")", 1)[1].split()[1])
            if parent == runner and is_stage(path):
                found.append(path)
    return found


def is_stage(process: Path) -> bool:
    """Whether a stage lives there."""
    with contextlib.suppress(OSError):
        return b"creditzone.kernel.engine.stage\0apps.node" in (process / "cmdline").read_bytes()
    return False


@pytest.mark.faults
@pytest.mark.parametrize("stage", ["intersect", "grade"])
def test_a_provider_killed_in_a_stage_fails_the_attempt_and_the_second_one_shares_its_use(
    played: Portal, quartet: Zone, lives: list[Life], stage: str
):
    job = ready(quartet)
    bank, centre = job.nodes
    lives += [Life(bank), Life(centre)]
    begin(played, job, fence=1, attempt=1)
    played.wait_for(CENTRE, "stage", when=lambda body: (body.stage, body.state) == (stage, "started"))
    lives[1].kill()
    assert uses.by_state(centre, capsule_of(job)) == {("r1", "spent"): 1}
    played.tell(bank.organisation, OrderStopped, job=job.request.id, fence=1, reason="node-lost")
    assert played.wait_for(bank.organisation, "failed").reason == "node-lost"

    lives.append(Life(centre))
    failed = played.wait_for(CENTRE, "failed")
    assert (failed.reason, failed.use_spent, failed.fence) == ("node-restarted", True, 1)
    assert not any(quartet.scratch.rglob("codes"))

    begin(played, job, fence=2, attempt=2)
    for node in job.nodes:
        played.wait_for(node.organisation, "receipt")
    assert uses.by_state(centre, capsule_of(job)) == {("r1", "spent"): 1}
    assert uses.by_state(bank, job.request.inputs[0].capsule) == {("r1", "spent"): 1}
    for life in lives[::2]:
        assert life.end() == 0
    assert not any(path.is_file() for path in quartet.scratch.rglob("*"))


@pytest.mark.faults
def test_no_stage_outlives_its_runner_and_scratch_is_wiped_by_the_next_life(
    played: Portal, quartet: Zone, lives: list[Life]
):
    job = ready(quartet)
    centre = job.nodes[1]
    lives.append(Life(centre))
    begin(played, job, fence=1, attempt=1, only=CENTRE)  # the bank never comes: it waits on the link
    played.wait_for(CENTRE, "stage", when=lambda body: (body.stage, body.state) == ("intersect", "started"))
    before = stages_of(lives[0].process.pid)
    assert before
    lives[0].kill()
    deadline = time.monotonic() + 10
    while any(map(is_stage, before)) and time.monotonic() < deadline:
        os.sched_yield()
    assert not any(map(is_stage, before))
    assert any(quartet.scratch.rglob("codes"))
    lives.append(Life(centre))
    played.wait_for(CENTRE, "failed")
    assert not any(quartet.scratch.rglob("codes"))


@pytest.mark.faults
def test_a_running_attempt_stops_when_told_and_keeps_its_spent_use(played: Portal, quartet: Zone, lives: list[Life]):
    job = ready(quartet)
    centre = job.nodes[1]
    lives.append(Life(centre))
    begin(played, job, fence=1, attempt=1, only=CENTRE)
    played.wait_for(CENTRE, "stage", when=lambda body: (body.stage, body.state) == ("intersect", "started"))
    played.tell(CENTRE, OrderStopped, job=job.request.id, fence=1, reason="cancelled")
    failed = played.wait_for(CENTRE, "failed")
    assert (failed.reason, failed.stage, failed.use_spent) == ("cancelled", "intersect", True)
    assert not any(path.is_file() for path in quartet.scratch.rglob("*"))


@pytest.mark.faults
def test_a_second_runner_of_the_same_node_does_not_start(zone: Zone, played: Portal, lives: list[Life]):
    node = zone.node(CENTRE, "code_centre")
    lives.append(Life(node))
    played.wait_for(CENTRE, "card")
    second = Life(node)
    assert second.process.wait(timeout=30) == 2
