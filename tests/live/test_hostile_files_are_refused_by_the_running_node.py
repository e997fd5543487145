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


FACTS = {"filename": "a.csv", "size": 10, "domain": "turnover", "title": "声明"}
DECLARED = {
    "no JSON": b"\xff\xfe\x00",
    "nested without end": b"[" * 8000,
    "a list": b"[1]",
    "an endless size": json.dumps(FACTS | {"size": float("inf")}).encode(),
    "a size that is no number": json.dumps(FACTS | {"size": float("nan")}).encode(),
    "a negative size": json.dumps(FACTS | {"size": -1}).encode(),
    "a size beyond all disks": json.dumps(FACTS | {"size": 10**30}).encode(),
    "half a character in its title": json.dumps(FACTS | {"title": "\ud800"}).encode(),
    "half a character in its name": json.dumps(FACTS | {"filename": "\ud800.csv"}).encode(),
    "an unknown domain": json.dumps(FACTS | {"domain": "../turnover"}).encode(),
}


@pytest.mark.parametrize("what", DECLARED)
def test_an_upload_that_is_announced_with_nonsense_does_not_begin(live: LiveZone, what):
    who = live.officers["merchant"]
    page = who.enter_node("/datasets/upload/")
    token = {"X-CSRFToken": page.field("csrfmiddlewaretoken"), "Origin": who.node}
    assert who.browser._once("POST", f"{who.node}/uploads/", DECLARED[what], token).status == 422


def test_cells_that_a_spreadsheet_would_compute_come_out_of_quarantine_as_text(live: LiveZone, tmp_path):
    hostile = ['=HYPERLINK("http://evil.example")', "@SUM(1)", "+1+1", "-1+1", "\t=1"]
    (tmp_path / "cells.csv").write_bytes(table([row(code(1)), *[row(cell) for cell in hostile]]))
    who = live.officers["merchant"]
    dataset = who.upload(tmp_path / "cells.csv", domain="turnover", title="公式")
    kept = who.browser.get(f"{who.node}/datasets/{dataset}/quarantine.csv").text.lstrip("\ufeff")
    cells = [cell for line in csv.reader(io.StringIO(kept)) for cell in line]
    assert {f"'{cell}" for cell in hostile} - {"'\t=1"} <= set(cells)
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]


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


@pytest.mark.parametrize("round", range(4))
def test_of_two_pieces_that_race_for_one_place_one_lands_whole(live: LiveZone, round):
    """The files differ in their last row, which one of them has in quarantine: what was taken is what counts."""
    good = table([row(code(number)) for number in range(8000)])
    bad = good[: -len("1.5\n")] + b"1x5\n"
    who, address, token = begin(live, len(good))
    outcomes: dict[int, int] = {}
    both = threading.Barrier(2)

    def race(faults: int, piece: bytes) -> None:
        both.wait()
        outcomes[faults] = patch(who, address, token, 0, piece)

    racers = [threading.Thread(target=race, args=[faults, piece]) for faults, piece in enumerate([good, bad])]
    for one in racers:
        one.start()
    for one in racers:
        one.join()
    assert sorted(outcomes.values()) == [204, 409]
    dataset = json.loads(who.browser.request("POST", f"{who.node}{address}finish/", b"", token).text)["dataset"]
    who.wait_for_dataset(dataset)
    found = who._expect(200, "GET", f"/api/v1/datasets/{dataset}/")
    assert outcomes[found["quarantined"]] == 204


def test_somebody_elses_upload_is_not_there(live: LiveZone):
    data = table([row(code(1))])
    _, address, _ = begin(live, len(data))
    other = live.officers["officer"]
    page = other.enter_node("/datasets/upload/")
    token = {"X-CSRFToken": page.field("csrfmiddlewaretoken"), "Origin": other.node}
    assert patch(other, address, token, 0, data) == 404


@pytest.mark.parametrize("body", [b"[" * 100_000, b"{" * 100_000, b'{"title":' * 20_000, b"\xff\xfe"])
def test_a_body_that_the_portals_api_cannot_read_is_a_bad_request(live: LiveZone, body):
    who = live.officers["officer"]
    headers = {"Authorization": f"Bearer {who.token}", "Content-Type": "application/json", "Accept": "application/json"}
    answer = who.browser._once("POST", f"{live.portal}/api/v1/jobs/", body, headers)
    assert answer.status == 400
    assert json.loads(answer.text)["code"] != "crash"
