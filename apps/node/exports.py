"""An opened result as a file for its recipient: CSV and XLSX whose cells no spreadsheet takes for formulas."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Final

import xlsxwriter

from apps.node.counts import OpenedCount
from apps.node.results import OpenedResult, ResultRow
from creditzone.kernel.credit.groups import say_group

_DANGEROUS: Final = ("=", "+", "-", "@", "\t", "\r", "\n")
_HEADS: Final[dict[str, tuple[str, str]]] = {
    "uscc": ("统一社会信用代码", "Unified social credit code"),
    "grade": ("评分等级", "Grade"),
    "decision": ("是否达到准入线", "Passes"),
    "score": ("分数", "Score"),
    "reasons": ("原因代码", "Reason codes"),
    "state": ("状态", "State"),
}
_YES: Final = {True: ("是", "yes"), False: ("否", "no")}
_STATES: Final[dict[str, tuple[str, str]]] = {
    "graded": ("已评分", "graded"),
    "unmatched": ("未匹配", "not matched"),
    "dropped": ("无有效授权，未使用", "no live authorisation, not used"),
    "uses-a-firm": ("使用次数已满，未使用", "left out: its uses are spent"),
}


def csv_bytes(opened: OpenedResult | OpenedCount, language: str) -> bytes:
    """UTF-8 with a byte order mark, so that spreadsheets read Chinese; dangerous cells begin with an apostrophe."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows([_safe(cell) for cell in row] for row in _table(opened, language))
    return b"\xef\xbb\xbf" + text.getvalue().encode()


def xlsx_bytes(opened: OpenedResult | OpenedCount, language: str) -> bytes:
    """A workbook of one sheet of text cells; nothing is written to disk."""
    file = io.BytesIO()
    options = {
        "in_memory": True,
        "strings_to_formulas": False,
        "strings_to_numbers": False,
        "strings_to_urls": False,
    }
    with xlsxwriter.Workbook(file, options) as book:
        sheet = book.add_worksheet()
        for number, row in enumerate(_table(opened, language)):
            for column, cell in enumerate(row):
                sheet.write_string(number, column, cell)
        sheet.freeze_panes(1, 0)
        sheet.set_column(0, 0, 22)
    return file.getvalue()


def _table(opened: OpenedResult | OpenedCount, language: str) -> Iterator[list[str]]:
    return _counts(opened, language) if isinstance(opened, OpenedCount) else _rows(opened, language)


def _counts(opened: OpenedCount, language: str) -> Iterator[list[str]]:
    """A line a group: its firms, then each grade's; a count that is held back says below what it is."""
    at = 0 if language.startswith("zh") else 1
    held_back = (f"少于 {opened.minimum_group} 户或为保护而不显示", f"below {opened.minimum_group}, or held back")[at]
    yield [("分组", "Group")[at], ("户数", "Firms")[at], *opened.grades]
    for group in opened.groups:
        counts = [held_back if count is None else str(count) for count in group.counts]
        yield [say_group(group.name, language), str(group.firms), *counts]


def _rows(opened: OpenedResult, language: str) -> Iterator[list[str]]:
    at = 0 if language.startswith("zh") else 1
    shown = [form for form in ("grade", "decision", "score", "reasons") if _discloses(opened, form)]
    names = ["uscc", *shown, "state"]
    yield [_HEADS[name][at] for name in names]
    for row in opened.rows:
        yield [row.uscc, *(_cell(row, form, at) for form in shown), _STATES["graded"][at]]
    empty = [""] * len(shown)
    for code in opened.unmatched:
        yield [code, *empty, _STATES["unmatched"][at]]
    for code, reason in opened.dropped:
        yield [code, *empty, _STATES.get(reason, _STATES["dropped"])[at]]


def _discloses(opened: OpenedResult, form: str) -> bool:
    return form in opened.disclosures or (form == "grade" and "score" in opened.disclosures)


def _cell(row: ResultRow, form: str, at: int) -> str:
    match form:
        case "grade":
            return row.grade or ""
        case "decision":
            return "" if row.decision is None else _YES[row.decision][at]
        case "score":
            return "" if row.score is None else str(row.score)
    return " ".join(dict.fromkeys(code for _, code in row.reasons))


def _safe(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_DANGEROUS) else cell
