"""A table sealed by column groups: one body file a group, so that a key opens its columns and no others.

Each group's plaintext is canonical CSV of its columns (UTF-8, LF, a header line); row n of every group is row n of the
table (docs/capsule-format.md). Columns are written and read side by side in batches; a reader opens only the groups
that it was given keys for.
"""

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import chain, islice
from types import TracebackType
from typing import BinaryIO, Final, Self

from creditzone.kernel.capsule.body import CHUNK, BodySummary, BodyWriter, read_body, summary_of
from creditzone.kernel.capsule.damage import CapsuleDamaged
from creditzone.kernel.documents import CapsuleHeader, ColumnGroup

_NEEDS_QUOTES: Final = re.compile(r'[",\r\n]')
Group = Sequence[str]


def one_column_a_group(names: Sequence[str]) -> list[Group]:
    """The finest grouping: what a policy leaves out, nobody's key opens."""
    return [(name,) for name in names]


def group_file(body: str, group: int) -> str:
    """The name of the file that holds one group's body."""
    return f"{body}.{group}.body"


def group_of(groups: Sequence[ColumnGroup], column: str) -> ColumnGroup:
    """The group that holds a column; raises CapsuleDamaged where none does."""
    for group in groups:
        if column in group.columns:
            return group
    raise CapsuleDamaged("header")


@dataclass(frozen=True)
class SealedGroup:
    """What one group's body is known by, and its columns."""

    columns: tuple[str, ...]
    summary: BodySummary


class ColumnsWriter:
    """Seals a table's columns into one body a group. Use it in a `with` block; nothing is a body before `finish`.

    `open_group(index)` gives the file for a group's body; the files are the caller's to flush and close. `keys` holds
    one content key a group, in order."""

    def __init__(
        self,
        open_group: Callable[[int], BinaryIO],
        keys: Sequence[bytes],
        *,
        groups: Sequence[Group],
        capsule: str,
        body: str,
        chunk_size: int = CHUNK,
    ) -> None:
        self._names = [name for group in groups for name in group]
        if len(set(self._names)) != len(self._names) or len(keys) != len(groups):
            raise ValueError("each column stands in one group, and each group has its key")
        self._groups = [tuple(group) for group in groups]
        with ExitStack() as stack:
            self._bodies = [
                stack.enter_context(
                    BodyWriter(open_group(index), key, capsule=capsule, body=body, group=index, chunk_size=chunk_size)
                )
                for index, key in enumerate(keys)
            ]
            self._open = stack.pop_all()
        self.write([[name] for name in self._names])

    def write(self, columns: Sequence[Sequence[str]]) -> None:
        """Take the next rows, column by column in the order of the groups; all columns are equally long."""
        at = 0
        for group, body in zip(self._groups, self._bodies, strict=True):
            body.write(_csv_of(columns[at : at + len(group)]).encode())
            at += len(group)

    def finish(self) -> list[SealedGroup]:
        """Seal the last chunks and say what each group's body is known by."""
        return [SealedGroup(group, body.finish()) for group, body in zip(self._groups, self._bodies, strict=True)]

    def close(self) -> None:
        """Give the bodies up; without `finish` before it, what was written is none."""
        self._open.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def read_columns(
    open_group: Callable[[int], BinaryIO],
    keys: Mapping[int, bytes],
    header: CapsuleHeader,
    columns: Iterable[str],
    *,
    threads: int = 1,
) -> Iterator[tuple[str, Iterator[list[str]]]]:
    """Each asked column with its cells in batches, one column after the other, in the order asked.

    Every chunk is authenticated before a cell of it is handed out. Raises KeyError for a column whose group's key was
    not given, CapsuleDamaged where anything is not as it was sealed; a batch iterator is read to its end before the
    column counts as whole."""
    for column in columns:
        group = group_of(header.groups, column)
        file = open_group(group.index)
        chunks = read_body(
            file,
            keys[group.index],
            capsule=header.capsule,
            body=header.body,
            group=group.index,
            summary=summary_of(header, group.index),
            threads=threads,
        )
        yield column, _cells(file, chunks, header.rows, group, group.columns.index(column))


def read_table(
    open_group: Callable[[int], BinaryIO],
    keys: Sequence[bytes],
    *,
    groups: Sequence[tuple[ColumnGroup, BodySummary]],
    capsule: str,
    body: str,
    rows: int,
    batch: int = 5000,
) -> Iterator[list[list[str]]]:
    """The whole table in batches of rows, column by column; `keys` holds one a group.

    Every chunk is authenticated before a cell of it is handed out. Raises CapsuleDamaged where anything is not as it
    was sealed; the common digest of several groups is the caller's to check before."""
    columns = []
    for (group, summary), key in zip(groups, keys, strict=True):
        for at in range(len(group.columns)):
            file = open_group(group.index)
            chunks = read_body(file, key, capsule=capsule, body=body, group=group.index, summary=summary)
            columns.append(chain.from_iterable(_cells(file, chunks, rows, group, at)))
    while True:
        cells = [list(islice(column, batch)) for column in columns]
        if len({len(column) for column in cells}) > 1:
            raise CapsuleDamaged("size")
        if not cells[0]:
            return
        yield cells


def _cells(file: BinaryIO, chunks: Iterator[bytes], expected: int, group: ColumnGroup, at: int) -> Iterator[list[str]]:
    width, rows, first = len(group.columns), 0, True
    with file:
        for batch in _records(chunks, width):
            if first and tuple(cells[0] for cells in batch) != group.columns:
                raise CapsuleDamaged("format")
            taken = batch[at][1:] if first else batch[at]
            first = False
            rows += len(taken)
            yield taken
    if rows != expected:
        raise CapsuleDamaged("size")


def _records(chunks: Iterator[bytes], width: int) -> Iterator[list[list[str]]]:
    """The records of a CSV stream in batches, as one list of cells a column; a record cut by a chunk waits."""
    rest = b""
    for chunk in chunks:
        block = rest + chunk
        end = block.rfind(b"\n") + 1
        while end and block.count(b'"', 0, end) % 2:  # that line feed stands inside a quoted cell
            end = block.rfind(b"\n", 0, end - 1) + 1
        block, rest = block[:end], block[end:]
        if block:
            yield _columns_of(block.decode(), width)
    if rest:
        raise CapsuleDamaged("format")


def _columns_of(text: str, width: int) -> list[list[str]]:
    if width == 1 and '"' not in text:
        return [text[:-1].split("\n")]
    cells: list[list[str]] = [[] for _ in range(width)]
    for record in csv.reader(io.StringIO(text, newline="")):
        if len(record) != width:
            raise CapsuleDamaged("format")
        for column, cell in zip(cells, record, strict=True):
            column.append(cell)
    return cells


def _csv_of(columns: Sequence[Sequence[str]]) -> str:
    """Canonical CSV: LF, quotes only where needed; a lone empty cell is written as two quotes."""
    if len(columns) == 1 and columns[0]:
        cells = columns[0]
        joined = "\n".join([cell or '""' for cell in cells] if "" in cells else cells)
        if joined.count("\n") == len(cells) - 1 and not _NEEDS_QUOTES.search("".join(cells)):
            return joined + "\n"
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows(zip(*columns, strict=True))
    return text.getvalue()
