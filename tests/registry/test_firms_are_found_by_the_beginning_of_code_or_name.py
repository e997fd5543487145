"""Search walks an index from a key; a whole code says what is wrong with it; anybody signed in may search."""

import base64
import json

import pytest
from django.db import connection
from django.http import QueryDict

from apps.core.tenancy import tenant_tx
from apps.registry import selectors
from apps.registry.models import Enterprise
from apps.ui.tables import Column, Table, table_of
from demo.firms import OWNER, code_for
from tests.registry.conftest import FIRMS

SEARCHES = [
    ("武汉栖", {"武汉栖禾食品有限公司", "武汉栖禾食品二厂有限公司"}),
    ("  武汉栖禾食品有限公司 ", {"武汉栖禾食品有限公司"}),
    ("栖禾", set()),
    ("9133", {"杭州汀舟电子有限公司"}),
    ("91330106xy", {"杭州汀舟电子有限公司"}),
    ("92", {"武汉岚野便利店（个体工商户）"}),
    ("%", set()),
    ("_", set()),
    ("\0武汉岚", {"武汉岚野便利店（个体工商户）"}),
    ("", {name for _code, name, *_rest in FIRMS}),
]


@pytest.mark.parametrize(("typed", "names"), SEARCHES)
def test_a_search_finds_what_begins_with_it(zone, register, typed, names):
    with zone.tx(zone.member("bank")):
        assert {firm.name for firm in selectors.search(typed).firms} == names


def test_a_whole_code_leads_to_its_firm_and_a_wrong_one_says_why(zone, register):
    client = zone.client("bank")
    assert client.get("/registry/", {"q": OWNER.uscc.lower()}).url == f"/registry/{OWNER.uscc}/"
    wrong = OWNER.uscc[:17] + ("1" if OWNER.uscc[17] != "1" else "2")
    assert "check digit of the code is wrong" in client.get("/registry/", {"q": wrong}).content.decode()
    absent = client.get("/registry/", {"q": code_for("91", "420106", 99)}).content.decode()
    assert "The code is valid, but the register of this zone does not have it." in absent


def test_pages_follow_the_key_and_lose_nobody(zone, register):
    client, seen, url = zone.client("bank"), [], "/api/v1/enterprises/?size=2"
    while url:
        page = client.get(url).json()
        seen += [row["uscc"] for row in page["results"]]
        url = page["next"]
    assert seen == sorted(code for code, *_rest in FIRMS)


@pytest.mark.parametrize("typed", ["武汉", "9142", ""])
def test_the_first_and_every_later_page_are_read_from_an_index(zone, register, typed):
    with zone.tx(zone.member("bank")), connection.cursor() as cursor:
        cursor.execute("set local enable_seqscan = off; set local enable_sort = off; set local enable_bitmapscan = off")
        found = selectors.search(typed)
        name = found.sort
        later = found.firms.filter(**{f"{name}__gte": "武汉" if name == "name" else "9142"})
        for page in (found.firms, later):
            plan = page.order_by(found.sort, "pk")[:26].explain()
            assert "Index" in plan
            assert "Sort" not in plan
            assert not typed or "Index Cond" in plan


@pytest.mark.parametrize("organisation", ["centre", "platform", "firm", "regulator", "operator"])
def test_every_signed_in_organisation_reads_the_register(zone, register, organisation):
    response = zone.client(organisation).get(f"/registry/{OWNER.uscc}/")
    assert response.status_code == 200
    assert OWNER.name in response.content.decode()


def test_nobody_reads_it_without_signing_in(register, client):
    assert client.get(f"/registry/{OWNER.uscc}/").status_code == 302
    assert client.get("/api/v1/enterprises/").status_code == 401
    with tenant_tx(None):
        assert Enterprise.objects.count() == 0


@pytest.mark.parametrize("sort", ["name", "-name"])
def test_a_later_page_starts_in_the_index_where_the_last_one_ended(zone, register, sort):
    with zone.tx(zone.member("bank")), connection.cursor() as cursor:
        cursor.execute("set local enable_seqscan = off; set local enable_bitmapscan = off")
        columns = [Column("name", sort="name")]
        query = QueryDict(f"sort={sort}&size=25")
        last = Table(columns=columns, rows=[], query=query, sort=sort, size=25, next_cursor=cursor_after(OWNER.name))
        connection.force_debug_cursor = True
        table_of(Enterprise.objects.all(), columns=columns, query=QueryDict(last.next_link[1:]), default_sort="name")
        connection.force_debug_cursor = False
        cursor.execute("explain " + connection.queries_log[-1]["sql"])
        plan = " ".join(line for (line,) in cursor.fetchall())
    assert "Index Cond" in plan


def cursor_after(name: str) -> str:
    return base64.urlsafe_b64encode(json.dumps([name, OWNER.uscc]).encode()).decode().rstrip("=")
