"""Uploaded files as rows of text: CSV as a stream, XLSX and Parquet in memory after a look at what they hold.

A file that cannot be read as a whole raises FileRefused with a code; what is wrong with single rows is for the domain
to say. No text of a file ever stands in an error.
"""

from __future__ import annotations

import codecs
import csv
import datetime
import io
import os
import re
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

LINE_LIMIT: Final = 1 << 20
FIELD_LIMIT: Final = 1 << 17
COLUMN_LIMIT: Final = 1000
UNPACKED_LIMIT: Final = 1 << 30
RATIO_LIMIT: Final = 100
ROW_LIMIT: Final = 20_000_000
_SMALL: Final = 1 << 20
_TAG: Final = re.compile(rb"<(?P<aside>!)|<(?P<close>/?)(?:[^\s<>/:]+:)?(?P<name>sheetData|f)(?=[\s/>])")
_TAG_LIMIT: Final = 1 << 16

NEWER_GB18030: Final = str.maketrans(
    {
        "\ue78d": "\ufe10", "\ue78e": "\ufe12", "\ue78f": "\ufe11", "\ue790": "\ufe13", "\ue791": "\ufe14",
        "\ue792": "\ufe15", "\ue793": "\ufe16", "\ue794": "\ufe17", "\ue795": "\ufe18", "\ue796": "\ufe19",
        "\ue7c7": "\u1e3f", "\ue81e": "\u9fb4", "\ue826": "\u9fb5", "\ue82b": "\u9fb6", "\ue82c": "\u9fb7",
        "\ue832": "\u9fb8", "\ue843": "\u9fb9", "\ue854": "\u9fba", "\ue864": "\u9fbb",
    }
)  # fmt: skip
"""Python 3.11's codec follows the first edition of GB 18030; later editions give these code points their own place."""

ENCODINGS: Final = ("UTF-8", "UTF-8 (BOM)", "GB18030", "XLSX", "Parquet")
"""What `Table.encoding` says."""

Pieces = Callable[[], Iterator[bytes]]
Row = tuple[int, Sequence[str], Sequence[int]]
"""A row's number, its cells, and which of them were stored as numbers."""


class FileRefused(Exception):
    """The file as a whole cannot be taken; `facts` hold numbers and column names, never a cell."""

    def __init__(self, code: str, **facts: object) -> None:
        self.code = code
        self.facts = {name: str(value) for name, value in facts.items()}
        super().__init__(code)


@dataclass
class Table:
    """A file's header and its rows; `odd` cells (a code stored as a number) keep their column's index."""

    header: Sequence[str]
    rows: Iterator[Row]
    encoding: str
    notes: dict[str, int] = field(default_factory=dict)


def open_table(pieces: Pieces, *, kind: str) -> Table:
    """The table in an upload of this kind ("csv", "xlsx", "parquet"); `pieces` gives its bytes from the start."""
    readers = {"csv": _open_csv, "xlsx": _open_xlsx, "parquet": _open_parquet}
    table = readers[kind](pieces)
    if len(table.header) > COLUMN_LIMIT:
        raise FileRefused("too-many-columns", columns=len(table.header), limit=COLUMN_LIMIT)
    if not any(name.strip() for name in table.header):
        raise FileRefused("empty-file")
    return table


# CSV ----------------------------------------------------------------------------------------------------------------


def _open_csv(pieces: Pieces) -> Table:
    encoding = _encoding_of(pieces)
    notes: dict[str, int] = {}
    csv.field_size_limit(FIELD_LIMIT)
    reader = csv.reader(_lines(_texts(pieces, encoding, notes)), strict=True)
    try:
        header = next(reader, [])
    except csv.Error:
        raise FileRefused("csv-malformed", row=1) from None
    name = {"utf-8-sig": "UTF-8 (BOM)", "utf-8": "UTF-8"}.get(encoding, "GB18030")
    return Table(header, _csv_rows(reader), name, notes)


def _csv_rows(reader: Any) -> Iterator[Row]:
    number = 0
    while True:
        try:
            row = next(reader, None)
        except csv.Error:
            raise FileRefused("csv-malformed", row=number + 1) from None
        if row is None:
            return
        if row:  # a blank line is no row
            number += 1
            yield number, row, ()


