"""Uploads: pieces resume at their offset; a file that cannot be read is refused as a whole with a reason; bad rows go
to quarantine with row, column and reason; counts add up."""

from __future__ import annotations

import io
import os
import re
import zipfile
from collections import Counter

import pytest
import xlsxwriter

from apps.node import datasets, roster, uploads
from apps.node.errors import Invalid, NodeError, NotFound, OffsetWrong
from creditzone.kernel.credit.uscc import check_digit
from creditzone.kernel.domain import domain
from creditzone.kernel.intake import sources
from creditzone.kernel.intake.words import say_fault
from tests.node import world
from tests.node.jobs import rows_of
from tests.node.world import CENTRE, Zone

DOMAIN = "turnover"
HEADER = list(domain(DOMAIN).names)


def row(number: int, **changes: str) -> list[str]:
    """A sound row with columns changed."""
    values = dict.fromkeys(HEADER, "") | {
        "uscc": world.code(number),
        "period_end": "2025-12-31",
        "asset_turnover": "1.5",
    }
    return [(values | changes)[name] for name in HEADER]


def table(*rows: list[str]) -> bytes:
    return world.csv_bytes([HEADER, *rows])


@pytest.fixture
def centre(zone: Zone):
    return zone.node(CENTRE, "code_centre")


@pytest.fixture
def steward(centre):
    return world.person(centre, "steward")


def measured(node, acting, data: bytes, filename: str = "file.csv") -> datasets.Dataset:
    dataset = world.upload(node, acting, data, domain=DOMAIN, filename=filename)
    return datasets.get(node, acting, dataset)


# Pieces -------------------------------------------------------------------------------------------------------------


def test_pieces_land_at_their_offset_and_nowhere_else(centre, steward, monkeypatch):
    monkeypatch.setattr(uploads, "PIECE", 1000)
    data = table(*[row(number) for number in range(60)])
    begun = uploads.create(centre, steward, filename="a.csv", size=len(data), domain=DOMAIN, title="测试")
    first = uploads.append(centre, steward, begun.id, offset=0, piece=data[:1000])
    assert first.offset == 1000
    with pytest.raises(OffsetWrong) as wrong:
        uploads.append(centre, steward, begun.id, offset=0, piece=data[:1000])
    assert wrong.value.facts == {"offset": "1000"}
    with pytest.raises(Invalid):
        uploads.append(centre, steward, begun.id, offset=1000, piece=data[1000:1500])
    with pytest.raises(NodeError) as early:
        uploads.finish(centre, steward, begun.id)
    assert early.value.code == "upload-incomplete"
    for at in range(1000, len(data), 1000):
        uploads.append(centre, steward, begun.id, offset=at, piece=data[at : at + 1000])
    dataset = uploads.finish(centre, steward, begun.id)
    assert uploads.finish(centre, steward, begun.id) == dataset
    assert datasets.get(centre, steward, dataset).state == "waiting"


def test_an_upload_is_its_organisations_and_an_uploaders_act(zone, centre, steward):
    with pytest.raises(NodeError) as forbidden:
        uploads.create(centre, world.person(centre, "viewer"), filename="a.csv", size=1, domain=DOMAIN, title="x")
    assert forbidden.value.code == "forbidden"
    for filename, size, code in (("a.exe", 1, "unknown-format"), ("a.xlsx", 201 << 20, "upload-too-large")):
        with pytest.raises(NodeError) as refused:
            uploads.create(centre, steward, filename=filename, size=size, domain=DOMAIN, title="x")
        assert refused.value.code == code
    begun = uploads.create(centre, steward, filename="a.csv", size=1, domain=DOMAIN, title="x")
    stranger = roster.Acting(
        person=steward.person, person_name="某", organisation=world.BANK, role="owner", factor_at=steward.factor_at
    )
    with pytest.raises(NotFound):
        uploads.get(centre, stranger, begun.id)


def test_a_changed_sealed_piece_is_noticed_and_nothing_of_it_is_used(centre, steward):
    data = table(row(1))
    begun = uploads.create(centre, steward, filename="a.csv", size=len(data), domain=DOMAIN, title="x")
    uploads.append(centre, steward, begun.id, offset=0, piece=data)
    path = uploads.piece_path(centre, begun.id, 0)
    sealed = bytearray(path.read_bytes())
    sealed[40] ^= 1
    path.write_bytes(bytes(sealed))
    dataset = uploads.finish(centre, steward, begun.id)
    import threading

    assert datasets.next_waiting(centre) == dataset
    datasets.measure(centre, dataset, threading.Event())
    assert datasets.get(centre, steward, dataset).refusal == "upload-damaged"


