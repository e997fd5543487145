"""The custody pages: a sheet's words are shown once, some are typed back, and only an owner of the node does so."""

import re

import pytest

from apps.node import sheets
from tests.node.console.conftest import browser, post, sign_in

NEW = "/custody/sheets/new/"


def make(client, **changes):
    return post(client, NEW, {"kind": "officer", "name": "周岚", "organisation": "", **changes})


def words_on(page):
    return re.findall(r"<li>([a-z]+)</li>", page)


def test_a_nodes_custody_page_says_that_it_guards_alone(signed_in):
    page = signed_in.get("/custody/").content.decode()
    assert "This node guards alone" in page
    assert "No sheet yet" in page
    assert "Nobody can be chosen yet" in signed_in.get("/custody/custodians/").content.decode()


def test_a_sheets_words_are_shown_once_and_typed_back(signed_in, node):
    made = make(signed_in)
    words = words_on(made.content.decode())
    assert len(words) == 24
    assert "no-store" in made["Cache-Control"]
    (sheet,) = sheets.listing(node)
    assert sheets.key_of(" ".join(words)).public == sheet.public
    asked = f"/custody/sheets/{sheet.id}/"
    again = signed_in.get(asked).content.decode()
    assert f"Words number {sheet.asked[0]}, {sheet.asked[1]} and {sheet.asked[2]}" in again
    assert words_on(again) == []
    wrong = post(signed_in, asked, {"words": "one two three"})
    assert wrong.status_code == 422
    assert "These are not the words of the sheet" in wrong.content.decode()
    assert sheets.serving(node) == []
    right = post(signed_in, asked, {"words": " ".join(words[number - 1] for number in sheet.asked)})
    assert right.status_code == 302
    assert [one.id for one in sheets.serving(node)] == [sheet.id]
    assert signed_in.get(asked).status_code == 302
    assert "周岚" in signed_in.get("/custody/").content.decode()


def test_a_sheet_is_dropped_after_a_question(signed_in, node):
    make(signed_in)
    (sheet,) = sheets.listing(node)
    drop = f"/custody/sheets/{sheet.id}/drop/"
    assert "It cannot be taken back" in signed_in.get(drop).content.decode()
    assert sheets.listing(node) == [sheet]
    assert post(signed_in, drop).status_code == 302
    assert sheets.listing(node) == []
    assert signed_in.get(drop).status_code == 404


def test_what_is_wrong_with_a_sheet_is_said_at_its_field(signed_in, node):
    assert make(signed_in, name="").status_code == 422
    wrong = make(signed_in, kind="regulator", organisation="123")
    assert wrong.status_code == 422
    assert "names its unified code" in wrong.content.decode()
    assert sheets.listing(node) == []


@pytest.mark.parametrize("role", ["steward", "officer", "auditor"])
def test_only_an_owner_makes_sheets(zone, enter, node, role):
    client = sign_in(browser(), zone, enter(role))
    for path in (NEW, "/custody/custodians/"):
        assert client.get(path).status_code == 403
    assert make(client).status_code == 403
    assert sheets.listing(node) == []


def test_an_answer_to_a_lost_node_needs_the_request_and_the_told_fingerprint(signed_in):
    assert "It cannot be taken back" in signed_in.get("/custody/recovery/").content.decode()
    wrong = post(signed_in, "/custody/recovery/", {"request": "{}", "fingerprint": "1234"})
    assert wrong.status_code == 422
    assert "does not open, or does not fit" in wrong.content.decode()
