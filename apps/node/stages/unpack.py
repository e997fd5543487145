"""Stage: take the bodies out of a sealed package, open every chunk of them once, and check the rows again.

Task: {"folder", "upload", "key", "keys": {"sound": [...], "quarantine": ...}}; the bodies are laid beside the upload's
pieces as they came, sealed. Events: progress (percent), refused (code, facts). Result: as that of the ingest stage.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

from apps.node import uploads
from apps.node.stages.ingest import within_memory
from creditzone.kernel.capsule import CapsuleDamaged, body_digest, group_file, read_table
from creditzone.kernel.capsule.package import bodies_in, read_head, summary_in
from creditzone.kernel.documents import Package, PackedBody
from creditzone.kernel.domain import domain
from creditzone.kernel.engine.stage import Emit, serve
from creditzone.kernel.intake.recheck import Batch, recheck, require_form
from creditzone.kernel.intake.sources import FileRefused


def work(task: dict[str, Any], emit: Emit) -> dict[str, Any]:
    """Unpack and check one package."""
    return within_memory(_unpacked, task, emit)


def _unpacked(task: dict[str, Any], emit: Emit) -> dict[str, Any]:
    try:
        return _checked(task, emit)
    except CapsuleDamaged:
        raise FileRefused("package-damaged") from None


def _checked(task: dict[str, Any], emit: Emit) -> dict[str, Any]:
    folder = Path(task["folder"])
    key = bytes.fromhex(task["key"])
    package = _laid_out(folder, uploads.pieces(folder, key, upload=task["upload"]))
    found = domain(package.domain)
    require_form(package, found)
    sound, quarantine = ([bytes.fromhex(key) for key in task["keys"][kind]] for kind in ("sound", "quarantine"))
    rows = _rows(folder, package.dataset, package.sound, sound, rows=package.accepted)
    return recheck(
        package,
        found,
        sound=_told(rows, package.accepted, emit),
        quarantine=_rows(folder, package.dataset, package.quarantine, quarantine, rows=package.quarantined),
    )


def _told(batches: Iterator[Batch], rows: int, emit: Emit) -> Iterator[Batch]:
    """The batches as they come; how many of the rows have come is told in percent."""
    done = 0
    for batch in batches:
        yield batch
        done += len(batch[0])
        emit({"event": "progress", "percent": 100 * done // rows})


def _laid_out(folder: Path, pieces: Iterator[bytes]) -> Package:
    """Write each body of the package into a file of its own, as it came; the package's document."""
    first = next(pieces)
    package, at = read_head(first)
    rest = memoryview(first)[at:]
    for packed, group, size in bodies_in(package):
        with _created(folder / group_file(packed.body, group)) as file:
            left = size
            while left:
                rest = rest or memoryview(next(pieces, b""))
                if not rest:
                    raise CapsuleDamaged("size")
                written = file.write(rest[:left])
                rest, left = rest[written:], left - written
            os.fsync(file.fileno())
    if rest or any(islice(pieces, 1)):
        raise CapsuleDamaged("size")
    return package


def _created(path: Path) -> BinaryIO:
    return os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600), "w+b")


def _rows(folder: Path, dataset: str, packed: PackedBody, keys: list[bytes], *, rows: int) -> Iterator[Batch]:
    """A body's rows in batches, once its digest was seen to be the package's."""
    files = [(folder / group_file(packed.body, group.index)).open("rb") for group in packed.groups]
    try:
        if body_digest(files) != packed.digest:
            raise CapsuleDamaged("digest")
    finally:
        for file in files:
            file.close()
    return read_table(
        lambda group: (folder / group_file(packed.body, group)).open("rb"),
        keys,
        groups=[(group, summary_in(packed, group.index)) for group in packed.groups],
        capsule=dataset,
        body=packed.body,
        rows=rows,
    )


if __name__ == "__main__":
    serve(work)
