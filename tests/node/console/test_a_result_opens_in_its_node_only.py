"""A result: sealed until opened by an act, shown and exported while the sign-in lives, taken over by another act."""

import csv
import io
from dataclasses import replace

import msgspec
import pytest

from apps.node import exports, results
from apps.node.console.signins import SIGN_INS
from creditzone.kernel.documents import GradesTaken, ResultOpened, Signed, Statement, read
from tests.node.console import furnished
from tests.node.console.conftest import browser, post, sign_in


@pytest.fixture
def codes():
    return furnished.codes(60)


@pytest.fixture
def job(node, acting, codes):
    """A sealed result of 60 firms, twenty in each of three grades."""
    made = furnished.upload_file(node, acting, furnished.applicants(codes), title="名单")
    card = furnished.scorecard()
    request = furnished.signed_request(node, acting, made, card)
    furnished.deliver_result(node, request, card, {code: 2 + at % 3 for at, code in enumerate(codes)})
    return request.id


def said(node, kind):
    """Statements of a kind that wait to be told to the portal."""
    rows = node.store.all("SELECT text FROM outbox ORDER BY number")
    bodies = [read(msgspec.json.decode(row["text"], type=Signed), Statement).body for row in rows]
    return [body for body in bodies if isinstance(body, kind)]


def test_looking_opens_nothing(signed_in, node, job, codes):
    page = signed_in.get(f"/results/{job}/").content.decode()
    assert not any(code in page for code in codes)
    assert signed_in.get(f"/api/v1/results/{job}/").status_code == 409
    assert signed_in.get(f"/results/{job}/export.csv").status_code == 302
    assert said(node, ResultOpened) == []


def test_the_list_of_results_is_a_file_that_opens_nothing(signed_in, node, job, codes):
    text = signed_in.get("/results/?export=csv").content.decode()
    assert len(text.splitlines()) == 1 + 1
    assert not any(code in text for code in codes)
    assert signed_in.get("/results/?export=xlsx").content[:2] == b"PK"
    assert said(node, ResultOpened) == []


def test_opening_is_an_act_that_is_told_without_any_figure(signed_in, node, job, codes, owner):
    assert post(signed_in, f"/results/{job}/open/").status_code == 302
    page = signed_in.get(f"/results/{job}/").content.decode()
    assert "Score grades of 60 firms" in page
    [opened] = said(node, ResultOpened)
    assert (opened.job, opened.person) == (job, owner.id)


def test_the_table_sorts_searches_and_pages_in_the_address(signed_in, job, codes):
    post(signed_in, f"/results/{job}/open/")

    def shown(**query):
        page = signed_in.get(f"/results/{job}/", query).content.decode()
        return [code for code in codes if f'value="{code}"' in page]

    assert len(shown()) == 25
    assert len(shown(size=100)) == 60
    assert shown(q=codes[7]) == [codes[7]]
    assert len(shown(grade="F", size=100)) == 20
    assert len(shown(after="50")) == 10
    first, last = shown(sort="uscc"), shown(sort="-uscc")
    assert set(first) == set(sorted(codes)[:25])
    assert set(last) == set(sorted(codes)[-25:])


def test_the_export_holds_every_firm_and_no_formula(signed_in, job, codes, node, acting):
    post(signed_in, f"/results/{job}/open/")
    response = signed_in.get(f"/results/{job}/export.csv")
    rows = list(csv.reader(io.StringIO(response.content.decode("utf-8-sig"))))
    assert {row[0] for row in rows[1:]} >= set(codes)
    assert not any(cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row)
    sheet = signed_in.get(f"/results/{job}/export.xlsx")
    assert sheet.content.startswith(b"PK")


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_a_name_that_begins_like_a_formula_becomes_text(node, acting, job, start):
    opened = results.open_result(node, acting, job)
    row = replace(opened.rows[0], uscc=f"{start}cmd|' /C calc'!A0")
    cells = list(csv.reader(io.StringIO(exports.csv_bytes(replace(opened, rows=(row,)), "en").decode("utf-8-sig"))))
    assert cells[1][0].startswith("'")


def test_grades_are_taken_by_an_explicit_act_that_names_the_firms(signed_in, node, job, codes):
    post(signed_in, f"/results/{job}/open/")
    page = signed_in.get(f"/results/{job}/").content.decode()
    assert "operator can see them there" in page
    assert post(signed_in, f"/results/{job}/take/", {"chosen": "1"}).status_code == 302
    assert said(node, GradesTaken) == [], "nobody was chosen"
    post(signed_in, f"/results/{job}/take/", {"chosen": "1", "subject": codes[:2]})
    [taken] = said(node, GradesTaken)
    assert {each.subject for each in taken.grades} == set(codes[:2])


def test_a_result_closes_with_the_sign_in(signed_in, zone, owner, job, codes):
    post(signed_in, f"/results/{job}/open/")
    other = sign_in(browser(), zone, owner)
    assert not any(code in other.get(f"/results/{job}/").content.decode() for code in codes)
    SIGN_INS.end(signed_in.cookies["__Host-node"].value)
    assert signed_in.get(f"/results/{job}/").status_code == 302


@pytest.mark.parametrize("role", ["viewer", "steward"])
def test_who_may_not_open_sees_that_it_is_there_and_no_more(zone, enter, node, job, codes, role):
    client = sign_in(browser(), zone, enter(role, name="王强"))
    assert client.get("/results/").status_code == 200
    assert post(client, f"/results/{job}/open/").status_code == 403
    assert client.get(f"/results/{job}/export.csv").status_code in {302, 403}
    assert said(node, ResultOpened) == []


def test_the_api_gives_the_rows_after_they_were_opened(signed_in, job, codes):
    assert post(signed_in, f"/api/v1/results/{job}/").status_code == 200
    body = signed_in.get(f"/api/v1/results/{job}/").json()
    assert {row["uscc"] for row in body["rows"]} == set(codes)
    assert sum(each["count"] for each in body["distribution"]) == 60