def _encoding_of(pieces: Pieces) -> str:
    """The first of UTF-8 and GB18030 in which the whole file reads; raises FileRefused."""
    start = next(pieces(), b"")
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise FileRefused("utf-16")
    marked = start.startswith(codecs.BOM_UTF8)
    utf8 = _first_fault(pieces, "utf-8", look_for_nul=True)
    if utf8 is None:
        return "utf-8-sig" if marked else "utf-8"
    if marked or _first_fault(pieces, "gb18030") is not None:
        raise FileRefused("encoding", at=utf8)
    return "gb18030"


def _first_fault(pieces: Pieces, encoding: str, *, look_for_nul: bool = False) -> int | None:
    decoder = codecs.getincrementaldecoder(encoding)()
    fault: int | None = None
    at = 0
    for piece in pieces():
        if look_for_nul and b"\x00" in piece:
            raise FileRefused("nul", at=at + piece.index(b"\x00"))
        if fault is None:
            fault = _decodes(decoder, piece, at)
            if fault is not None and not look_for_nul:
                return fault
        at += len(piece)
    if fault is None:
        fault = _decodes(decoder, b"", at, final=True)
    return fault


def _decodes(decoder: codecs.IncrementalDecoder, piece: bytes, at: int, *, final: bool = False) -> int | None:
    try:
        decoder.decode(piece, final)
    except UnicodeDecodeError as error:
        return at + error.start
    return None


def _texts(pieces: Pieces, encoding: str, notes: dict[str, int]) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder(encoding)()
    for piece in pieces():
        for at in range(0, len(piece), _SMALL):
            text = decoder.decode(piece[at : at + _SMALL])
            yield _newer(text, notes) if encoding == "gb18030" else text
    yield decoder.decode(b"", True)


def _newer(text: str, notes: dict[str, int]) -> str:
    moved = sum(text.count(chr(old)) for old in NEWER_GB18030)
    if not moved:
        return text
    notes["gb18030-first-edition"] = notes.get("gb18030-first-edition", 0) + moved
    return text.translate(NEWER_GB18030)


def _lines(texts: Iterable[str]) -> Iterator[str]:
    rest, number = "", 0
    for text in texts:
        rest += text
        lines = rest.split("\n")
        rest = lines.pop()
        for line in lines:
            number += 1
            if len(line) > LINE_LIMIT:
                raise FileRefused("line-too-long", row=number)
            yield line + "\n"
        if len(rest) > LINE_LIMIT:
            raise FileRefused("line-too-long", row=number + 1)
    if rest:
        yield rest


# XLSX ---------------------------------------------------------------------------------------------------------------


def _open_xlsx(pieces: Pieces) -> Table:
    from python_calamine import CalamineError, CalamineWorkbook

    file = io.BytesIO(b"".join(pieces()))
    _require_harmless(file)
    file.seek(0)
    notes: dict[str, int] = {}
    try:
        workbook = CalamineWorkbook.from_filelike(file)
        if not workbook.sheet_names:
            raise FileRefused("empty-file")
        if len(workbook.sheet_names) > 1:
            notes["other-sheets"] = len(workbook.sheet_names) - 1
        cells = iter(workbook.get_sheet_by_index(0).iter_rows())
        header = [_text(cell) for cell in next(cells, [])]
    except CalamineError:
        raise FileRefused("xlsx-unreadable") from None
    while header and not header[-1].strip():
        header.pop()
    return Table(header, _cell_rows(cells, len(header)), "XLSX", notes)


def _require_harmless(file: io.BytesIO) -> None:
    """Look at the zip directory before anything is unpacked, then stream each part once for formula cells."""
    try:
        with zipfile.ZipFile(file) as archive:
            parts = archive.infolist()
            unpacked = sum(part.file_size for part in parts)
            packed = max(1, sum(part.compress_size for part in parts))
            worst = max((part.file_size / max(1, part.compress_size) for part in parts), default=0)
            if unpacked > UNPACKED_LIMIT or unpacked / packed > RATIO_LIMIT or worst > 10 * RATIO_LIMIT:
                raise FileRefused("zip-bomb", unpacked=unpacked >> 20, ratio=round(max(worst, unpacked / packed)))
            if any(part.flag_bits & 1 for part in parts):
                raise FileRefused("xlsx-encrypted")
            formulas = sum(_formulas(archive, part) for part in parts)
            if not _is_xlsx({part.filename.lower() for part in parts}):
                raise FileRefused("xlsx-unreadable")
    except (zipfile.BadZipFile, NotImplementedError, EOFError, ValueError, OSError):
        raise FileRefused("xlsx-unreadable") from None
    if formulas:
        raise FileRefused("xlsx-formulas", cells=formulas)


