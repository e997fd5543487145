"""What every page owes its reader, asked of the homes of a zone in which somebody has worked."""

import pytest
from axe_playwright_python.sync_playwright import Axe

from apps.compute.services import admit_waiting

pytestmark = pytest.mark.browser
PLACES = ["bank", "centre", "regulator", "operator", "firm"]


@pytest.fixture
def worked(browser, road):
    """A zone with a job that ended well and one that waits for its signature."""
    job = road.queued(road.ready("centre", "platform"))
    admit_waiting()
    road.start("platform", "bank", "centre")
    for party in ("bank", "centre", "platform"):
        road.finish(party)
    return road.job(job)


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("place", PLACES)
def test_every_room_of_a_workspace_is_quiet_fits_its_screen_and_is_usable_by_everybody(
    road, worked, sign_in, place, width
):
    page = sign_in(road.zone, place, width=width)
    page.goto("/")
    rooms = [link.get_attribute("href") for link in page.locator(".side a").all()]
    assert rooms[0] == "/"
    for room in (*rooms, "/search/", "/search/?q=a"):
        answer = page.goto(room)
        page.wait_for_load_state("networkidle")
        assert answer.status == 200, room
        assert page.locator("h1").count() == 1, room
        assert page.said == [], room
        assert page.evaluate("document.documentElement.scrollWidth") <= width, room
        found = Axe().run(page).response["violations"]
        serious = [(one["id"], one["nodes"][0]["html"]) for one in found if one["impact"] in {"serious", "critical"}]
        assert serious == [], room


def test_the_language_is_changed_in_place_and_kept(road, worked, sign_in):
    page = sign_in(road.zone, "bank")
    page.goto("/")
    page.get_by_role("button", name="English").click()
    page.wait_for_load_state("networkidle")
    assert page.locator("html").get_attribute("lang") == "en"
    page.goto("/")
    assert page.locator("html").get_attribute("lang") == "en"
    assert page.said == []


def test_a_phone_reaches_every_page_of_the_workspace(road, worked, sign_in):
    wide, narrow = sign_in(road.zone, "bank"), sign_in(road.zone, "bank", width=390)
    wide.goto("/")
    narrow.goto("/")
    links = [link.get_attribute("href") for link in wide.locator(".side a").all()]
    narrow.locator(".tabs summary").click()
    reached = [link.get_attribute("href") for link in narrow.locator(".tabs .sheet a").all()]
    assert links == reached
    assert narrow.locator(".tabs .sheet a").last.is_visible()
