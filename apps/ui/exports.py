"""Tables as files: CSV and XLSX whose cells no spreadsheet takes for a formula."""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import xlsxwriter
from django.http import HttpResponse

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
PLAIN_NUMBER = re.compile(r"-?\d+(\.\d+)?")


def safe_cell(value: Any) -> Any:
    """Text that a spreadsheet would read as a formula, made text again by an apostrophe; numbers stay numbers, a
    negative one in text too."""
    if isinstance(value, str) and value.startswith(FORMULA_STARTS) and not PLAIN_NUMBER.fullmatch(value):
        return "'" + value
    return value


def csv_lines(heads: Sequence[Any], rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    """UTF-8 CSV line by line, with the mark that makes spreadsheets read it as UTF-8; CRLF after RFC 4180."""
    yield "\ufeff" + _csv_line(heads)
    for row in rows:
        yield _csv_line(row)


def _csv_line(row: Sequence[Any]) -> str:
    line = io.StringIO()
    csv.writer(line).writerow(["" if value is None else safe_cell(value) for value in row])
    return line.getvalue()


def xlsx_bytes(sheet: str, heads: Sequence[Any], rows: Iterable[Sequence[Any]]) -> bytes:
    """One sheet; text is written as text, so that codes keep their zeros and formulas stay words."""
    target = io.BytesIO()
    # in memory: by default xlsxwriter keeps rows in plain temporary files, which a node must never have
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(target, options) as book:
        page = book.add_worksheet(sheet[:31])
        bold = book.add_format({"bold": True})
        for column, head in enumerate(heads):
            page.write_string(0, column, str(head), bold)
        for line, row in enumerate(rows, start=1):
            for column, value in enumerate(row):
                if isinstance(value, int | float) and not isinstance(value, bool):
                    page.write_number(line, column, value)
                elif value is not None:
                    page.write_string(line, column, str(value))
        page.freeze_panes(1, 0)
    return target.getvalue()


FORMS = {"csv": "CSV", "xlsx": "XLSX"}
TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def download(form: str, name: str, sheet: str, heads: Sequence[Any], rows: Iterable[Sequence[Any]]) -> HttpResponse:
    """A table as a file to keep: `form` is csv or xlsx, `name` the file's without its ending."""
    body = xlsx_bytes(sheet, heads, rows) if form == "xlsx" else "".join(csv_lines(heads, rows))
    response = HttpResponse(body, content_type=TYPES[form])
    response["Content-Disposition"] = f'attachment; filename="{name}.{form}"'
    response["Cache-Control"] = "no-store"
    return response