def _is_xlsx(names: set[str]) -> bool:
    """Whether these are the parts of an XLSX: the reader takes other kinds too, whose formulas are not seen here."""
    return "xl/workbook.xml" in names and not names & {"xl/workbook.bin", "content.xml"}


def _formulas(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> int:
    """Formula elements among a part's cells, counted while it is unpacked. Any part may be a sheet, since
    the workbook's relationships name it, under any prefix; charts and lists of choices hold no cells."""
    found, tail, is_in_cells = 0, b"", False
    with archive.open(part) as file:
        while block := file.read(_SMALL):
            text = tail + block.replace(b"\0", b"")  # tags of UTF-16 are those of ASCII without its zero bytes
            end = max(text.rfind(b"<"), len(text) - _TAG_LIMIT, 0)  # a tag cut off by the block is read with the next
            number, is_in_cells = _count(text[:end], is_in_cells=is_in_cells)
            found, tail = found + number, text[end:]
    return found + _count(tail, is_in_cells=is_in_cells)[0]


def _count(text: bytes, *, is_in_cells: bool) -> tuple[int, bool]:
    found = 0
    for tag in _TAG.finditer(text):
        if tag["name"] == b"sheetData":
            is_in_cells = not tag["close"]
        elif is_in_cells and tag["aside"]:
            # a comment or raw text could feign the end of the cells; no program writes one there
            raise FileRefused("xlsx-unreadable")
        elif is_in_cells and not tag["close"]:
            found += 1
    return found, is_in_cells


# Parquet ------------------------------------------------------------------------------------------------------------


def _open_parquet(pieces: Pieces) -> Table:
    os.environ.setdefault("POLARS_MAX_THREADS", "2")
    import polars as pl

    data = b"".join(pieces())
    if not data.startswith(b"PAR1") or not data.endswith(b"PAR1"):
        raise FileRefused("parquet-unreadable")
    try:
        lazy = pl.scan_parquet(io.BytesIO(data))
        header = list(lazy.collect_schema())
        rows = int(lazy.select(pl.len()).collect().item())
    except (pl.exceptions.PolarsError, OSError, ValueError):
        raise FileRefused("parquet-unreadable") from None
    if rows > ROW_LIMIT:
        raise FileRefused("too-many-rows", rows=rows, limit=ROW_LIMIT)
    return Table(header, _parquet_rows(data, rows, len(header)), "Parquet")


def _parquet_rows(data: bytes, rows: int, width: int) -> Iterator[Row]:
    import polars as pl

    step, number = 50_000, 0
    for at in range(0, rows, step):
        try:
            part = pl.scan_parquet(io.BytesIO(data)).slice(at, step).collect()
        except (pl.exceptions.PolarsError, OSError, ValueError):
            raise FileRefused("parquet-unreadable") from None
        for row in _cell_rows(part.iter_rows(), width):
            number += 1
            yield number, row[1], row[2]


# Cells --------------------------------------------------------------------------------------------------------------


def _cell_rows(rows: Iterable[Sequence[Any]], width: int) -> Iterator[Row]:
    """Rows of typed cells as text; which cells were numbers, since a code stored as one has lost digits."""
    number = 0
    for cells in rows:
        texts = [_text(cell) for cell in cells]
        while len(texts) > width and not texts[-1]:
            texts.pop()
        if not any(texts):
            continue
        number += 1
        yield number, texts, [at for at, cell in enumerate(cells) if _is_number(cell)]


def _is_number(cell: Any) -> bool:
    return isinstance(cell, int | float) and not isinstance(cell, bool)


def _text(cell: Any) -> str:
    if cell is None:
        return ""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        return repr(int(cell)) if cell.is_integer() and abs(cell) < 2**53 else repr(cell)
    if isinstance(cell, datetime.datetime):
        return cell.date().isoformat() if cell.time() == datetime.time(0) else cell.isoformat()
    if isinstance(cell, datetime.date):
        return cell.isoformat()
    return str(cell)
