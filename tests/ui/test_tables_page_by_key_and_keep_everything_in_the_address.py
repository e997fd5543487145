import pytest
from django.http import QueryDict

from apps.ui.tables import Column, _read_cursor, table_of_rows

COLUMNS = [Column("企业", "name"), Column("户数", "count", num=True), Column("备注")]
ROWS = [{"name": f"企业 {number:03}", "count": number % 7} for number in range(60)]


def page(query: str):
    return table_of_rows(ROWS, columns=COLUMNS, query=QueryDict(query), default_sort="name")


def test_every_row_is_on_exactly_one_page():
    seen, query = [], ""
    while True:
        table = page(query)
        seen += [row["name"] for row in table.rows]
        if not table.next_link:
            break
        query = table.next_link[1:]
    assert seen == sorted(row["name"] for row in ROWS)


def test_sorting_goes_back_to_the_first_page_and_keeps_the_filters():
    table = page("q=精工&after=25&sort=name")
    link = table.heads[1]["href"]
    assert "after=" not in link
    assert "sort=count" in link
    assert "q=" in link


def test_a_second_click_turns_the_order_and_the_head_says_which_it_is():
    heads = page("sort=count").heads
    assert heads[1]["aria_sort"] == "ascending"
    assert "sort=-count" in heads[1]["href"]
    assert heads[2]["href"] == ""


@pytest.mark.parametrize("query", ["sort=password", "size=9999", "after=-1", "after=99999", "after=x", "sort=备注"])
def test_what_the_address_may_not_ask_falls_back_to_the_first_page(query):
    table = page(query)
    assert len(table.rows) == 25
    assert table.is_first


@pytest.mark.parametrize("text", ["", "x", "W10", "e30", "eyJhIjoxfQ", "W1sxXSwyXQ", "////"])
def test_a_broken_cursor_is_no_cursor(text):
    assert _read_cursor(text) is None
