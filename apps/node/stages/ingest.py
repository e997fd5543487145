"""Stage: check an upload against its domain, rows straight into a sealed body, bad rows into a sealed quarantine.

Task: {"folder", "upload", "key", "kind", "domain", "dataset", "rows": {"folder", "body", "keys"}, "quarantine": {…}};
rows have a key a column, quarantine has one. Events: progress (percent), refused (code, facts: the file as a whole).
Result: counts by row, column and reason, and what the two bodies are known by. Nothing plain is written anywhere.
"""

from __future__ import annotations

import json
import os
import resource
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from itertools import compress, islice
from pathlib import Path
from typing import Any, BinaryIO, Final

from apps.node import uploads
from apps.node.stages.sources import FileRefused, Row, Table, open_table
from creditzone.kernel.capsule import ColumnsWriter, Group, body_digest, group_file, one_column_a_group
from creditzone.kernel.credit.codes import notices_of
from creditzone.kernel.credit.uscc import is_person
from creditzone.kernel.domain import Domain, Fault, check_columns, check_header, domain
from creditzone.kernel.engine.faults import EngineFault
from creditzone.kernel.engine.stage import Emit, serve
from creditzone.kernel.sm.sm4 import AuthenticationError

MEMORY: Final = 4 << 30
QUARANTINE_HEADER: Final = ("row", "faults", "cells")
_BATCH: Final = 5000


def work(task: dict[str, Any], emit: Emit) -> dict[str, Any]:
    """Measure one upload."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    try:
        return _measure(task, emit)
    except FileRefused as refusal:
        emit({"event": "refused", "code": refusal.code, "facts": refusal.facts})
    except AuthenticationError:
        emit({"event": "refused", "code": "upload-damaged", "facts": {}})
    except MemoryError:
        emit({"event": "refused", "code": "memory", "facts": {}})
    raise EngineFault("stopped")


def _measure(task: dict[str, Any], emit: Emit) -> dict[str, Any]:
    read = _Progress(task, emit)
    table = open_table(read.pieces, kind=task["kind"])
    found = domain(task["domain"])
    order = _order_of(found, table)
    with ExitStack() as stack:
        rows = stack.enter_context(_Sealed(task["rows"], one_column_a_group(found.names), dataset=task["dataset"]))
        quarantine = stack.enter_context(_Sealed(task["quarantine"], [QUARANTINE_HEADER], dataset=task["dataset"]))
        count = _Count(found)
        sorter = _Sorter(count, order, rows=rows, quarantine=quarantine)
        for batch in _batches(table.rows):
            sorter.place(batch)
        return {
            "encoding": table.encoding,
            "notes": dict(sorted((Counter(table.notes) + count.notes).items())),
            **count.result(),
            "bodies": {"rows": rows.finish(), "quarantine": quarantine.finish()},
        }


class _Progress:
    """The upload's bytes, again and again; how far the last reading came is told in percent."""

    def __init__(self, task: dict[str, Any], emit: Emit) -> None:
        self._folder, self._key = Path(task["folder"]), bytes.fromhex(task["key"])
        self._upload, self._emit = task["upload"], emit
        self._total = max(1, len(list(self._folder.glob("*.piece"))))

    def pieces(self) -> Iterator[bytes]:
        for done, piece in enumerate(uploads.pieces(self._folder, self._key, upload=self._upload)):
            self._emit({"event": "progress", "percent": 100 * done // self._total})
            yield piece


class _Sealed:
    """A table that is sealed as it is written, in batches, into one file a column group."""

    def __init__(self, place: dict[str, Any], groups: Sequence[Group], *, dataset: str) -> None:
        self._folder, self._body = Path(place["folder"]), place["body"]
        self._files: list[BinaryIO] = []
        keys = [bytes.fromhex(key) for key in place["keys"]]
        self._writer = ColumnsWriter(self._create, keys, groups=groups, capsule=dataset, body=self._body)

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

    def _create(self, group: int) -> BinaryIO:
        path = self._folder / group_file(self._body, group)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        self._files.append(os.fdopen(descriptor, "w+b"))
        return self._files[-1]

    def __enter__(self) -> _Sealed:
        return self

    def __exit__(self, *_: object) -> None:
        self._writer.close()
        for file in self._files:
            file.close()


class _Count:
    """Counts by row, column and reason: numbers only."""

    def __init__(self, found: Domain) -> None:
        self.domain = found
        self.seen: set[int] = set()
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

    def __init__(self, count: _Count, order: Sequence[int], *, rows: _Sealed, quarantine: _Sealed) -> None:
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
        """The domain's faults and ours: a code stored as a number, a person's code, a code that stood before.

        Codes are put into their one form in `columns`."""
        count, key = self._count, self._count.domain.key_index
        faults = check_columns(count.domain, columns)
        for row, (_, _, odd) in enumerate(rows):
            if odd and (numbers := self._numbers(odd)):
                faults[row] = numbers
        codes = columns[key]
        new: list[str] = []
        for row, text in enumerate(codes):
            found = faults.get(row)
            if found and any(fault.column == count.domain.key for fault in found):
                continue
            code = codes[row] = text.upper()
            if is_person(code):
                faults.setdefault(row, []).append(Fault(count.domain.key, "natural-person"))
            elif (place := int(code, 36)) in count.seen:
                faults.setdefault(row, []).append(Fault(count.domain.key, "key-repeated"))
            elif not found:
                count.seen.add(place)
                new.append(code)
        count.notes.update({str(notice): number for notice, number in notices_of(new).items()})
        return faults

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


if __name__ == "__main__":
    serve(work)
