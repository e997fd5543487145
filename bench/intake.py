"""Checking and sealing a CSV against merely parsing it with the fastest reader here, polars, in one run.

    python -m bench.intake [rows]        (300,000 unless told)

Ours is what a node's child and the sealer do: two looks at the encoding, CSV by the standard, every cell against its
domain, codes' check digits, repeated codes, a body a column under SM4-GCM. polars parses with both cores into columns
of guessed types and checks nothing. Both read from memory-backed storage; the better of two rounds counts.
"""

import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import BinaryIO

import polars

from bench.job import write_table
from creditzone.kernel.capsule import new_content_key, one_column_a_group
from creditzone.kernel.documents import new_id
from creditzone.kernel.domain import domain
from creditzone.kernel.intake.measure import QUARANTINE_HEADER, SealedTable, measure
from creditzone.kernel.intake.sources import open_table

ROWS, ROUNDS, PIECE = 300_000, 2, 8 << 20
NAMES = ("balance_sheet", "turnover")
SHARED = Path("/dev/shm")


@dataclass(frozen=True)
class Row:
    """One measurement: rows, megabytes, seconds, and how many times polars' seconds that is."""

    what: str
    rows: int
    megabytes: float
    seconds: float
    ratio: float | None


def run(rows: int = ROWS) -> list[Row]:
    """Measure files of two domains."""
    found: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="creditzone-bench-", dir=SHARED if SHARED.is_dir() else None) as folder:
        for name in NAMES:
            file = Path(folder) / f"{name}.csv"
            write_table(file, name, first=0, rows=rows)
            size = file.stat().st_size / 1e6
            parse, seal = partial(_parse, file, rows), partial(_seal, file, name, rows)
            rounds = [(_taken(parse), _taken(seal)) for _ in range(ROUNDS)]
            floor, ours = map(min, zip(*rounds, strict=True))
            found.append(Row(f"{name}, polars read_csv", rows, size, floor, None))
            found.append(Row(f"{name}, checked and sealed", rows, size, ours, ours / floor))
    return found


def _parse(file: Path, rows: int) -> None:
    if polars.read_csv(file).height != rows:
        raise AssertionError("the reader lost rows")


def _seal(file: Path, name: str, rows: int) -> None:
    found, capsule = domain(name), new_id()
    folder = Path(tempfile.mkdtemp(dir=file.parent))

    def create(group: int) -> BinaryIO:
        return (folder / f"{len(list(folder.iterdir()))}.{group}").open("w+b")

    def pieces() -> Iterator[bytes]:
        with file.open("rb") as source:
            yield from iter(lambda: source.read(PIECE), b"")

    keys = [new_content_key() for _ in found.names]
    sound = SealedTable(create, keys, one_column_a_group(found.names), capsule=capsule, body=new_id())
    aside = SealedTable(create, [new_content_key()], [QUARANTINE_HEADER], capsule=capsule, body=new_id())
    with sound, aside:
        counted = measure(open_table(pieces, kind="csv"), found, rows=sound, quarantine=aside)
    shutil.rmtree(folder)
    if counted["accepted"] != rows:
        raise AssertionError("the check lost rows")


def _taken(work: Callable[[], None]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def main() -> None:
    """Print the table."""
    for row in run(int(sys.argv[1].replace(",", "")) if len(sys.argv) > 1 else ROWS):
        ratio = "" if row.ratio is None else f"{row.ratio:.1f}"
        print(f"{row.what:40}{row.rows:>10,}{row.megabytes:>8.1f} MB{row.seconds:>8.2f} s{ratio:>8}", flush=True)


if __name__ == "__main__":
    main()
