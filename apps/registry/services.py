"""Filling the register: code tables, and the records of an agency. Safe twice; a broken record never enters."""

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from itertools import islice
from pathlib import Path

from django.db import transaction

from apps.ledger.services import append_entry
from apps.registry.models import Enterprise, Industry, Region
from creditzone.kernel.credit.uscc import InvalidUscc, parse_uscc

TABLES = Path(__file__).parent / "data"
HEADER = ("uscc", "name", "industry", "division", "status", "established")
BATCH = 2_000


@dataclass
class Loaded:
    """What a load did: rows taken in, and (line, reason) of each record that was left out."""

    rows: int = 0
    faults: list[tuple[int, str]] = field(default_factory=list)


@transaction.atomic
def load_code_tables() -> tuple[int, int]:
    """Bring industries and divisions to the state of the shipped tables; how many of each there are."""
    industries = [
        Industry(code=row["code"], name=row["name"], level=int(row["level"]), parent_id=row["parent"] or None)
        for row in _read(TABLES / "gbt4754_2017.csv")
    ]
    regions = list(_regions())
    for rows in (industries, regions):
        for level in sorted({row.level for row in rows}):
            _store([row for row in rows if row.level == level], keep=("name", "level", "parent"), key="code")
    return len(industries), len(regions)


@transaction.atomic
def load_register(lines: Iterable[list[str]], *, source: str, as_of: date) -> Loaded:
    """Take in an agency's records (columns of HEADER, which is the first line); one ledger entry for the whole.

    A record whose code, name, status or date cannot be right is left out and named by its line. An older record never
    replaces a newer one."""
    loaded = Loaded()
    rows = iter(lines)
    if tuple(next(rows, ())) != HEADER:
        loaded.faults.append((1, "header"))
        return loaded
    records = _records(rows, loaded, source=source, as_of=as_of)
    while batch := list(islice(records, BATCH)):
        loaded.rows += _store_newer(batch, as_of=as_of)
    append_entry(
        actor=None,
        act="registry.load",
        subject_type="register",
        subject_id=source,
        facts={"rows": loaded.rows, "left_out": len(loaded.faults), "as_of": as_of.isoformat()},
    )
    return loaded


def _records(lines: Iterator[list[str]], loaded: Loaded, *, source: str, as_of: date) -> Iterator[Enterprise]:
    seen: set[str] = set()
    for number, line in enumerate(lines, start=2):
        try:
            record = _record(line, source=source, as_of=as_of)
        except InvalidUscc as invalid:
            loaded.faults.append((number, invalid.reason.value))
            continue
        except ValueError as error:
            loaded.faults.append((number, str(error)))
            continue
        if record.uscc in seen:
            loaded.faults.append((number, "key-repeated"))
            continue
        seen.add(record.uscc)
        yield record


def _record(line: list[str], *, source: str, as_of: date) -> Enterprise:
    """A record of one line; raises InvalidUscc, or ValueError with the reason's code."""
    if len(line) != len(HEADER):
        raise ValueError("column-count")
    code, name, industry, division, status, established = (text.strip() for text in line)
    uscc = parse_uscc(code).code
    if not 0 < len(name) <= 200:
        raise ValueError("name")
    if status not in Enterprise.Status.values:
        raise ValueError("status")
    if len(industry) > 5 or len(division) > 6:
        raise ValueError("code-too-long")
    return Enterprise(
        uscc=uscc,
        name=name,
        industry=industry,
        division=division,
        status=status,
        established=_day(established),
        source=source,
        as_of=as_of,
    )


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise ValueError("date") from None


def _store_newer(batch: list[Enterprise], *, as_of: date) -> int:
    codes = [record.uscc for record in batch]
    newer = set(Enterprise.objects.filter(uscc__in=codes, as_of__gt=as_of).values_list("uscc", flat=True))
    rows = [record for record in batch if record.uscc not in newer]
    _store(rows, keep=("name", "industry", "division", "status", "established", "source", "as_of"), key="uscc")
    return len(rows)


def _store(rows: list, *, keep: tuple[str, ...], key: str) -> None:  # type: ignore[type-arg]
    if rows:
        type(rows[0]).objects.bulk_create(
            rows, update_conflicts=True, update_fields=keep, unique_fields=[key], batch_size=BATCH
        )


def _regions() -> Iterator[Region]:
    for row in _read(TABLES / "gb2260_provinces.csv"):
        yield Region(code=f"{row['code']}0000", name=row["name"], level=1)
    for row in _read(TABLES / "gb2260_cities.csv"):
        yield Region(code=f"{row['code']}00", name=row["name"], level=2, parent_id=f"{row['provinceCode']}0000")
    for row in _read(TABLES / "gb2260_areas.csv"):
        if row["code"] == f"{row['cityCode']}00":
            continue  # a city without counties stands in both tables
        yield Region(code=row["code"], name=row["name"], level=3, parent_id=f"{row['cityCode']}00")


def _read(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)
