"""How fast the parties intersect and grade, against the bare library and the naive program, in one run.

    python -m bench.engine [--full]        (--full adds a million rows a side for the intersection)

All parties are processes of this machine and share its cores. Ours and the other are measured turn about; the best
round of each counts, because what else the machine does only ever slows a round down. The ratios are what to watch:
for the intersection seconds against the bare library (1.00 = no price for TLS, checks and clean-up), for grades rows
a second against seven comparisons in a 64-bit ring.
"""

from __future__ import annotations

import socket
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from creditzone.kernel.engine.link import make_link_key
from creditzone.kernel.engine.process import run_stage
from creditzone.kernel.engine.scratch import SHARED_MEMORY

ROUNDS = 2
GRADED = 100_000
PROTOCOLS = {2: "cheetah", 3: "aby3"}


@dataclass(frozen=True)
class Row:
    """One measurement: rows a side, seconds, rows a second, the ratio to what it is compared with, and the
    core-seconds of all parties together, which say more than the clock where the machine is busy."""

    what: str
    rows: int
    seconds: float
    per_second: float
    ratio: float | None
    core_seconds: float


def run(full: bool = False) -> list[Row]:
    """Measure; every grade is compared with the one in the clear, so a wrong answer is an error, not a figure."""
    rows: list[Row] = []
    for size in (100_000, 1_000_000) if full else (100_000,):
        raw, ours = _turn_about("psi-raw", "psi-ours", parties=2, rows=size)
        rows.append(_row("intersection, the library alone", size, raw, None))
        rows.append(_row("intersection, ours", size, ours, ours.seconds / raw.seconds))
    for parties, protocol in PROTOCOLS.items():
        words = f"{parties} parties, {protocol.upper()}"
        naive, ours = _turn_about("grade-naive", "grade-ours", parties=parties, rows=GRADED)
        rows.append(_row(f"grades, {words}, naive", GRADED, naive, None))
        rows.append(_row(f"grades, {words}, ours", GRADED, ours, naive.seconds / ours.seconds))
        raw, again = _turn_about("grade-raw", "grade-ours", parties=parties, rows=GRADED)
        rows.append(_row(f"the same program, {words}, the library alone", GRADED, raw, None))
        rows.append(_row(f"grades, {words}, ours, in seconds of it", GRADED, again, again.seconds / raw.seconds))
    return rows


def raw_intersection(*, rows: int) -> Taken:
    """The library alone on so many codes a side: the better of two rounds."""
    return min(_measure("psi-raw", parties=2, rows=rows) for _ in range(ROUNDS))


def raw_grades(*, rows: int) -> tuple[Taken, Taken]:
    """The library alone with two parties on so many rows: adding and comparing as we do, and adding only."""
    return _measure("grade-raw", parties=2, rows=rows), _measure("add-raw", parties=2, rows=rows)


class Taken(NamedTuple):
    """Seconds of the slowest party, core-seconds of all."""

    seconds: float
    core_seconds: float


def _row(what: str, rows: int, taken: Taken, ratio: float | None) -> Row:
    return Row(what, rows, taken.seconds, rows / taken.seconds, ratio, taken.core_seconds)


def _turn_about(other: str, ours: str, *, parties: int, rows: int) -> tuple[Taken, Taken]:
    """The best round of both."""
    rounds: dict[str, list[Taken]] = {other: [], ours: []}
    for _ in range(ROUNDS):
        for kind, taken in rounds.items():
            taken.append(_measure(kind, parties=parties, rows=rows))
    return min(rounds[other]), min(rounds[ours])


def _measure(kind: str, *, parties: int, rows: int) -> Taken:
    with tempfile.TemporaryDirectory(dir=SHARED_MEMORY, prefix="creditzone-bench-") as home:
        tasks = _tasks(Path(home), kind=kind, parties=parties, rows=rows)
        with ThreadPoolExecutor(parties) as pool:
            results = list(pool.map(_party, tasks, [Path(home) / str(rank) for rank in range(parties)]))
    return Taken(max(one["seconds"] for one in results), sum(one["core_seconds"] for one in results))


def _party(task: dict[str, Any], scratch: Path) -> dict[str, Any]:
    return run_stage(
        "bench.engine_party",
        task,
        scratch=scratch,
        deadline_seconds=600,
        on_event=lambda event: None,
        should_stop=lambda: False,
    )


def _tasks(home: Path, *, kind: str, parties: int, rows: int) -> list[dict[str, Any]]:
    endpoints, files = [], []
    for rank, port in enumerate(_free_ports(parties)):
        (home / str(rank)).mkdir(mode=0o700)
        paths = home / f"{rank}.crt", home / f"{rank}.key"
        certificate, key = make_link_key()
        for path, text in zip(paths, (certificate, key), strict=True):
            path.touch(mode=0o600)
            path.write_text(text)
        files.append(list(map(str, paths)))
        endpoints.append({"party": str(rank), "host": "127.0.0.1", "port": port, "certificate_pem": certificate})
    shared = {"kind": kind, "rows": rows, "protocol": PROTOCOLS[parties], "endpoints": endpoints}
    return [shared | {"rank": rank, "credentials": files[rank]} for rank in range(parties)]


def _free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    try:
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]
    finally:
        for one in sockets:
            one.close()


def main() -> None:
    print(f"{'':48}{'rows':>10}{'seconds':>10}{'rows/s':>12}{'core-s':>9}{'ratio':>8}")
    for row in run(full="--full" in sys.argv[1:]):
        ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
        print(
            f"{row.what:48}{row.rows:>10,}{row.seconds:>10.2f}{row.per_second:>12,.0f}{row.core_seconds:>9.2f}{ratio:>8}"
        )


if __name__ == "__main__":
    main()
