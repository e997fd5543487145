"""A whole job in a running zone, from signed request to sealed result, stage by stage, and the intersection in it
against the bare library on as many codes in the same run.

    python -m bench.job [rows ...]        (100,000 and 1,000,000 unless named)

The zone is started by `make up`'s own code in a folder of its own; the officers upload, seal and agree through the
same doors as everybody. Each side holds `rows` firms, half of which the other side holds too. A stage's seconds are
from when the later party began it to when the last one ended it, by the nodes' own statements, so they hold what a job
pays beside the protocol: a fresh process, keys, files in scratch, mutual TLS, statements.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars
import psycopg

from bench import engine
from creditzone.kernel.credit.uscc import ALPHABET, WEIGHTS
from creditzone.kernel.domain import Column, domain
from deploy import demonstration, manifest
from deploy.officers.person import Officer, until
from deploy.place import Place, free_port, nodes_from
from deploy.zone import Zone

SIZES = (100_000, 1_000_000)
HOLDERS = {"bank-steward": "balance_sheet", "steward": "profit_and_loss"}


@dataclass(frozen=True)
class Row:
    """One measurement: rows a side, seconds, rows a second, the ratio to the bare library where there is one."""

    what: str
    rows: int
    seconds: float
    ratio: float | None = None

    @property
    def per_second(self) -> float:
        """Rows a second."""
        return self.rows / self.seconds


def run(sizes: tuple[int, ...] = SIZES) -> Iterator[Row]:
    """Measure one size after the other in one zone."""
    with running_zone() as zone:
        officers = demonstration.acquaint(zone, demonstration.Notes(zone.place.home / "demo.json"))
        for size in sizes:
            yield from _measured(zone, officers, size)


@contextmanager
def running_zone() -> Iterator[Zone]:
    """A zone for as long as the block lasts."""
    with tempfile.TemporaryDirectory(prefix="cz-") as folder:
        home = Path(folder)
        home.chmod(0o711)
        port = free_port()
        zone = Zone(Place(home=home, port=port, nodes=nodes_from(port)), lambda what: None)
        try:
            zone.start()
            yield zone
        finally:
            zone.stop()


def _measured(zone: Zone, officers: dict[str, Officer], size: int) -> Iterator[Row]:
    cards = officers["officer"].call("GET", "/scorecards/")["results"]
    capsules = {}
    for at, (username, name) in enumerate(HOLDERS.items()):
        file = zone.place.home / f"{name}-{size}.csv"
        write_table(file, name, first=at * size // 2, rows=size)
        began = time.monotonic()
        dataset = officers[username].upload(file, domain=name, title=f"{size:,}")
        seconds = time.monotonic() - began
        floor = min(_parsed(file, size) for _ in range(2))
        yield Row(f"{name} ({file.stat().st_size / 1e6:.0f} MB), polars read_csv", size, floor)
        yield Row(f"{name}, upload, check and seal", size, seconds, seconds / floor)
        file.unlink()
        rules = demonstration.rules_for(username, {one["id"]: one["digest"] for one in cards})
        capsules[name] = demonstration.seal(officers[username], dataset, rules)
    offer = {"capsule": capsules["profit_and_loss"], "consumer": manifest.BANK, "price_fen": 1, "days": 30}
    demonstration.agree(officers["steward"], officers["officer"], offer | {"purpose": "credit-risk/pre-loan"})
    taken = _job(zone, officers["officer"], cards, capsules)
    raw = engine.raw_intersection(rows=size).seconds
    yield Row("intersection, the library alone", size, raw)
    yield Row("intersection in a job", size, taken["intersect"], taken["intersect"] / raw)
    yield Row("stage open of the job", size, taken["open"])
    graded, added = engine.raw_grades(rows=size // 2)
    yield Row("adding the points of the common half, the library alone", size // 2, added.seconds)
    yield Row("adding and comparing, the library alone", size // 2, graded.seconds)
    yield Row("stage grade of the job", size // 2, taken["grade"], taken["grade"] / graded.seconds)
    yield Row("the job, from signed request to sealed result", size, taken["job"])


def _parsed(file: Path, rows: int) -> float:
    """Seconds in which the fastest reader here parses the file and checks nothing."""
    began = time.monotonic()
    if polars.read_csv(file).height != rows:
        raise AssertionError("the reader lost rows")
    return time.monotonic() - began


def _job(zone: Zone, bank: Officer, cards: list[dict[str, Any]], capsules: dict[str, str]) -> dict[str, float]:
    card = next(one for one in cards if sorted(one["domains"]) == sorted(capsules))
    asked = {
        "title": "bench",
        "model": card["digest"],
        "purpose": "credit-risk/pre-loan",
        "disclosures": ["grade"],
        "capsules": [capsules[name] for name in card["domains"]],
    }
    job = bank.call("POST", "/jobs/", asked)
    bank.sign(job["digest"])
    began = time.monotonic()
    ended = until(
        lambda: bank.call("GET", f"/jobs/{job['id']}/"),
        lambda seen: seen["state"] not in {"drafted", "queued", "offered", "running"},
        what="the job's end",
        seconds=1800,
    )
    whole = time.monotonic() - began
    if ended["state"] != "done":
        raise RuntimeError(f"the job ended {ended['state']}: {ended.get('reason_words')}")
    with psycopg.connect(zone.admin_url.replace("/postgres?", "/creditzone?")) as connection:
        rows = connection.execute(
            "SELECT stage, extract(epoch FROM max(finished_at) - max(started_at))::float FROM compute_stagerecord"
            " WHERE job_id = %s AND finished_at IS NOT NULL GROUP BY stage",
            [job["id"]],
        ).fetchall()
    return {**dict(rows), "job": whole}


def write_table(path: Path, name: str, *, first: int, rows: int) -> None:
    """A file of firms `first` to `first + rows`, figures drawn within their columns' bounds."""
    found = domain(name)
    draw = np.random.default_rng(first)
    until_when = (datetime.now(UTC).date() + timedelta(days=60)).isoformat()
    with path.open("w", encoding="utf-8") as file:
        file.write(",".join(found.names) + "\n")
        for at in range(first, first + rows, 50_000):
            count = min(50_000, first + rows - at)
            columns = [_cells(one, codes_from(at, count), draw, until_when) for one in found.columns]
            file.writelines(",".join(cells) + "\n" for cells in zip(*columns, strict=True))