# Encodings ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "encoding"),
    [
        (table(row(1), row(2)), "UTF-8"),
        (b"\xef\xbb\xbf" + table(row(1), row(2)), "UTF-8 (BOM)"),
        (table(row(1), row(2)).replace(b"\n", b"\r\n"), "UTF-8"),
        (table(row(1), row(2)).rstrip(b"\n"), "UTF-8"),
    ],
    ids=["utf-8", "bom", "crlf", "no last newline"],
)
def test_a_text_file_reads_in_its_encoding(centre, steward, data, encoding):
    found = measured(centre, steward, data)
    assert (found.state, found.encoding, found.accepted, found.quarantined) == ("measured", encoding, 2, 0)


def test_gb18030_is_recognised_and_its_older_code_points_are_moved_and_counted(centre, steward):
    text = table(row(1), row(2)).decode() + ",".join(
        [world.code(3), "2025-12-31", "厂\ue7c7", *[""] * (len(HEADER) - 3)]
    )
    found = measured(centre, steward, text.encode("gb18030"))
    assert (found.encoding, found.accepted, found.quarantined) == ("GB18030", 2, 1)
    assert dict(found.notes)["gb18030-first-edition"] == 1
    page = datasets.quarantine(centre, steward, found.id)
    assert page.rows[0].cells[2] == "厂ḿ"
    assert page.rows[0].faults == (("asset_turnover", "number"),)


HOSTILE = [
    ("utf-16", table(row(1)).decode().encode("utf-16"), "utf-16"),
    ("neither encoding", table(row(1)) + b"\xff\xff\xff\n", "encoding"),
    ("NUL", table(row(1)) + b"\x00\n", "nul"),
    ("duplicate header", world.csv_bytes([[*HEADER[:-1], HEADER[0]], row(1)]), "header-duplicate"),
    ("unknown column", world.csv_bytes([[*HEADER, "phone"], [*row(1), "1"]]), "header-unknown"),
    ("missing column", world.csv_bytes([HEADER[:-1], row(1)[:-1]]), "header-missing"),
    ("10,000 columns", world.csv_bytes([[f"c{number}" for number in range(10_000)]]), "too-many-columns"),
    ("an open quote", table(row(1)) + b'"' + b"x" * 200_000, "csv-malformed"),
    ("a line without end", table(row(1)) + b"x" * (2 << 20), "line-too-long"),
    ("empty", b"\n", "empty-file"),
    ("binary", os.urandom(5000).replace(b"\x00", b"\x01"), "encoding"),
]


@pytest.mark.parametrize(("data", "code"), [case[1:] for case in HOSTILE], ids=[case[0] for case in HOSTILE])
def test_a_file_that_cannot_be_read_is_refused_whole_with_a_reason_in_words(centre, steward, data, code):
    before = len(world.statements(centre))
    found = measured(centre, steward, data)
    assert (found.state, found.refusal) == ("refused", code)
    assert datasets.refusal_sentence(found, "zh-hans")
    assert datasets.refusal_sentence(found, "en")
    assert list((centre.home / "bodies").iterdir()) == []
    assert not list((centre.home / "uploads").iterdir())
    assert len(world.statements(centre)) == before


def test_bad_rows_are_quarantined_with_row_column_and_reason_and_counts_add_up(centre, steward):
    good = world.code(1)
    person = "92" + good[2:17]
    person += check_digit(person)
    rows = [
        row(1),
        row(1),
        row(2, uscc=world.code(2)[:17] + "0" if world.code(2)[17] != "0" else world.code(2)[:17] + "1"),
        row(3, asset_turnover="1,204.5"),
        row(4, asset_turnover="-3"),
        row(5, uscc=""),
        row(6, uscc="9.14201E+17"),
        row(7, uscc=person),
        row(8, period_end="2025-02-30"),
        row(9)[:-2],
        row(10, uscc=world.code(10).lower()),
        row(11, uscc=f"  {world.code(11)} "),
    ]
    found = measured(centre, steward, table(*rows))
    assert (found.rows, found.accepted, found.quarantined) == (12, 3, 9)
    faults = dict(found.faults)
    assert faults["key-repeated"] == faults["natural-person"] == faults["column-count"] == faults["required"] == 1
    assert faults["number"] == 1
    page = datasets.quarantine(centre, steward, found.id, limit=100)
    assert [one.number for one in page.rows] == [2, 3, 4, 5, 6, 7, 8, 9, 10]
    assert page.total == 9
    reasons = Counter(reason for one in page.rows for reason in {reason for _, reason in one.faults})
    assert reasons == Counter(faults)
    assert page.rows[2].cells[2] == "1,204.5"
    for code in faults:
        assert say_fault(code, "zh-hans")
        assert say_fault(code, "en")
    turnover = next(column for column in found.columns if column.name == "asset_turnover")
    assert (turnover.filled, turnover.valid) == (11, 9)
    with pytest.raises(NodeError):
        datasets.quarantine(centre, world.person(centre, "auditor"), found.id)


