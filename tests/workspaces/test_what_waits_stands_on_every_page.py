"""Open work in the top bar: counted for one's own organisation, once a request, in a bounded read."""

from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.core.finding import NEWEST


def bar(zone, place: str, path: str = "/zone/organisations/") -> str:
    page = zone.client(place, "owner").get(path).content.decode()
    return page.split("</header>")[0]


def test_a_draft_that_waits_is_counted_on_every_page_of_its_organisation_alone(road):
    assert "to sign" not in bar(road.zone, "bank")
    road.offered(road.sealed("centre"), "centre")
    assert "<b>1</b> to sign" in bar(road.zone, "bank")
    assert "<b>1</b> to sign" in bar(road.zone, "centre")
    assert "to sign" not in bar(road.zone, "platform")
    assert 'id="waiting"' in road.zone.client("bank", "owner").get("/").content.decode()


def test_it_is_counted_once_a_page_and_reads_a_bounded_part(road):
    client = road.zone.client("bank", "owner")
    client.get("/zone/organisations/")
    with CaptureQueriesContext(connection) as asked:
        client.get("/zone/organisations/")
    [read] = [one["sql"] for one in asked if 'FROM "exchange_draft"' in one["sql"]]
    assert f"LIMIT {NEWEST}" in read
