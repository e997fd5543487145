"""From a file of rows to a sealed package. What touches a disk, at any moment, is ciphertext."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, Final

import msgspec

from creditzone.kernel.capsule import group_file, new_content_key, one_column_a_group
from creditzone.kernel.capsule.package import bodies_in, head_of, with_keys
from creditzone.kernel.documents import Card, ColumnGroup, ColumnQuality, Package, PackedBody, new_id, now_ms
from creditzone.kernel.domain import Domain
from creditzone.kernel.intake.measure import QUARANTINE_HEADER, SealedTable, measure
from creditzone.kernel.intake.sources import FileRefused, open_table
from creditzone.kernel.sm.sm2 import PublicKey

_PIECE: Final = 8 << 20
LIMITS: Final[dict[str, int]] = {"csv": 1 << 30, "xlsx": 200 << 20, "parquet": 200 << 20}
Read = Callable[[int], None]


def pack(source: Path, output: Path, *, found: Domain, card: Card, organisation: str, on_read: Read) -> Package:
    """Check and seal `source` for the node of `card` into `output`, which appears only when it is whole.

    `on_read` is told how far each reading of the file has come, in bytes. Raises FileRefused, OSError."""
    kind = source.suffix.removeprefix(".").lower()
    if kind not in LIMITS:
        raise FileRefused("unknown-format")
    if source.stat().st_size > LIMITS[kind]:
        raise FileRefused("file-too-large", limit=LIMITS[kind] >> 20)
    with _workshop(output) as folder:
        package = _sealed(source, kind, folder, found=found, card=card, organisation=organisation, on_read=on_read)
        whole = folder / "whole"
        with whole.open("wb") as target:
            target.write(head_of(package))
            for packed, group, _ in bodies_in(package):
                part = folder / group_file(packed.body, group)
                with part.open("rb") as body:
                    shutil.copyfileobj(body, target, _PIECE)
                part.unlink()
            target.flush()
            os.fsync(target.fileno())
        whole.replace(output)
    return package


def _sealed(
    source: Path, kind: str, folder: Path, *, found: Domain, card: Card, organisation: str, on_read: Read
) -> Package:
    dataset, sound, quarantine = new_id(), new_id(), new_id()
    keys = [new_content_key() for _ in found.names]
    quarantine_key = new_content_key()
    table = open_table(lambda: _pieces(source, on_read), kind=kind)
    rows = SealedTable(_into(folder, sound), keys, one_column_a_group(found.names), capsule=dataset, body=sound)
    aside = SealedTable(
        _into(folder, quarantine), [quarantine_key], [QUARANTINE_HEADER], capsule=dataset, body=quarantine
    )
    with rows, aside:
        counted = measure(table, found, rows=rows, quarantine=aside)
    public = PublicKey.from_hex(card.encryption_key)
    package = Package(
        zone=card.zone,
        organisation=organisation,
        node=card.organisation,
        key="",
        dataset=dataset,
        domain=found.id,
        domain_version=found.version,
        encoding=counted["encoding"],
        rows=counted["rows"],
        accepted=counted["accepted"],
        quarantined=counted["quarantined"],
        faults=tuple((code, number) for code, number in counted["faults"]),
        notes=tuple(sorted(counted["notes"].items())),
        columns=tuple(msgspec.convert(column, ColumnQuality) for column in counted["columns"]),
        sound=_packed(sound, counted["bodies"]["rows"]),
        quarantine=_packed(quarantine, counted["bodies"]["quarantine"]),
        sealed_at=now_ms(),
        keys="",
    )
    return with_keys(package, [*keys, quarantine_key], public)


def _packed(body: str, known_by: dict[str, Any]) -> PackedBody:
    groups = tuple(ColumnGroup(index=index, **group) for index, group in enumerate(known_by["groups"]))
    return PackedBody(body=body, digest=known_by["digest"], chunk_size=known_by["chunk_size"], groups=groups)


def _pieces(source: Path, on_read: Read) -> Iterator[bytes]:
    done = 0
    with source.open("rb") as file:
        while piece := file.read(_PIECE):
            yield piece
            done += len(piece)
            on_read(done)


def _into(folder: Path, body: str) -> Callable[[int], BinaryIO]:
    def create(group: int) -> BinaryIO:
        path = folder / group_file(body, group)
        return os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600), "w+b")

    return create


@contextmanager
def _workshop(output: Path) -> Iterator[Path]:
    """A folder of our own beside the output, on the same disk, gone at the end whatever happens."""
    folder = output.with_name(f".{output.name}.{os.getpid()}")
    folder.mkdir(mode=0o700)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
