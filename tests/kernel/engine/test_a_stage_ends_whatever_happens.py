"""A stage may hang, crash, lose its peer or be told to stop: it ends in time and leaves no process and no row."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import pytest

from creditzone.kernel.engine.scratch import wipe
from tests.kernel.engine.party import SECRET
from tests.kernel.engine.zone import book_of, books, in_common


def running_in(group: int) -> list[int]:
    """Processes of that group that still run; an orphan that only waits to be reaped by init is dead."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[2]) == group and fields[0] != "Z":
            found.append(int(stat.parent.name))
    return found


def test_at_the_deadline_the_whole_group_is_gone_and_scratch_wipes_clean(meeting):
    zone = meeting(2)
    started = time.monotonic()
    outcome = zone.run_one(0, zone.task(0, steps=["hang"]), deadline=3)
    assert (outcome.reason, time.monotonic() - started < 6) == ("deadline", True)
    assert (zone.scratch[0] / "left-behind.csv").exists()
    hanging = next(event for event in zone.events[0] if event["event"] == "hanging")
    assert running_in(hanging["group"]) == []
    wipe(zone.scratch[0])
    assert not zone.scratch[0].exists()


def test_a_stop_is_heard_at_once(meeting):
    zone, stop = meeting(2), threading.Event()
    zone.events[0] = _Hooked(stop.set)
    started = time.monotonic()
    outcome = zone.run_one(0, zone.task(0, steps=["hang"]), should_stop=stop.is_set)
    assert (outcome.reason, time.monotonic() - started < 5) == ("stopped", True)


class _Hooked(list):
    """Events that set something off: the stop comes when the stage says that it hangs."""

    def __init__(self, then) -> None:
        self._then = then

    def append(self, event) -> None:
        super().append(event)
        if event["event"] == "hanging":
            self._then()


@pytest.mark.parametrize(("step", "detail"), [("raise", "ValueError"), ("abort", "SIGABRT")])
def test_a_crash_is_told_without_a_word_of_the_rows(meeting, step, detail):
    zone = meeting(2)
    outcome = zone.run_one(0, zone.task(0, steps=[step]))
    assert (outcome.reason, outcome.detail) == ("crashed", detail)
    said = " ".join(map(str, (outcome, outcome.sentence, outcome.sentence_zh, outcome.about, zone.events[0])))
    assert not [word for word in SECRET.split() if word in said.split()]


def test_a_stage_sees_its_task_and_little_else(meeting, monkeypatch):
    monkeypatch.setenv("CREDITZONE_SECRET_KEY", "x")
    monkeypatch.setenv("DATABASE_URL", "x")
    zone = meeting(2)
    seen = zone.run_one(0, zone.task(0, steps=["look"], padding="x" * 3_000_000))
    assert not {"CREDITZONE_SECRET_KEY", "DATABASE_URL"} & set(seen["environment"])
    assert seen["temporary"].startswith(str(zone.scratch[0]))
    assert (seen["cores"], seen["leads_its_session"], seen["task"]) == ([0, 0], True, 3_000_000)


@pytest.mark.faults
def test_a_peer_killed_before_the_points_are_fed_is_noticed_in_time(meeting):
    zone, held = meeting(2, timeout_ms=4000), books(parties=2, rows=30)
    tasks = [zone.task(rank, steps=["grade"], common=in_common(held), **book_of(held[rank])) for rank in range(2)]
    tasks[1]["die_at"] = "agreed"
    started = time.monotonic()
    survivor, killed = zone.run(tasks)
    assert (survivor.reason, killed.reason) == ("peer-lost", "crashed")
    assert time.monotonic() - started < 25


@pytest.mark.faults
def test_a_peer_killed_between_batches_is_noticed_by_both_others(meeting):
    zone, held = meeting(3, timeout_ms=5000), books(parties=3, rows=70_000)
    common = list(held[2])
    held = [{code: book.get(code, 0) for code in common} for book in held]
    tasks = [zone.task(rank, steps=["grade"], common=common, **book_of(held[rank])) for rank in range(3)]
    tasks[1]["die_at"] = "batch"
    outcomes = zone.run(tasks)
    assert [outcome.reason for outcome in outcomes] == ["peer-lost", "crashed", "peer-lost"]
    for scratch in zone.scratch:
        wipe(scratch)
        assert not scratch.exists()


def test_an_absent_peer_is_not_waited_for_beyond_the_timeout(meeting):
    zone = meeting(2, timeout_ms=2000)
    for rank in range(2):
        started = time.monotonic()
        outcome = zone.run_one(rank, zone.task(rank, steps=["psi"], codes=["A1"]))
        assert (outcome.code, time.monotonic() - started < 10) == ("peer-refused", True)


def test_the_engine_is_never_in_the_parent():
    import subprocess
    import sys

    code = (
        "import creditzone.kernel.engine.process, creditzone.kernel.engine.mpc, creditzone.kernel.engine.psi, sys;"
        "sys.exit('spu' in sys.modules or 'jax' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False, env=os.environ).returncode == 0
