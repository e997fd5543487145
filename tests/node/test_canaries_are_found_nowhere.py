"""Values planted in uploads are found nowhere in plain text: not in either node's home, scratch, temporary folders or
logs, nor in what went to the portal; neither while rows wait nor after a job graded them."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from apps.node import results, uploads
from creditzone.kernel.documents import OrderOffered, OrderStarted
from tests import canary
from tests.node import jobs, world
from tests.node.portal import Portal
from tests.node.world import CENTRE, Zone

ROOT = Path(__file__).resolve().parents[2]
NUMBER = "0.735192846103957"
BAD = "金丝雀735192846103957"


def needles(codes: list[str]) -> list[bytes]:
    """Number, word and the first codes in every form in which they could stand in plain text; all codes as text."""
    named = {"number": NUMBER, "word": BAD, **{f"code {number}": code for number, code in enumerate(codes[:3])}}
    return [*canary.needles(named), *(code.encode() for code in codes[3:])]


@pytest.fixture
def played(zone: Zone) -> Iterator[Portal]:
    portal = Portal(zone)
    zone.portal_url = portal.url
    yield portal
    portal.close()


def planted(domain_id: str, number: int) -> list[list[str]]:
    """Real rows with a canary in their third column and one row that fails."""
    header, *rows = jobs.rows_of(domain_id, number)
    for row in rows:
        row[2] = NUMBER
    rows.append([*rows[0][:2], BAD, *rows[0][3:]])
    return [header, *rows]


@pytest.mark.faults
def test_planted_values_are_found_nowhere(played: Portal, quartet: Zone, monkeypatch, tmp_path):
    temporary, began = tmp_path / "temporary", time.time()
    temporary.mkdir()
    monkeypatch.setattr(jobs, "provide", _providing(jobs.provide))
    job = jobs.ready(quartet, number=150, disclosures=("score",))
    bank, centre = job.nodes
    codes = [row[0] for row in jobs.rows_of("balance_sheet", 150)[1:40]]

    half = uploads.create(centre, job.people[1], filename="a.csv", size=10, domain="turnover", title="半途")
    uploads.append(centre, job.people[1], half.id, offset=0, piece=NUMBER.encode()[:10])
    logs = [tmp_path / f"{node.organisation}.log" for node in job.nodes]
    environment = {**os.environ, "TMPDIR": str(temporary)}
    runners = []
    for node, log in zip(job.nodes, logs, strict=True):
        node.store.close()
        with log.open("wb") as file:
            runners.append(
                subprocess.Popen(
                    [sys.executable, "-m", "apps.node.runner", "--home", str(node.home)],
                    cwd=ROOT,
                    env=environment,
                    stderr=file,
                    stdout=file,
                )
            )
    try:
        for node in job.nodes:
            played.tell(node.organisation, OrderOffered, order=job.zone.sign(job.order(node)))
        for node in job.nodes:
            played.wait_for(node.organisation, "accept")
        for node in job.nodes:
            played.tell(node.organisation, OrderStarted, job=job.request.id, attempt=1, fence=1)
        for node in job.nodes:
            played.wait_for(node.organisation, "receipt")
    finally:
        for runner in runners:
            runner.terminate()
            runner.wait(timeout=30)
    opened = results.open_result(bank, job.officer, job.request.id)
    assert opened.rows
    scores = {str(row.score).encode() for row in opened.rows}
    assert len(scores) > 1

    wanted = needles(codes)
    assert world.folder_holds(bank.home, wanted) == []
    assert world.folder_holds(centre.home, wanted) == []
    assert world.folder_holds(quartet.scratch, wanted) == []
    assert world.folder_holds(temporary, wanted) == []
    assert [str(log) for log in logs if any(needle in log.read_bytes() for needle in wanted)] == []
    traffic = b"\n".join(played.bytes)
    assert played.bytes
    assert not any(needle in traffic for needle in wanted)
    here = [path for path in Path(tempfile.gettempdir()).glob("*") if path.is_file()]
    fresh = [path for path in here if path.stat().st_uid == os.getuid() and path.stat().st_mtime >= began]
    assert [str(path) for path in fresh if any(needle in path.read_bytes()[: 64 << 20] for needle in wanted)] == []


def _providing(real):
    def provide(zone, organisation, domain_id, rules, rows):
        return real(zone, organisation, domain_id, rules, planted(domain_id, len(rows) - 1))

    return provide


def test_the_search_itself_finds_what_is_there(zone: Zone):
    node = zone.node(CENTRE, "code_centre")
    (node.home / "left-behind").write_bytes(b"x" * 100 + NUMBER.encode())
    assert world.folder_holds(node.home, needles([])) == [str(node.home / "left-behind")]
