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
from pathlib import Path
from typing import Any, BinaryIO, Final

from apps.node import uploads
from apps.node.stages.sources import FileRefused, Table, open_table
from creditzone.kernel.capsule import ColumnsWriter, Group, body_digest, group_file, one_column_a_group
from creditzone.kernel.credit.uscc import InvalidUscc, is_person, parse_uscc
from creditzone.kernel.domain import Domain, Fault, check_header, check_row, domain
from creditzone.kernel.engine.faults import EngineFault
from creditzone.kernel.engine.stage import Emit, serve
from creditzone.kernel.sm.sm4 import AuthenticationError

MEMORY: Final = 4 << 30
QUARANTINE_HEADER: Final = ("row", "faults", "cells")
_BATCH: Final = 2000


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
        for number, cells, odd in table.rows:
            _place(count, number, cells, odd, order=order, rows=rows, quarantine=quarantine)
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
    """A table that is sealed as it is written, in batches of rows, into one file a column group."""

    def __init__(self, place: dict[str, Any], groups: Sequence[Group], *, dataset: str) -> None:
        self._folder, self._body = Path(place["folder"]), place["body"]
        self._files: list[BinaryIO] = []
        keys = [bytes.fromhex(key) for key in place["keys"]]
        self._writer = ColumnsWriter(self._create, keys, groups=groups, capsule=dataset, body=self._body)
        self._waiting: list[Sequence[str]] = []

    def write(self, row: Sequence[str]) -> None:
        self._waiting.append(row)
        if len(self._waiting) >= _BATCH:
            self._flush()

    def finish(self) -> dict[str, Any]:
        """What the body is known by; it is durable when this returns."""
        self._flush()
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

    def _flush(self) -> None:
        if self._waiting:
            self._writer.write(list(zip(*self._waiting, strict=True)))
            self._waiting.clear()

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

    def row(self, cells: Sequence[str], faults: Sequence[Fault]) -> None:
        for at, cell in enumerate(cells):
            if cell:
                self.filled[at] += 1
        for fault in faults:
            at = self._at.get(fault.column, -1)
            if at >= 0 and at < len(cells) and cells[at]:
                self.invalid[at] += 1
        self.faults.update({fault.reason for fault in faults})

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


def _place(
    count: _Count,
    number: int,
    cells: Sequence[str],
    odd: Sequence[int],
    *,
    order: Sequence[int],
    rows: _Sealed,
    quarantine: _Sealed,
) -> None:
    """Put one row where it belongs."""
    if len(cells) != len(order):
        count.row((), [Fault("", "column-count")])
        ordered: list[str] = []
        faults = [Fault("", "column-count")]
    else:
        ordered = [cells[at].strip() for at in order]
        faults = _faults_of(count, ordered, [at for at, place in enumerate(order) if place in odd])
        count.row(ordered, faults)
    if faults:
        count.quarantined += 1
        said = [[fault.column, fault.reason] for fault in faults]
        quarantine.write((str(number), json.dumps(said), json.dumps(list(cells), ensure_ascii=False)))
        return
    count.accepted += 1
    rows.write(ordered)


def _faults_of(count: _Count, row: list[str], odd: Sequence[int]) -> list[Fault]:
    """The domain's faults and ours: a code stored as a number, a person's code, a code that stood before."""
    found, key = count.domain, count.domain.key_index
    numbers = [Fault(found.columns[at].name, "code-as-number") for at in odd if found.columns[at].type == "code"]
    if numbers:
        return numbers
    faults = check_row(found, row)
    if any(fault.column == found.key for fault in faults):
        return faults
    try:
        code = parse_uscc(row[key])
    except InvalidUscc as error:
        return [*faults, Fault(found.key, error.reason.value)]
    row[key] = code.code
    if is_person(code.code):
        return [*faults, Fault(found.key, "natural-person")]
    if (place := int(code.code, 36)) in count.seen:
        return [*faults, Fault(found.key, "key-repeated")]
    if not faults:
        count.seen.add(place)
        count.notes.update(str(warning) for warning in code.warnings)
    return faults


if __name__ == "__main__":
    serve(work)
