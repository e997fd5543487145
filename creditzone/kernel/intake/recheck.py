"""What a sealed package says of its rows, checked again by the lines that would have checked the file itself."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from typing import Any, Final

import msgspec

from creditzone.kernel.documents import ColumnQuality, Package, PackedBody
from creditzone.kernel.domain import Domain
from creditzone.kernel.intake.measure import QUARANTINE_HEADER, Count
from creditzone.kernel.intake.sources import ENCODINGS, FileRefused
from creditzone.kernel.intake.words import is_fault, is_note

Batch = list[list[str]]
_OF_DOMAIN: Final = ("name", "kind", "level", "ground")


def require_form(package: Package, found: Domain) -> None:
    """Raise FileRefused unless the package speaks of this very domain, in words that are known here."""
    if package.domain_version != found.version or _shape_of(package) != [(name,) for name in found.names]:
        raise FileRefused("package-domain", domain=found.id, version=found.version)
    known = Count(found).result()["columns"]
    said = [{name: getattr(column, name) for name in _OF_DOMAIN} for column in package.columns]
    if said != [{name: column[name] for name in _OF_DOMAIN} for column in known]:
        raise FileRefused("package-domain", domain=found.id, version=found.version)
    words = [is_fault(code) for code, _ in package.faults] + [is_note(code) for code, _ in package.notes]
    quarantine = [group.columns for group in package.quarantine.groups]
    if not all(words) or package.encoding not in ENCODINGS or quarantine != [QUARANTINE_HEADER]:
        raise FileRefused("package-counts", what="words")


def _shape_of(package: Package) -> list[tuple[str, ...]]:
    return [group.columns for group in package.sound.groups]


def recheck(package: Package, found: Domain, *, sound: Iterable[Batch], quarantine: Iterable[Batch]) -> dict[str, Any]:
    """Read both tables of a package to their end; its counts, once they are seen to be right.

    Raises FileRefused: "package-rows" with the first batch that holds a row that is not sound, "package-counts"."""
    count = Count(found)
    for columns in sound:
        _require_sound(count, columns)
    faults = _faults_in(quarantine, found)
    for said, counted, what in (
        (package.accepted, count.accepted, "accepted"),
        (package.quarantined, sum(faults.values()), "quarantined"),
        (package.rows, count.accepted + sum(faults.values()), "rows"),
        (dict(package.faults), _by_reason(faults), "faults"),
        ([column.name for column in package.columns if not _is_possible(column, package, count)], [], "columns"),
    ):
        if said != counted:
            raise FileRefused("package-counts", what=what)
    return {
        "encoding": package.encoding,
        "notes": dict(package.notes),
        "rows": package.rows,
        "accepted": package.accepted,
        "quarantined": package.quarantined,
        "faults": [list(pair) for pair in package.faults],
        "columns": msgspec.to_builtins(package.columns),
        "bodies": {"rows": _known_by(package.sound), "quarantine": _known_by(package.quarantine)},
    }


def _known_by(packed: PackedBody) -> dict[str, Any]:
    groups = [{"columns": one.columns, "length": one.length, "chunks": one.chunks} for one in packed.groups]
    return {"digest": packed.digest, "chunk_size": packed.chunk_size, "groups": groups}


def _require_sound(count: Count, columns: Batch) -> None:
    """Every cell as a node would have written it, every row without a fault."""
    before = [list(column) for column in columns]
    stripped = [list(map(str.strip, column)) for column in columns]
    if count.faults_of(stripped) or stripped != before:
        raise FileRefused("package-rows", row=count.accepted + 1)
    count.cells(columns)
    count.accepted += len(columns[0])


def _faults_in(quarantine: Iterable[Batch], found: Domain) -> Counter[tuple[str, ...]]:
    """How many rows of the quarantine have which reasons."""
    faults: Counter[tuple[str, ...]] = Counter()
    for numbers, said, cells in quarantine:
        for number, reasons, row in zip(numbers, said, cells, strict=True):
            try:
                named = msgspec.json.decode(reasons, type=list[tuple[str, str]])
                is_whole = number.isdecimal() and bool(named) and isinstance(json.loads(row), list)
            except ValueError:
                raise FileRefused("package-counts", what="quarantine") from None
            if not is_whole or not all(is_fault(code) and name in ("", *found.names) for name, code in named):
                raise FileRefused("package-counts", what="quarantine")
            faults[tuple(sorted({code for _, code in named}))] += 1
    return faults


def _by_reason(faults: Counter[tuple[str, ...]]) -> dict[str, int]:
    counted: Counter[str] = Counter()
    for reasons, number in faults.items():
        counted.update(dict.fromkeys(reasons, number))
    return dict(counted)


def _is_possible(column: ColumnQuality, package: Package, count: Count) -> bool:
    """The cells of quarantined rows stand in the order of a file that is not here: they bound what may be said."""
    sound = count.filled[count.domain.names.index(column.name)]
    return sound <= column.valid <= column.filled <= sound + package.quarantined
