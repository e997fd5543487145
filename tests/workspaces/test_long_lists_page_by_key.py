"""Keyset paging over rows of the database: every row once, whatever the order, and no address that breaks it."""

import base64
import json

import pytest
from django.http import QueryDict

from apps.tenants.models import Organisation
from apps.ui.tables import Column, Table, table_of
from tests.zone import code

COLUMNS = [Column("名称", "name"), Column("类别", "kind"), Column("加入", "created_at"), Column("代码", "uscc")]


@pytest.fixture
def crowd(zone):
    """Seventy organisations; many share a kind."""
    kinds = ["bank", "sme", "platform"]
    with zone.as_admin():
        Organisation.objects.bulk_create(
            Organisation(uscc=code(100 + n), name=f"机构 {n:03}", name_en=f"O {n}", kind=kinds[n % 3])
            for n in range(63)
        )
    return zone


def page(zone, query: str) -> Table:
    with zone.as_admin():
        return table_of(Organisation.objects.all(), columns=COLUMNS, query=QueryDict(query), default_sort="-created_at")


@pytest.mark.parametrize("sort", ["name", "-name", "kind", "-kind", "created_at", "-created_at", "uscc"])
def test_every_row_is_on_exactly_one_page_in_the_order_asked(crowd, sort):
    seen, query = [], f"sort={sort}"
    while query and len(seen) < 200:
        table = page(crowd, query)
        seen += table.rows
        query = table.next_link[1:]
    assert len(seen) == len({row.pk for row in seen}) == 70
    values = [getattr(row, sort.lstrip("-")) for row in seen]
    assert values == sorted(values, reverse=sort.startswith("-"))


def cursor(*parts: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    "after",
    [
        cursor("not a date", 1),
        cursor(1, 2),
        cursor(None, None),
        cursor("x\0", "y"),
        cursor({}, []),
        cursor(1),
        "%%%",
        "é",
    ],
)
def test_a_cursor_of_another_order_or_made_by_hand_shows_the_first_page(crowd, after):
    query = QueryDict(mutable=True)
    query["after"] = after
    table = page(crowd, query.urlencode())
    assert table.is_first
    assert len(table.rows) == 25
