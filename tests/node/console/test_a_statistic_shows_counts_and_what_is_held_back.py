"""The page of an opened statistic: counts, what is held back said so, no firm; the owner's page says what is left."""

import csv
import io

import pytest

from apps.node import queries
from apps.node.resultfile import Counted
from creditzone.kernel.policy.history import BUDGET, Part
from tests.node.console import furnished
from tests.node.console.conftest import BANK, post

GROUPS = (
    Counted(group="11", firms=120, bands=(0, 0, 30, 40, 50, 0, 0, 0)),
    Counted(group="others", firms=30, bands=(0, 0, 0, 0, 30, 0, 0, 0)),
)


@pytest.fixture
def made(node, acting):
    return furnished.upload_file(node, acting, furnished.applicants(furnished.codes(12)), title="名单")


@pytest.fixture
def job(node, acting, made):
    """A sealed statistic by province."""
    card = furnished.scorecard()
    asks = {"operation": "statistics", "minimum_group": 10, "grouping": "province"}
    request = furnished.signed_request(node, acting, made, card, disclosures=("statistic",), **asks)
    furnished.deliver_count(node, request, card, GROUPS)
    return request.id


def test_counts_are_shown_by_group_and_what_is_held_back_is_named(signed_in, job):
    assert "150 firms" not in signed_in.get(f"/results/{job}/").content.decode()
    assert post(signed_in, f"/results/{job}/open/").status_code == 302
    page = signed_in.get(f"/results/{job}/").content.decode()
    assert "How 150 firms stand by score grade" in page
    assert "12 counts are held back: they rest on fewer than 10 firms" in page
    assert "120 firms of Beijing" in page
    assert "other regions" in page
    assert page.count(">held back<") == 12
    other = signed_in.get(f"/results/{job}/", {"group": "others"}).content.decode()
    assert "30 firms of other regions" in other


def test_the_api_and_the_export_hold_the_same_counts(signed_in, job):
    assert post(signed_in, f"/api/v1/results/{job}/").status_code == 200
    body = signed_in.get(f"/api/v1/results/{job}/").json()
    assert "rows" not in body
    assert (body["minimum_group"], body["grades"]) == (10, list("ABCDEFGH"))
    assert body["groups"][0] == {"group": "11", "firms": 120, "counts": [None, None, None, 50, 40, 30, None, None]}
    table = list(csv.reader(io.StringIO(signed_in.get(f"/results/{job}/export.csv").content.decode("utf-8-sig"))))
    assert [row[1] for row in table] == ["Firms", "120", "30"]
    assert table[1][5] == "50"
    assert "held back" in table[1][2]
    assert signed_in.get(f"/results/{job}/export.xlsx").content.startswith(b"PK")


def test_a_statistic_is_no_list_to_take_grades_from_or_to_use_again(signed_in, node, job):
    post(signed_in, f"/results/{job}/open/")
    before = len(node.store.all("SELECT 1 FROM dataset"))
    for act in ("take", "dataset"):
        assert post(signed_in, f"/results/{job}/{act}/", {"all": "1"}).status_code == 302
    assert len(node.store.all("SELECT 1 FROM dataset")) == before


def test_the_owners_page_says_what_a_recipient_had_and_has_left(signed_in, node, acting, job, made):
    assert "Statistics of the last 30 days" not in signed_in.get("/capsules/").content.decode()
    query = queries.Query(capsule=made, rule="r", recipient=BANK, job="j", minimum_group=10)
    firms = frozenset(number.to_bytes(16, "big") for number in range(20))
    with node.store.write() as tx:
        assert queries.ask(node, tx, query, [Part("card 10", firms)]) is None
    page = signed_in.get("/capsules/").content.decode()
    assert "Statistics of the last 30 days" in page
    assert f'<td class="num">{BUDGET - 1}</td>' in page