def _cells(column: Column, codes: list[str], draw: np.random.Generator, until_when: str) -> list[str]:
    fixed = {"authorisation_expiry": until_when, "authorisation_digest": "sm3:" + "0" * 64, "period_end": "2025-12-31"}
    if column.type == "code":
        return codes
    if column.type == "decimal":
        return [f"{value:.4f}" for value in draw.uniform(0, 2, len(codes))]
    return [fixed.get(column.name, "SQ-1")] * len(codes)


def codes_from(first: int, count: int) -> list[str]:
    """Valid codes of invented firms, numbered from `first` (GB 32100, modulo 31)."""
    values = {character: value for value, character in enumerate(ALPHABET)}
    fixed = sum(values[character] * weight for character, weight in zip("91420100XY", WEIGHTS, strict=False))
    numbers = np.arange(first, first + count)
    digits = numbers[:, None] // 10 ** np.arange(6, -1, -1) % 10
    checks = -(fixed + digits @ np.array(WEIGHTS[10:])) % 31
    return [f"91420100XY{number:07d}{ALPHABET[check]}" for number, check in zip(numbers, checks, strict=True)]


def main() -> None:
    """Print each figure as it comes."""
    sizes = tuple(int(text.replace(",", "")) for text in sys.argv[1:]) or SIZES
    for row in run(sizes):
        ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
        print(f"{row.what:56}{row.rows:>12,}{row.seconds:>10.2f}{row.per_second:>12,.0f}{ratio:>8}", flush=True)
    largest = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"largest child process: {largest:.0f} MB")


if __name__ == "__main__":
    main()