def test_the_portal_is_told_counts_and_a_digest_and_no_value(centre, steward):
    marked = row(1, asset_turnover="123.456789")
    found = measured(centre, steward, table(marked, row(2, asset_turnover="bad-value-xyz")))
    statement = world.statements(centre, "dataset")[0]
    text = centre.store.one("SELECT text FROM outbox WHERE kind = 'dataset'")["text"]
    assert statement.body.body_digest == found.body_digest
    assert statement.body.rows == statement.body.accepted + statement.body.quarantined == 2
    for value in ("123.456789", "bad-value-xyz", world.code(1), world.code(2)):
        assert value not in text


# XLSX and Parquet ---------------------------------------------------------------------------------------------------


def workbook(rows: list[list[object]], *, formula: bool = False, sheets: int = 1) -> bytes:
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, {"in_memory": True, "strings_to_formulas": False}) as book:
        sheet = book.add_worksheet()
        for number, cells in enumerate(rows):
            for column, cell in enumerate(cells):
                sheet.write(number, column, cell)
        if formula:
            sheet.write_formula(1, 2, "=1+1", None, 2)
        for _ in range(sheets - 1):
            book.add_worksheet()
    return file.getvalue()


def test_a_workbook_is_read_and_a_code_stored_as_a_number_is_not_guessed(centre, steward):
    numeric: list[object] = [914201000000000123, "2025-12-31", 1.25, *[""] * (len(HEADER) - 3)]
    typed: list[object] = [world.code(1), "2025-12-31", 1.25, *[""] * (len(HEADER) - 3)]
    found = measured(centre, steward, workbook([list(HEADER), typed, numeric], sheets=2), "a.xlsx")
    assert (found.state, found.encoding, found.accepted, found.quarantined) == ("measured", "XLSX", 1, 1)
    assert dict(found.faults) == {"code-as-number": 1}
    assert dict(found.notes)["other-sheets"] == 1


def bomb() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        with archive.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as sheet:
            for _ in range(300):
                sheet.write(b" " * (1 << 20))
    return file.getvalue()


def lying_bomb() -> bytes:
    """The directory says that the sheet is small; its stream is not."""
    data = bytearray(bomb())
    small = (1000).to_bytes(4, "little")
    size = (300 << 20).to_bytes(4, "little")
    return bytes(data.replace(size, small))


def moved(sheet: str, *, prefix: str = "", hide: bool = False) -> bytes:
    """A workbook with a formula whose sheet lies elsewhere, its elements perhaps under a prefix of their own."""
    parts: dict[str, bytes] = {}
    with zipfile.ZipFile(io.BytesIO(workbook([list(HEADER), [*row(1)]], formula=True))) as archive:
        for name in archive.namelist():
            data = archive.read(name).replace(b"/xl/worksheets/sheet1.xml", b"/xl/" + sheet.encode())
            data = data.replace(b"worksheets/sheet1.xml", sheet.encode())
            parts["xl/" + sheet if name == "xl/worksheets/sheet1.xml" else name] = data
    if hide:
        parts["xl/" + sheet] = parts["xl/" + sheet].replace(b"<sheetData>", b"<sheetData><!-- </sheetData> -->")
    if prefix:
        data = re.sub(rb"<(/?)(?=[a-zA-Z])", rb"<\1" + prefix.encode() + b":", parts["xl/" + sheet])
        parts["xl/" + sheet] = data.replace(b' xmlns="', b" xmlns:" + prefix.encode() + b'="', 1)
    return _zip(parts)


def other_kind(name: str) -> bytes:
    """A sound workbook that holds another kind's part as well."""
    with zipfile.ZipFile(io.BytesIO(workbook([list(HEADER), [*row(1)]]))) as archive:
        return _zip({name: b"", **{each: archive.read(each) for each in archive.namelist()}})


def test_a_sheet_under_another_name_is_one_that_the_reader_reads():
    """What the refusals below guard against: the reader follows the workbook's relationships, wherever they lead."""
    from python_calamine import CalamineWorkbook

    for data in (moved("data/numbers.xml"), moved("worksheets/sheet1.xml", prefix="x")):
        assert CalamineWorkbook.from_filelike(io.BytesIO(data)).get_sheet_by_index(0).to_python()[1][2] == 2


def test_a_chart_and_a_list_of_choices_are_no_formula_cells(centre, steward):
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        for number, cells in enumerate([list(HEADER), [*row(1)]]):
            sheet.write_row(number, 0, cells)
        chart = book.add_chart({"type": "line"})
        chart.add_series({"values": "=Sheet1!$C$2:$C$2"})
        sheet.insert_chart("H8", chart)
        sheet.data_validation("B3", {"validate": "list", "source": "=$B$2:$B$2"})
        sheet.add_sparkline("J1", {"range": "Sheet1!A1:C1"})
    assert measured(centre, steward, file.getvalue(), "a.xlsx").state == "measured"


