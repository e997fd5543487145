"""The shape of a domain's file, read once and strictly: a file that contradicts itself stops the program."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

ColumnType = Literal["code", "decimal", "integer", "text", "date"]
Ground = Literal["public_disclosure", "firm_authorisation", "person_consent", "statutory_duty"]

GROUNDS: dict[str, dict[str, str]] = {
    "public_disclosure": {"zh": "依法公示", "en": "public by law"},
    "firm_authorisation": {"zh": "企业授权", "en": "authorised by the firm"},
    "person_consent": {"zh": "个人单独同意", "en": "separate consent of the person"},
    "statutory_duty": {"zh": "法定职责", "en": "statutory duty"},
}
UNITS: dict[str, dict[str, str]] = {
    "": {"zh": "", "en": ""},
    "ratio": {"zh": "比率", "en": "ratio"},
    "days": {"zh": "天", "en": "days"},
    "times": {"zh": "次", "en": "times"},
}


class UnknownDomain(KeyError):
    """No domain has this id."""


class Column(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One column (数据项). `min` and `max` are inclusive; `level` is that of 一般数据, 1 to 4."""

    name: Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]{0,59}$")]
    zh: str
    en: str
    type: ColumnType
    unit: Literal["", "ratio", "days", "times"] = ""
    min: str | None = None
    max: str | None = None
    max_length: int | None = None
    required: bool = False
    ground: Ground
    level: Annotated[int, Meta(ge=1, le=4)]

    def label(self, language: str) -> str:
        """The column's name for a reader of "zh" or "en"."""
        return self.zh if language.startswith("zh") else self.en


class Domain(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A data domain (数据域): its columns in the order of the canonical file, keyed by `key`.

    Rows of a `derived` one are made by a node of a result; nobody uploads them."""

    id: str
    version: int
    zh: str
    en: str
    about_zh: str
    about_en: str
    key: str
    derived: bool = False
    columns: tuple[Column, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The columns' names, in order: the header of a file of this domain."""
        return tuple(column.name for column in self.columns)

    @property
    def key_index(self) -> int:
        """Where the key column stands."""
        return self.names.index(self.key)

    @property
    def level(self) -> int:
        """A set takes its highest column's level (就高从严)."""
        return max(column.level for column in self.columns)

    @property
    def bears_authorisations(self) -> bool:
        """Whether rows carry the number, digest and expiry of an authorisation."""
        return "authorisation_expiry" in self.names

    def column(self, name: str) -> Column:
        """The column with this name; KeyError where there is none."""
        for found in self.columns:
            if found.name == name:
                return found
        raise KeyError(name)

    def label(self, language: str) -> str:
        """The domain's name for a reader of "zh" or "en"."""
        return self.zh if language.startswith("zh") else self.en


def domain(id: str) -> Domain:
    """The domain with this id; raises UnknownDomain."""
    try:
        return domains()[id]
    except KeyError:
        raise UnknownDomain(id) from None


@cache
def domains() -> dict[str, Domain]:
    """Every domain that ships, by id."""
    found: dict[str, Domain] = {}
    for entry in sorted(files(__package__).iterdir(), key=lambda path: path.name):
        if entry.name.endswith(".json"):
            read = parse_domain(entry.read_bytes())
            if f"{read.id}.json" != entry.name:
                raise ValueError(f"{entry.name}: the file is named for its domain's id")
            found[read.id] = read
    return found


def say_column(name: str, language: str) -> str:
    """A column's name for people, of whichever domain; an unknown one is shown as it stands."""
    zh, en = _labels().get(name, (name, name))
    return zh if language == "zh" else en


@cache
def _labels() -> dict[str, tuple[str, str]]:
    return {column.name: (column.zh, column.en) for found in domains().values() for column in found.columns}


def parse_domain(data: bytes) -> Domain:
    """Read a domain's file. Raises ValueError (msgspec's is one) where it contradicts itself."""
    read = msgspec.json.decode(data, type=Domain)
    names = read.names
    if len(set(names)) != len(names) or read.key not in names:
        raise ValueError(f"{read.id}: column names are unique and the key is among them")
    key = read.column(read.key)
    if key.type != "code" or not key.required:
        raise ValueError(f"{read.id}: the key is a required code")
    for column in read.columns:
        _require_sound(read.id, column)
    return read


def _require_sound(owner: str, column: Column) -> None:
    where = f"{owner}.{column.name}"
    bounds = [bound for bound in (column.min, column.max) if bound is not None]
    if bounds and column.type not in ("decimal", "integer"):
        raise ValueError(f"{where}: only numbers have a range")
    if any(not re.fullmatch(r"-?\d+(\.\d+)?", bound) for bound in bounds):
        raise ValueError(f"{where}: bounds are decimal text")
    if (column.max_length is not None) != (column.type == "text"):
        raise ValueError(f"{where}: texts, and only texts, have a greatest length")
