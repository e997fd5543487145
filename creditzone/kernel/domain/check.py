"""Checks of a header and of rows against a domain. A fault names column and reason, never the value."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import date
from functools import cache
from typing import NamedTuple

from creditzone.kernel.credit.uscc import SENTENCES as USCC_SENTENCES
from creditzone.kernel.credit.uscc import InvalidUscc, parse_uscc
from creditzone.kernel.domain.model import Column, Domain

_DECIMAL = re.compile(r"[+-]?(\d{1,18}(\.\d{0,18})?|\.\d{1,18})([eE][+-]?\d{1,2})?")
_INTEGER = re.compile(r"[+-]?\d{1,18}")
_IN_INTEGERS = frozenset("0123456789+-")
_IN_DECIMALS = _IN_INTEGERS | {"."}
_DIGITS = 18
_DATE = re.compile(r"(\d{4})-(\d{2})-(\d{2})")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")

_WORDS: dict[str, dict[str, str]] = {
    "column-count": {
        "zh": "列数与表头不一致。",
        "en": "The row has another number of columns than the header.",
    },
    "header-duplicate": {"zh": "表头有重复的列名。", "en": "A column's name stands twice in the header."},
    "header-unknown": {
        "zh": "表头有本数据域没有的列。",
        "en": "The header has a column that the domain does not know.",
    },
    "header-missing": {"zh": "表头缺少本数据域的列。", "en": "The header lacks a column of the domain."},
    "required": {"zh": "必填项为空。", "en": "A required value is empty."},
    "number": {"zh": "不是数字。", "en": "This is not a number."},
    "integer": {"zh": "不是整数。", "en": "This is not a whole number."},
    "date": {"zh": "不是有效日期（应为 YYYY-MM-DD）。", "en": "This is not a date (YYYY-MM-DD)."},
    "too-small": {"zh": "低于允许的最小值。", "en": "Below the least value allowed."},
    "too-large": {"zh": "高于允许的最大值。", "en": "Above the greatest value allowed."},
    "too-long": {"zh": "超过允许的长度。", "en": "Longer than allowed."},
    "control-character": {"zh": "含有控制字符。", "en": "Holds a control character."},
    "key-repeated": {
        "zh": "统一社会信用代码在文件中重复。",
        "en": "The code stands in an earlier row already.",
    },
}

REASONS: dict[str, dict[str, str]] = _WORDS | {reason.value: words for reason, words in USCC_SENTENCES.items()}
"""Every reason a fault can have, with its sentences."""


class Fault(NamedTuple):
    """What is wrong in one column of a row; `column` is empty where the row as a whole is wrong."""

    column: str
    reason: str


def sentence_of(reason: str, language: str) -> str:
    """A fault's reason for a reader of "zh" or "en". KeyError for a reason that does not exist."""
    return REASONS[reason]["zh" if language.startswith("zh") else "en"]


def check_header(domain: Domain, header: Sequence[str]) -> list[Fault]:
    """What is wrong with a file's header. Order is free; each column stands in it once, none beside."""
    names = [name.strip().lower() for name in header]
    known = set(domain.names)
    faults = [Fault(name, "header-duplicate") for name in dict.fromkeys(names) if names.count(name) > 1]
    faults += [Fault(name[:60], "header-unknown") for name in dict.fromkeys(names) if name not in known]
    faults += [Fault(name, "header-missing") for name in domain.names if name not in names]
    return faults


def check_row(domain: Domain, row: Sequence[str]) -> list[Fault]:
    """What is wrong with a row whose fields stand in the domain's order; an empty list for a sound one.

    A field is taken as it is, blanks around it forgiven. An empty field is a missing value.
    """
    checks = _checks(domain)
    if len(row) != len(checks):
        return [Fault("", "column-count")]
    faults = []
    for (name, check), text in zip(checks, row, strict=True):
        reason = check(text)
        if reason is not None:
            faults.append(Fault(name, reason))
    return faults


def check_columns(domain: Domain, columns: Sequence[Sequence[str]]) -> dict[int, list[Fault]]:
    """What `check_row` says of each row that has faults, for rows that stand here column by column.

    A column that is sound as a whole is seen to be so in one look; only another one is checked cell by cell."""
    faults: dict[int, list[Fault]] = {}
    for column, (name, check), cells in zip(domain.columns, _checks(domain), columns, strict=True):
        if not _is_sound(column, cells):
            for row, text in enumerate(cells):
                if (reason := check(text)) is not None:
                    faults.setdefault(row, []).append(Fault(name, reason))
    return faults


def _is_sound(column: Column, cells: Sequence[str]) -> bool:
    """Whether all cells pass, seen at once; False may also mean that only the single look can tell."""
    filled = [cell for cell in cells if cell]
    if column.required and len(filled) < len(cells):
        return False
    match column.type:
        case "code":
            from creditzone.kernel.credit.codes import all_valid  # numpy, only where files are checked

            return all_valid(filled)
        case "text":
            longest = max(map(len, filled), default=0)
            return longest <= (column.max_length or 0) and _CONTROL.search("".join(filled)) is None
        case "date":
            return all(_date_check(text) is None for text in set(filled))
        case _:
            return _are_numbers(column, filled)


def _are_numbers(column: Column, cells: Sequence[str]) -> bool:
    known = _IN_INTEGERS if column.type == "integer" else _IN_DECIMALS
    if not known.issuperset("".join(cells)) or max(map(len, cells), default=0) > _DIGITS:
        return False
    try:
        values = [*map(float, cells)]
    except ValueError:
        return False
    least, most = column.min, column.max
    return not cells or (
        (least is None or min(values) >= float(least)) and (most is None or max(values) <= float(most))
    )


@cache
def _checks(domain: Domain) -> tuple[tuple[str, Callable[[str], str | None]], ...]:
    return tuple((column.name, _check_of(column)) for column in domain.columns)


def _check_of(column: Column) -> Callable[[str], str | None]:
    inner = {
        "code": _code_check,
        "decimal": _number_check(column, _DECIMAL, "number"),
        "integer": _number_check(column, _INTEGER, "integer"),
        "text": _text_check(column),
        "date": _date_check,
    }[column.type]
    when_empty = "required" if column.required else None

    def check(text: str) -> str | None:
        stripped = text.strip()
        return inner(stripped) if stripped else when_empty

    return check


def _code_check(text: str) -> str | None:
    try:
        parse_uscc(text)
    except InvalidUscc as invalid:
        return invalid.reason.value
    return None


def _number_check(column: Column, form: re.Pattern[str], not_one: str) -> Callable[[str], str | None]:
    least = float(column.min) if column.min is not None else float("-inf")
    most = float(column.max) if column.max is not None else float("inf")

    def check(text: str) -> str | None:
        if form.fullmatch(text) is None or not text.isascii():
            return not_one
        value = float(text)
        if value < least:
            return "too-small"
        return "too-large" if value > most else None

    return check


def _text_check(column: Column) -> Callable[[str], str | None]:
    longest = column.max_length or 0

    def check(text: str) -> str | None:
        if len(text) > longest:
            return "too-long"
        return "control-character" if _CONTROL.search(text) else None

    return check


def _date_check(text: str) -> str | None:
    found = _DATE.fullmatch(text)
    if found is None or not text.isascii():
        return "date"
    try:
        date(*(int(part) for part in found.groups()))
    except ValueError:
        return "date"
    return None