@pytest.mark.parametrize("cut", range(1, 12))
def test_a_formula_is_counted_wherever_the_blocks_are_cut(monkeypatch, cut):
    monkeypatch.setattr(sources, "_SMALL", cut)
    text = b"<a:sheetData><a:c><a:f>1</a:f></a:c><c><f/></c><c><f t='x'>2</f><v>0</v></c></a:sheetData><f>3</f>"
    with zipfile.ZipFile(io.BytesIO(_zip({"a.xml": text}))) as archive:
        assert sources._formulas(archive, archive.getinfo("a.xml")) == 3


WORKBOOKS = [
    ("formula cells", lambda: workbook([list(HEADER), [*row(1)]], formula=True), "xlsx-formulas"),
    ("formula cells of a sheet elsewhere", lambda: moved("data/numbers.xml"), "xlsx-formulas"),
    ("formula cells under a prefix", lambda: moved("worksheets/sheet1.xml", prefix="x"), "xlsx-formulas"),
    ("formula cells behind a comment", lambda: moved("worksheets/sheet1.xml", hide=True), "xlsx-unreadable"),
    ("a binary workbook", lambda: other_kind("xl/workbook.bin"), "xlsx-unreadable"),
    ("an open document", lambda: other_kind("content.xml"), "xlsx-unreadable"),
    ("a zip bomb", bomb, "zip-bomb"),
    ("a bomb with a lying directory", lying_bomb, "xlsx-unreadable"),
    ("no zip", lambda: b"PK\x03\x04" + os.urandom(500), "xlsx-unreadable"),
    ("a zip that is no workbook", lambda: _zip({"a.txt": b"hello"}), "xlsx-unreadable"),
    ("an empty sheet", lambda: workbook([]), "empty-file"),
]


def _zip(files: dict[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return file.getvalue()


@pytest.mark.parametrize(("build", "code"), [case[1:] for case in WORKBOOKS], ids=[case[0] for case in WORKBOOKS])
def test_a_hostile_workbook_is_refused(centre, steward, build, code):
    found = measured(centre, steward, build(), "a.xlsx")
    assert (found.state, found.refusal) == ("refused", code)


def test_parquet_is_read_and_something_else_is_refused(centre, steward):
    import polars as pl

    rows = rows_of(DOMAIN, 20)
    frame = pl.DataFrame({name: [line[at] for line in rows[1:]] for at, name in enumerate(rows[0])})
    frame = frame.with_columns(pl.col("asset_turnover").cast(pl.Float64, strict=False))
    file = io.BytesIO()
    frame.write_parquet(file)
    found = measured(centre, steward, file.getvalue(), "a.parquet")
    assert (found.state, found.encoding, found.accepted) == ("measured", "Parquet", 20)
    broken = file.getvalue()[:200] + file.getvalue()[260:]
    assert measured(centre, steward, broken, "b.parquet").refusal == "parquet-unreadable"
    assert measured(centre, steward, b"hello", "c.parquet").refusal == "parquet-unreadable"


def test_a_parquet_that_unpacks_to_more_than_memory_is_refused_for_that(centre, steward):
    import polars as pl

    cells = pl.Series([f"{number:06d}" + "0" * 20_000 for number in range(30_000)])
    file = io.BytesIO()
    pl.DataFrame(dict.fromkeys(rows_of(DOMAIN, 1)[0], cells)).write_parquet(file)
    assert len(file.getvalue()) < 10 << 20
    found = measured(centre, steward, file.getvalue(), "bomb.parquet")
    assert (found.state, found.refusal) == ("refused", "memory")


def test_one_walk_in_is_a_dataset_of_one_row_by_the_same_road(centre, steward):
    values = dict(zip(HEADER, row(42), strict=True))
    dataset = uploads.walk_in(centre, steward, domain=DOMAIN, title="上门客户", values=values)
    assert datasets.next_waiting(centre) == dataset
    import threading

    datasets.measure(centre, dataset, threading.Event())
    found = datasets.get(centre, steward, dataset)
    assert (found.state, found.rows, found.accepted) == ("measured", 1, 1)
    with pytest.raises(NodeError) as faulty:
        uploads.walk_in(centre, steward, domain=DOMAIN, title="x", values=values | {"asset_turnover": "abc"})
    assert faulty.value.code == "walk-in-faults"
    with pytest.raises(NodeError) as person:
        uploads.walk_in(centre, steward, domain=DOMAIN, title="x", values=values | {"uscc": "92" + values["uscc"][2:]})
    assert person.value.code == "person-code"
