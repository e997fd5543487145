"""Tables as files: CSV and XLSX whose cells no spreadsheet reads as a formula, on the portal and in nodes alike."""

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any

import xlsxwriter
from django.http import HttpResponse

CSV, XLSX = "text/csv; charset=utf-8", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n")
"""What Excel, WPS and LibreOffice begin to calculate with."""


def safe_cell(value: Any) -> Any:
    """`value` as a cell: text that would be read as a formula gets a leading apostrophe; numbers stay numbers."""
    if value is None:
        return ""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    text = str(value).replace("\x00", "")
    return f"'{text}" if text.lstrip(" \u3000\ufeff").startswith(DANGEROUS) else text


def to_csv(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> bytes:
    """UTF-8 with a byte order mark (spreadsheets need it for Chinese), CRLF, every cell safe."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow([safe_cell(column) for column in columns])
    writer.writerows([safe_cell(value) for value in row] for row in rows)
    return text.getvalue().encode("utf-8-sig")


def to_xlsx(columns: Sequence[str], rows: Iterable[Sequence[Any]], *, sheet: str) -> bytes:
    """One sheet, made in memory; strings stay strings: no formula, no link, no number out of a code."""
    target = io.BytesIO()
    options = {
        "in_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    with xlsxwriter.Workbook(target, options) as book:
        page = book.add_worksheet(_sheet_name(sheet))
        page.freeze_panes(1, 0)
        page.write_row(0, 0, [safe_cell(column) for column in columns], book.add_format({"bold": True}))
        for number, row in enumerate(rows, start=1):
            page.write_row(number, 0, [safe_cell(value) for value in row])
    return target.getvalue()


def _sheet_name(name: str) -> str:
    return "".join("_" if character in "[]:*?/\\'" else character for character in name)[:31] or "1"


def attachment(content: bytes, *, name: str, kind: str) -> HttpResponse:
    """The file as a download; `name` is ASCII of ours, `kind` one of CSV and XLSX."""
    response = HttpResponse(content, content_type=kind)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["Cache-Control"] = "no-store"
    response["X-Content-Type-Options"] = "nosniff"
    return response
