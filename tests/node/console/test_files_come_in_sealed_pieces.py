"""Uploads: pieces at an offset, sealed before they touch the disk, resumed after a break; forms carry no file."""

import io
import json
import threading

import pytest
from python_calamine import CalamineWorkbook

from apps.node import cards, datasets, roster, uploads
from creditzone.kernel.capsule.package import read_head
from creditzone.kernel.documents import digest_of, now_ms
from creditzone.kernel.documents.cards import fingerprint
from tests.node import sealer
from tests.node.console import furnished
from tests.node.console.conftest import BANK, OWN, post

PIECE = "application/offset+octet-stream"
CANARY = "91420100XYCANARY77"


def token(client):
    return {"origin": OWN, "X-CSRFToken": client.cookies["__Host-csrf"].value}


def create(client, *, size, filename="applicants.csv", domain="balance_sheet", title="名单"):
    body = json.dumps({"filename": filename, "size": size, "domain": domain, "title": title})
    return client.post("/uploads/", body, content_type="application/json", headers=token(client))


def send(client, url, piece, *, offset, content_type=PIECE):
    headers = {**token(client), "Upload-Offset": str(offset)}
    return client.generic("PATCH", url, piece, content_type=content_type, headers=headers)


@pytest.fixture
def client(signed_in):
    signed_in.get("/datasets/upload/")
    return signed_in


@pytest.fixture
def small_pieces(monkeypatch):
    """Pieces of 64 bytes, so that a small file has several."""
    monkeypatch.setattr(uploads, "PIECE", 64)
    monkeypatch.setattr("apps.node.console.views.uploads.PIECE", 64)


def test_a_file_goes_from_pieces_to_a_dataset(client, small_pieces):
    data = furnished.applicants(furnished.codes(3))
    made = create(client, size=len(data))
    url = made.json()["url"]
    assert (made.status_code, made["Location"], made.json()["piece"]) == (201, url, 64)
    for at in range(0, len(data), 64):
        assert send(client, url, data[at : at + 64], offset=at).status_code == 204
    done = post(client, f"{url}finish/")
    assert done.status_code == 202
    assert client.get(done.json()["url"]).status_code == 200


def test_a_piece_for_another_place_says_where_to_go_on_and_changes_nothing(client, small_pieces):
    data = furnished.applicants(furnished.codes(3))
    url = create(client, size=len(data)).json()["url"]
    send(client, url, data[:64], offset=0)
    for offset in (0, 128):
        wrong = send(client, url, data[:64], offset=offset)
        assert (wrong.status_code, wrong["Content-Type"]) == (409, "application/problem+json")
        assert wrong.json()["facts"]["offset"] == "64"
    head = client.head(url)
    assert (head["Upload-Offset"], head["Upload-Length"]) == ("64", str(len(data)))
    assert send(client, url, data[64:128], offset=64)["Upload-Offset"] == "128"


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"content_type": "text/csv"}, 415),
        ({"offset": -64}, 409),
        ({"piece": b"x" * 65}, 413),
        ({"piece": b"x" * 10}, 422),
    ],
)
def test_a_malformed_piece_is_refused(client, small_pieces, changes, status):
    url = create(client, size=200).json()["url"]
    piece = changes.pop("piece", b"x" * 64)
    offset = changes.pop("offset", 0)
    assert send(client, url, piece, offset=offset, **changes).status_code == status
    assert client.head(url)["Upload-Offset"] == "0"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"filename": "a.exe"}, "unknown-format"),
        ({"domain": "nothing"}, "unknown-domain"),
        ({"size": 2 << 30}, "upload-too-large"),
        ({"size": 0}, "invalid"),
        ({"title": ""}, "invalid"),
    ],
)
def test_an_upload_that_cannot_be_is_refused_at_its_beginning(client, changes, code):
    answer = create(client, **{"size": 100, **changes})
    assert answer.json()["type"] == f"urn:creditzone:{code}"


def test_finishing_too_early_is_refused(client, small_pieces):
    url = create(client, size=128).json()["url"]
    send(client, url, b"x" * 64, offset=0)
    assert post(client, f"{url}finish/").status_code == 422


def test_an_abandoned_upload_leaves_no_piece(client, small_pieces, home):
    url = create(client, size=128).json()["url"]
    send(client, url, b"x" * 64, offset=0)
    assert client.delete(url, headers=token(client)).status_code == 204
    assert not list(home.rglob("*.piece"))


def test_what_is_uploaded_stands_nowhere_in_the_nodes_home(client, home):
    data = furnished.applicants([CANARY])
    url = create(client, size=len(data)).json()["url"]
    assert send(client, url, data, offset=0).status_code == 204
    for path in home.rglob("*"):
        assert not path.is_file() or CANARY.encode() not in path.read_bytes(), path


def test_a_form_that_carries_a_file_is_refused_before_it_is_read(client):
    response = client.post("/datasets/upload/", {"file": "uscc\n1\n"}, headers=token(client))
    assert response.status_code == 415
    assert "disk" in response.content.decode()


