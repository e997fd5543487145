"""Three columns of a capsule of 1e6 rows and twenty columns, against all twenty and against the bare cipher.

    python -m bench.opening [rows]        (1,000,000 unless told)

The capsule lies in memory-backed files. Ours authenticates order, end and digest of each column and gives its cells as
text; the bare cipher opens as many bytes of the same sizes in 1 MiB chunks and gives bytes. The middle step, chunks
without cells, tells the two apart. The best of three rounds counts.
"""

import secrets
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import BinaryIO

import numpy as np

from bench.job import codes_from
from creditzone.kernel.capsule import (
    BodySummary,
    ColumnsWriter,
    group_file,
    new_content_key,
    one_column_a_group,
    read_body,
    read_table,
    sealed_size,
)
from creditzone.kernel.documents import ColumnGroup, new_id
from creditzone.kernel.sm.sm4 import NONCE, Sm4Gcm, backend

ROWS, COLUMNS, ASKED, ROUNDS = 1_000_000, 20, 3, 3
SHARED = Path("/dev/shm")


@dataclass(frozen=True)
class Row:
    """One measurement: seconds for so many columns and bytes, and how many times the bare cipher's that is."""

    what: str
    columns: int
    megabytes: float
    seconds: float
    ratio: float | None


@dataclass(frozen=True)
class Capsule:
    """A sealed table: its folder, keys, and what each column's body is known by."""

    folder: Path
    capsule: str
    body: str
    keys: list[bytes]
    groups: list[tuple[ColumnGroup, BodySummary]]

    def open_group(self, group: int) -> BinaryIO:
        """A column's body."""
        return (self.folder / group_file(self.body, group)).open("rb")


def run(rows: int = ROWS) -> list[Row]:
    """Measure on a capsule made for it."""
    with tempfile.TemporaryDirectory(prefix="creditzone-bench-", dir=SHARED if SHARED.is_dir() else None) as folder:
        made = _sealed(Path(folder), rows)
        found: list[Row] = []
        for asked in (ASKED, COLUMNS):
            size = sum(sealed_size(summary) for _, summary in made.groups[:asked]) / 1e6
            bare = min(_bare(made.groups[:asked]) for _ in range(ROUNDS))
            chunks = _best(partial(_chunks, made, asked))
            cells = _best(partial(_cells, made, asked, rows))
            found.append(Row(f"bare SM4-GCM ({backend()})", asked, size, bare, None))
            found.append(Row("capsule, chunks checked and opened", asked, size, chunks, chunks / bare))
            found.append(Row("capsule, cells as text", asked, size, cells, cells / bare))
    return found


def _sealed(folder: Path, rows: int) -> Capsule:
    names = ["uscc", *(f"figure_{number}" for number in range(1, COLUMNS))]
    keys, capsule, body = [new_content_key() for _ in names], new_id(), new_id()
    files = [(folder / group_file(body, group)).open("w+b") for group in range(len(names))]
    draw = np.random.default_rng(1)
    writer = ColumnsWriter(files.__getitem__, keys, groups=one_column_a_group(names), capsule=capsule, body=body)
    with writer:
        for at in range(0, rows, 50_000):
            count = min(50_000, rows - at)
            figures = [[f"{value:.4f}" for value in draw.uniform(0, 2, count)] for _ in names[1:]]
            writer.write([codes_from(at, count), *figures])
        done = writer.finish()
    for file in files:
        file.close()
    groups = [
        ColumnGroup(index=index, columns=one.columns, length=one.summary.length, chunks=one.summary.chunks)
        for index, one in enumerate(done)
    ]
    return Capsule(folder, capsule, body, keys, list(zip(groups, (one.summary for one in done), strict=True)))


def _bare(groups: Sequence[tuple[ColumnGroup, BodySummary]]) -> float:
    """Seconds to open as many chunks of the same sizes, those of a column under one key."""
    taken = 0.0
    for _, summary in groups:
        cipher, nonce = Sm4Gcm(secrets.token_bytes(16)), secrets.token_bytes(NONCE)
        full, rest = divmod(summary.length, summary.chunk_size)
        for size, times in ((summary.chunk_size, full), (rest, 1)):
            sealed, out = cipher.seal(nonce, bytes(size)), memoryview(bytearray(size))
            began = time.perf_counter()
            for _ in range(times):
                cipher.open_into(nonce, sealed, out)
            taken += time.perf_counter() - began
    return taken


def _chunks(made: Capsule, asked: int) -> None:
    for (group, summary), key in zip(made.groups[:asked], made.keys, strict=False):
        with made.open_group(group.index) as file:
            opened = read_body(file, key, capsule=made.capsule, body=made.body, group=group.index, summary=summary)
            if sum(map(len, opened)) != summary.length:
                raise AssertionError("the column did not come back whole")


def _cells(made: Capsule, asked: int, rows: int) -> None:
    table = read_table(
        made.open_group,
        made.keys[:asked],
        groups=made.groups[:asked],
        capsule=made.capsule,
        body=made.body,
        rows=rows,
    )
    if sum(len(batch[0]) for batch in table) != rows:
        raise AssertionError("the table did not come back whole")


def _best(work: Callable[[], None]) -> float:
    taken = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        work()
        taken.append(time.perf_counter() - began)
    return min(taken)


def main() -> None:
    """Print the table."""
    for row in run(int(sys.argv[1].replace(",", "")) if len(sys.argv) > 1 else ROWS):
        ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
        print(f"{row.what:40}{row.columns:>4}{row.megabytes:>9.1f} MB{row.seconds:>9.3f} s{ratio:>8}", flush=True)


if __name__ == "__main__":
    main()
