"""The next `make up` goes on with what is there: rows, uses, secrets and notes as they were, no step of the set-up done
again; and Ctrl-C ends all that it started. It runs last, for the running zone ends with it."""

import re
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from deploy.supervise import clean_environment
from tests.database import ROOT
from tests.live.conftest import LiveZone

pytestmark = pytest.mark.restart
ROWS = {
    "jobs": "select id, state, to_jsonb(j) from compute_job j where state = 'done'",
    "receipts": "select to_jsonb(r) from compute_receipt r",
    "contracts": "select id from contracts_contract",
    "capsules": "select id from capsules_capsule",
    "data sets": "select id from datasets_dataset",
    "the ledger": "select to_jsonb(e) from ledger_entry e",
}
STORED = {
    "uses": "select * from use where state != 'reserved'",
    "uses of firms": "select * from firm_use",
    "questions": "select * from query",
    "results": "select job, digest, rows from result where state = 'sealed'",
    "people": "select * from roster",
    "passkeys": "select * from passkey",
}
"""What nothing may change any more, at the portal and at a node: what a sweep may still end is left out."""
FILES = ("secrets.json", "people.json", "demo.json")
MARKS_OF_SET_UP = ("prepared", "register.csv", "postgres/data/PG_VERSION")


def kept(live: LiveZone) -> dict[str, set[str]]:
    """Every row and note that a start must find again."""
    rows = {name: {repr(row) for row in live.sql(query)} for name, query in ROWS.items()}
    for home in sorted((live.home / "nodes").iterdir()):
        with closing(sqlite3.connect(f"file:{home / 'store.sqlite3'}?mode=ro", uri=True)) as store:
            for name, query in STORED.items():
                rows[f"{name} at {home.name}"] = {repr(row) for row in store.execute(query)}
    return rows | {name: {(live.home / name).read_text()} for name in FILES}


def processes(live: LiveZone) -> set[int]:
    """The process of every program, and the supervisor's."""
    found = re.findall(r"pid (\d+),", live.control("status"))
    return {int(pid) for pid in [*found, (live.home / "run" / "zone.pid").read_text()]}


@contextmanager
def next_start(live: LiveZone) -> Iterator[None]:
    """`make up` on the zone's home, which ends the zone that runs there; Ctrl-C in the end."""
    told = {"CREDITZONE_HOME": str(live.home), "CREDITZONE_PORT": str(urlsplit(live.portal).port)}
    process = subprocess.Popen(
        [sys.executable, "-m", "deploy.up"],
        cwd=ROOT,
        env=clean_environment() | told,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    try:
        said = []
        for line in process.stdout:
            said.append(line)
            if "ready after" in line:
                break
        assert "ready after" in "".join(said), "".join(said)
        yield
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=90)
    assert process.returncode == 0


def runs(pid: int) -> bool:
    """Whether the process is there, and not merely waited for by who started it."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_the_next_start_finds_everything_and_ctrl_c_leaves_nothing_running(live):
    before, former = kept(live), processes(live)
    marks = {name: (live.home / name).stat().st_mtime_ns for name in MARKS_OF_SET_UP}
    assert all(before[name] for name in (*ROWS, "uses at bank", "uses at centre", "results at bank"))
    with next_start(live):
        after, started = kept(live), processes(live)
        assert {name for name in before if before[name] - after[name]} == set()
        assert {name: (live.home / name).stat().st_mtime_ns for name in MARKS_OF_SET_UP} == marks
        assert live.job(live.notes["job"])["state"] == "done"
        assert not started & former
    assert [pid for pid in started | former if runs(pid)] == []