def test_the_form_without_script_sends_no_file_and_says_why(client):
    response = post(client, "/datasets/upload/", {"domain": "balance_sheet", "title": "名单"})
    assert response.status_code == 422
    assert "JavaScript" in response.content.decode()


def test_the_counts_on_the_report_add_up_and_each_bad_row_has_its_reason(client, node, owner):
    acting = roster.acting(node, person=owner.id, organisation=BANK, factor_at=now_ms())
    codes = furnished.codes(4)
    blanks = "," * 15
    bad = ["short,row", f"{codes[0]},2025-12-31{blanks}", f'=HYPERLINK("x"),2025-12-31{blanks}']
    made = furnished.upload_file(node, acting, furnished.applicants(codes, bad=bad), title="名单")
    found = datasets.get(node, acting, made)
    assert (found.rows, found.accepted, found.quarantined) == (7, 4, 3)
    page = client.get(f"/datasets/{made}/").content.decode()
    assert "4 accepted + 3 in quarantine = 7 rows" in page
    lines = b"".join(client.get(f"/datasets/{made}/quarantine.csv")).decode().splitlines()
    assert len(lines) == 1 + 3
    assert "'=HYPERLINK" in lines[3], "a formula of a stranger's file is text on an officer's desk"
    book = client.get(f"/datasets/{made}/quarantine.xlsx")
    cells = CalamineWorkbook.from_filelike(io.BytesIO(book.content)).get_sheet_by_index(0).to_python()
    assert len(cells) == 1 + 3
    assert cells[3][3] == '=HYPERLINK("x")'
    assert book["Cache-Control"] == "no-store"


def test_a_long_quarantine_is_no_workbook(client, node, owner, monkeypatch):
    acting = roster.acting(node, person=owner.id, organisation=BANK, factor_at=now_ms())
    made = furnished.upload_file(
        node, acting, furnished.applicants(furnished.codes(4), bad=["short,row"]), title="名单"
    )
    assert "quarantine.xlsx" in client.get(f"/datasets/{made}/").content.decode()
    monkeypatch.setattr("apps.node.console.views.datasets.MOST_IN_A_WORKBOOK", 0)
    assert "quarantine.xlsx" not in client.get(f"/datasets/{made}/").content.decode()
    assert client.get(f"/datasets/{made}/quarantine.xlsx").status_code == 404


def test_the_list_of_datasets_is_a_file_of_counts_and_digests(client, node, owner):
    acting = roster.acting(node, person=owner.id, organisation=BANK, factor_at=now_ms())
    codes = furnished.codes(4)
    made = furnished.upload_file(node, acting, furnished.applicants(codes), title="=名单")
    text = client.get("/datasets/?export=csv").content.decode()
    assert "'=名单" in text
    assert datasets.get(node, acting, made).body_digest in text
    assert not any(code in text for code in codes)
    assert client.get("/datasets/?export=xlsx").content[:2] == b"PK"


def test_a_walk_in_applicant_becomes_a_dataset_of_one_row_or_errors_at_its_fields(client):
    code = furnished.codes(1)[0]
    path = "/datasets/walk-in/"
    wrong = post(client, path, {"uscc": "123", "period_end": "2025-12-31", "current_ratio": "viel"})
    assert wrong.status_code == 422
    page = wrong.content.decode()
    assert 'id="id_uscc_error"' in page
    assert 'id="id_current_ratio_error"' in page
    right = post(client, path, {"uscc": code, "period_end": "2025-12-31", "current_ratio": "1.2"})
    assert right.status_code == 302
    assert client.get(right["Location"]).status_code == 200


def test_a_package_that_was_sealed_with_the_consoles_own_card_comes_in(client, node, tmp_path):
    card = tmp_path / "card.json"
    given = client.get("/cards/own.json")
    assert "attachment" in given["Content-Disposition"]
    card.write_bytes(given.content)
    page = client.get("/datasets/upload/").content.decode()
    print_of = fingerprint(cards.own(node).digest)
    assert print_of in page
    file = tmp_path / "applicants.csv"
    file.write_bytes(furnished.applicants(furnished.codes(3)))
    output = tmp_path / "applicants.czpack"
    sealed = [str(file), "--domain", "balance_sheet", "--card", str(card), "--fingerprint", print_of]
    assert sealer.run(*sealed, "--output", output)[0] == 0
    data = output.read_bytes()

    url = create(client, size=len(data), filename=output.name, domain="").json()["url"]
    elsewhere = send(client, url, data[:11] + b"x" + data[12:], offset=0)
    assert (elsewhere.status_code, elsewhere.json()["type"]) == (422, "urn:creditzone:package-malformed")
    assert send(client, url, data, offset=0).status_code == 204
    done = post(client, f"{url}finish/").json()
    assert datasets.next_waiting(node) == done["dataset"]
    datasets.measure(node, done["dataset"], threading.Event())
    shown = client.get(done["url"]).content.decode()
    assert fingerprint(digest_of(read_head(data)[0])) in shown
    assert client.get(f"/api/v1/datasets/{done['dataset']}/").json()["package"] == digest_of(read_head(data)[0])
