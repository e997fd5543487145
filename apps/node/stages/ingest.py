"""Stage: check an upload against its domain, rows straight into a sealed body, bad rows into a sealed quarantine.

Task: {"folder", "upload", "key", "kind", "domain", "dataset", "rows": {"folder", "body", "keys"}, "quarantine": {…}};
rows have a key a column, quarantine has one. Events: progress (percent), refused (code, facts: the file as a whole).
Result: counts by row, column and reason, and what the two bodies are known by. Nothing plain is written anywhere.
"""

from __future__ import annotations

import os
import resource
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO, Final

from apps.node import uploads
from creditzone.kernel.capsule import Group, group_file, one_column_a_group
from creditzone.kernel.domain import domain
from creditzone.kernel.engine.faults import EngineFault
from creditzone.kernel.engine.stage import Emit, serve
from creditzone.kernel.intake.measure import QUARANTINE_HEADER, SealedTable, measure
from creditzone.kernel.intake.sources import FileRefused, open_table
from creditzone.kernel.sm.sm4 import AuthenticationError

MEMORY: Final = 4 << 30
Work = Callable[[dict[str, Any], Emit], dict[str, Any]]


def work(task: dict[str, Any], emit: Emit) -> dict[str, Any]:
    """Measure one upload."""
    return within_memory(_measure, task, emit)


def within_memory(measured: Work, task: dict[str, Any], emit: Emit) -> dict[str, Any]:
    """Do the work within the memory that a child may take; what is wrong with the upload is told, once."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    try:
        return measured(task, emit)
    except FileRefused as refusal:
        emit({"event": "refused", "code": refusal.code, "facts": refusal.facts})
    except AuthenticationError:
        emit({"event": "refused", "code": "upload-damaged", "facts": {}})
    except MemoryError:
        emit({"event": "refused", "code": "memory", "facts": {}})
    raise EngineFault("stopped")


def _measure(task: dict[str, Any], emit: Emit) -> dict[str, Any]:
    table = open_table(_Progress(task, emit).pieces, kind=task["kind"])
    found = domain(task["domain"])
    with (
        _sealed(task, "rows", one_column_a_group(found.names)) as rows,
        _sealed(task, "quarantine", [QUARANTINE_HEADER]) as quarantine,
    ):
        return measure(table, found, rows=rows, quarantine=quarantine)


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


def _sealed(task: dict[str, Any], kind: str, groups: Sequence[Group]) -> SealedTable:
    place = task[kind]

    def create(group: int) -> BinaryIO:
        path = Path(place["folder"]) / group_file(place["body"], group)
        return os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600), "w+b")

    keys = [bytes.fromhex(key) for key in place["keys"]]
    return SealedTable(create, keys, groups, capsule=task["dataset"], body=place["body"])


if __name__ == "__main__":
    serve(work)
