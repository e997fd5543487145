"""From a table to a sealed body and a sealed quarantine, row by row, with counts: the same at a node and in a sealer.

Sound rows go column by column into a body with a key a column, others with their reasons into the quarantine. What is
told of them is counts by row, column and reason; nothing plain is kept.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import compress, islice
from typing import Any, BinaryIO, Final

from creditzone.kernel.capsule import ColumnsWriter, Group, body_digest
from creditzone.kernel.credit.codes import notices_of
from creditzone.kernel.credit.uscc import is_person
from creditzone.kernel.domain import Domain, Fault, check_columns, check_header
from creditzone.kernel.intake.seen import Seen
from creditzone.kernel.intake.sources import FileRefused, Row, Table

QUARANTINE_HEADER: Final = ("row", "faults", "cells")
_BATCH: Final = 5000


def measure(table: Table, found: Domain, *, rows: SealedTable, quarantine: SealedTable) -> dict[str, Any]:
    """Place every row of `table`; the counts, and what the two bodies are known by. Raises FileRefused."""
    order = _order_of(found, table)
    count = Count(found)
    sorter = _Sorter(count, order, rows=rows, quarantine=quarantine)
    for batch in _batches(table.rows):
        sorter.place(batch)
    return {
        "encoding": table.encoding,
        "notes": dict(sorted((Counter(table.notes) + count.notes).items())),
        **count.result(),
        "bodies": {"rows": rows.finish(), "quarantine": quarantine.finish()},
    }


class SealedTable:
    """A table that is sealed as it is written, in batches, into one file a column group. Use it in a `with` block.

    `create(group)` gives the new file for a group's body, open for reading and writing; it is closed with the block.
    """

    def __init__(
        self,
        create: Callable[[int], BinaryIO],
        keys: Sequence[bytes],
        groups: Sequence[Group],
        *,
        capsule: str,
        body: str,
    ) -> None:
        self._files: list[BinaryIO] = []
        self._create = create
        self._writer = ColumnsWriter(self._open, keys, groups=groups, capsule=capsule, body=body)

    def write(self, columns: Sequence[Sequence[str]]) -> None:
        """The next rows, column by column."""
        if columns and columns[0]:
            self._writer.write(columns)

    def finish(self) -> dict[str, Any]:
        """What the body is known by; it is durable when this returns."""
        groups = self._writer.finish()
        for file in self._files:
            file.flush()
            os.fsync(file.fileno())
        return {
            "digest": body_digest(self._files),
            "chunk_size": groups[0].summary.chunk_size,
            "groups": [
                {"columns": group.columns, "length": group.summary.length, "chunks": group.summary.chunks}
                for group in groups
            ],
        }

    def _open(self, group: int) -> BinaryIO:
        self._files.append(self._create(group))
        return self._files[-1]

    def __enter__(self) -> SealedTable:
        return self

    def __exit__(self, *_: object) -> None:
        self._writer.close()
        for file in self._files:
            file.close()


class Count:
    """Counts by row, column and reason: numbers only."""

    def __init__(self, found: Domain) -> None:
        self.domain = found
        self._seen = Seen()
        self.accepted = self.quarantined = 0
        self.faults: Counter[str] = Counter()
        self.notes: Counter[str] = Counter()
        self.filled = [0] * len(found.columns)
        self.invalid = [0] * len(found.columns)
        self._at = {name: at for at, name in enumerate(found.names)}

    def cells(self, columns: Sequence[Sequence[str]]) -> None:
        """Which cells of these rows hold something."""
        for at, cells in enumerate(columns):
            self.filled[at] += len(cells) - cells.count("")

    def faults_of(
        self, columns: list[list[str]], stored: dict[int, list[Fault]] | None = None
    ) -> dict[int, list[Fault]]:
        """What is wrong with the next rows: the domain's faults, what `stored` says instead, a person's code, a code
        that stood before. Codes are put into their one form in `columns`."""
        codes, key = columns[self.domain.key_index], self.domain.key
        faults = check_columns(self.domain, columns) | (stored or {})
        named = [row for row in range(len(codes)) if not any(one.column == key for one in faults.get(row, ()))]
        for row in named:
            codes[row] = codes[row].upper()
        stood = self._seen.among([codes[row] for row in named])
        new: dict[str, None] = {}
        for row, is_known in zip(named, stood, strict=True):
            code = codes[row]
            if is_person(code):
                faults.setdefault(row, []).append(Fault(key, "natural-person"))
            elif is_known or code in new:
                faults.setdefault(row, []).append(Fault(key, "key-repeated"))
            elif row not in faults:
                new[code] = None
        self._seen.add(list(new))
        self.notes.update({str(notice): number for notice, number in notices_of(list(new)).items()})
        return faults

    def fault(self, cells: Sequence[str], faults: Sequence[Fault]) -> None:
        """A row that goes to quarantine, and why."""
        for fault in faults:
            at = self._at.get(fault.column, -1)
            if at >= 0 and at < len(cells) and cells[at]:
                self.invalid[at] += 1
        self.faults.update({fault.reason for fault in faults})
        self.quarantined += 1

    def result(self) -> dict[str, Any]:
        columns = [
            {
                "name": column.name,
                "kind": column.type,
                "level": column.level,
                "ground": column.ground,
                "filled": self.filled[at],
                "valid": self.filled[at] - self.invalid[at],
            }
            for at, column in enumerate(self.domain.columns)
        ]
        return {
            "rows": self.accepted + self.quarantined,
            "accepted": self.accepted,
            "quarantined": self.quarantined,
            "faults": sorted(self.faults.items()),
            "columns": columns,
        }


def _order_of(found: Domain, table: Table) -> list[int]:
    """Where each of the domain's columns stands in the file; raises FileRefused for a header that does not fit."""
    faults = check_header(found, table.header)
    if faults:
        reason = faults[0].reason
        names = [fault.column for fault in faults if fault.reason == reason]
        raise FileRefused(reason, columns=", ".join(names[:20]), number=len(names))
    names = [name.strip().lower() for name in table.header]
    return [names.index(name) for name in found.names]


