"""Files that are broken, hostile or huge at a running node: refused as a whole with a reason, or row by row into
quarantine; what stood before stands, and the node goes on."""

import csv
import io
import json
import threading
import zipfile

import pytest
import xlsxwriter

from creditzone.kernel.credit.uscc import check_digit
from creditzone.kernel.domain import domain
from deploy.officers.browser import Unexpected
from tests.live.conftest import LiveZone

pytestmark = pytest.mark.faults
NAMES = domain("turnover").names


def code(number: int) -> str:
    body = f"91420100XY{number:07d}"
    return body + check_digit(body)


def row(first: str) -> list[str]:
    fixed = {"uscc": first, "period_end": "2025-12-31"}
    return [fixed.get(name, "1.5") for name in NAMES]


def table(rows: list[list[str]], header=NAMES) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([header, *rows])
    return text.getvalue().encode()


def workbook(formula: bool) -> bytes:
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, NAMES)
        sheet.write_row(1, 0, row(code(1)))
        if formula:
            sheet.write_formula(2, 3, "=1+1")
    return file.getvalue()


def bomb() -> bytes:
    """A workbook with a part that unpacks to a gigabyte."""
    file = io.BytesIO(workbook(formula=False))
    with (
        zipfile.ZipFile(file, "a", zipfile.ZIP_DEFLATED) as archive,
        archive.open("xl/worksheets/big.xml", "w") as part,
    ):
        for _ in range(1100):
            part.write(bytes(1 << 20))
    return file.getvalue()


FILES = {
    "utf-16": ("a.csv", lambda: table([row(code(1))]).decode().encode("utf-16"), "utf-16"),
    "in no encoding": ("a.csv", lambda: table([row(code(1))]) + b"\xff\xff,\xfe\n", "encoding"),
    "with NUL": ("a.csv", lambda: table([row(code(1))]) + b"\x00\n", "nul"),
    "with a column twice": ("a.csv", lambda: table([], header=[*NAMES, NAMES[1]]), "header-duplicate"),
    "with ten thousand columns": ("a.csv", lambda: table([], header=[f"c{at}" for at in range(10_000)]), "too-many"),
    "a zip bomb": ("a.xlsx", bomb, "zip-bomb"),
    "with formulas": ("a.xlsx", lambda: workbook(formula=True), "xlsx-formulas"),
    "no workbook": ("a.xlsx", lambda: b"PK\x03\x04" + bytes(3000), "xlsx-unreadable"),
    "empty": ("a.csv", lambda: b"\n\n", "empty-file"),
}


@pytest.mark.parametrize("what", FILES)
def test_a_file_that_cannot_be_right_is_refused_with_its_reason(live: LiveZone, tmp_path, what):
    name, make, reason = FILES[what]
    (tmp_path / name).write_bytes(make())
    with pytest.raises(Unexpected, match=reason):
        live.officers["merchant"].upload(tmp_path / name, domain="turnover", title=what)


def test_codes_that_a_spreadsheet_spoiled_and_repeated_ones_go_to_quarantine(live: LiveZone, tmp_path):
    rows = [
        row(code(1)),
        row("9.14201E+17"),
        row("914201000000001"),
        row(code(2)),
        row(code(1)),
        row(code(3)[:-1] + "I"),
    ]
    (tmp_path / "codes.csv").write_bytes(table(rows))
    who = live.officers["merchant"]
    dataset = who.upload(tmp_path / "codes.csv", domain="turnover", title="损坏的代码")
    found = who._expect(200, "GET", f"/api/v1/datasets/{dataset}/")
    assert (found["rows"], found["accepted"], found["quarantined"]) == (6, 2, 4)


def begin(live: LiveZone, size: int):
    who = live.officers["merchant"]
    page = who.enter_node("/datasets/upload/")
    token = {"X-CSRFToken": page.field("csrfmiddlewaretoken"), "Origin": who.node}
    facts = {"filename": "a.csv", "size": size, "domain": "turnover", "title": "分片"}
    made = who._expect(201, "POST", "/uploads/", json.dumps(facts).encode(), token)
    return who, str(made["url"]), token


def patch(who, address, token, offset: int, piece: bytes) -> int:
    headers = {"Upload-Offset": str(offset), "Content-Type": "application/offset+octet-stream"}
    return int(who.browser.request("PATCH", f"{who.node}{address}", piece, token | headers).status)


def test_pieces_out_of_place_too_long_or_too_early_change_nothing(live: LiveZone):
    data = table([row(code(number)) for number in range(50)])
    who, address, token = begin(live, len(data))
    assert patch(who, address, token, 5, data) == 409
    assert patch(who, address, token, 0, data + b"more") in {413, 422}
    assert who.browser.request("POST", f"{who.node}{address}finish/", b"", token).status in {409, 422}
    assert patch(who, address, token, 0, data) == 204
    assert who.browser.request("POST", f"{who.node}{address}finish/", b"", token).status == 202


def test_of_two_pieces_that_race_for_one_place_one_lands(live: LiveZone):
    data = table([row(code(number)) for number in range(500)])
    who, address, token = begin(live, len(data))
    outcomes: list[int] = []
    both = threading.Barrier(2)

    def race() -> None:
        both.wait()
        outcomes.append(patch(who, address, token, 0, data))

    racers = [threading.Thread(target=race) for _ in range(2)]
    for one in racers:
        one.start()
    for one in racers:
        one.join()
    assert sorted(outcomes) == [204, 409]


def test_somebody_elses_upload_is_not_there(live: LiveZone):
    data = table([row(code(1))])
    _, address, _ = begin(live, len(data))
    other = live.officers["officer"]
    page = other.enter_node("/datasets/upload/")
    token = {"X-CSRFToken": page.field("csrfmiddlewaretoken"), "Origin": other.node}
    assert patch(other, address, token, 0, data) == 404