def _batches(rows: Iterator[Row]) -> Iterator[list[Row]]:
    while batch := list(islice(rows, _BATCH)):
        yield batch


class _Sorter:
    """Puts rows where they belong, a batch at a time: sound ones column by column, others into quarantine."""

    def __init__(self, count: Count, order: Sequence[int], *, rows: SealedTable, quarantine: SealedTable) -> None:
        self._count, self._order = count, order
        self._rows, self._quarantine = rows, quarantine

    def place(self, batch: Sequence[Row]) -> None:
        """Place some rows; those of another width than the header's are no rows of the table."""
        whole = [row for row in batch if len(row[1]) == len(self._order)]
        columns = self._columns_of(whole)
        self._count.cells(columns)
        faults = self._faults_of(whole, columns)
        for row, found in faults.items():
            self._count.fault([column[row] for column in columns], found)
        self._count.accepted += len(whole) - len(faults)
        is_sound = [row not in faults for row in range(len(whole))] if faults else []
        self._rows.write([list(compress(column, is_sound)) for column in columns] if faults else columns)
        self._set_aside(batch, {whole[row][0]: found for row, found in faults.items()})

    def _columns_of(self, rows: Sequence[Row]) -> list[list[str]]:
        """The cells in the domain's order, blanks around them forgiven."""
        if not rows:
            return [[] for _ in self._order]
        as_written = list(zip(*(cells for _, cells, _ in rows), strict=True))
        return [list(map(str.strip, as_written[at])) for at in self._order]

    def _faults_of(self, rows: Sequence[Row], columns: list[list[str]]) -> dict[int, list[Fault]]:
        """The domain's faults and ours, among them a code that was stored as a number."""
        stored = {row: numbers for row, (_, _, odd) in enumerate(rows) if odd and (numbers := self._numbers(odd))}
        return self._count.faults_of(columns, stored)

    def _numbers(self, odd: Sequence[int]) -> list[Fault]:
        columns = self._count.domain.columns
        places = [at for at, place in enumerate(self._order) if place in odd]
        return [Fault(columns[at].name, "code-as-number") for at in places if columns[at].type == "code"]

    def _set_aside(self, batch: Sequence[Row], faults: dict[int, list[Fault]]) -> None:
        """The rows of the batch that have faults, as they came and in their order, into quarantine."""
        lines = []
        for number, cells, _ in batch:
            if len(cells) != len(self._order):
                found = [Fault("", "column-count")]
                self._count.fault((), found)
            elif number in faults:
                found = faults[number]
            else:
                continue
            said = json.dumps([[fault.column, fault.reason] for fault in found])
            lines.append((str(number), said, json.dumps(list(cells), ensure_ascii=False)))
        self._quarantine.write(list(zip(*lines, strict=True)))
