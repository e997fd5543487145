"""Every page that a person's navigation leads to, and what lies behind its first rows: whole and in one language."""

import os
import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.live.browser.seat import DESK, PHONE
from tests.live.browser.words import chinese_left, english_left

pytestmark = [pytest.mark.browser, pytest.mark.timeout(420)]

LANDS = {
    "steward": "/datasets/",
    "merchant": "/datasets/",
    "officer": "/jobs/",
    "bank-steward": "/jobs/",
    "bank-approver": "/jobs/",
    "owner": "/credit/",
    "regulator": "/supervision/events/",
    "admin": "/zone/nodes/",
}
AT_NODE = (
    *("/", "/datasets/", "/capsules/", "/sign/", "/results/", "/contracts/", "/cards/", "/roster/", "/passkeys/"),
    *("/custody/", "/zone-rules/", "/health/"),
)
SEARCH = "/search/?q=2026"
FIRST_ROWS = ".main table tbody tr:nth-child(1) a[href], .solo table tbody tr:nth-child(1) a[href]"
ACTS = ".main .head .acts a.btn[href], .solo .head .acts a.btn[href]"
NO_PAGE = re.compile(r"\.(csv|xlsx|json)$|/(verify|open|export|leave)/")
ID = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|sm3:[0-9a-f]{64}|[0-9a-f]{64}|[0-9A-Z]{18}")


def pages_of(seat):
    """Addresses to visit: the navigation's, one of each kind behind first rows, and the acts at the head of both."""
    seat.page.goto(seat.portal + "/")
    rooms = [*seat.links(".side a[href]"), seat.portal + SEARCH]
    if seat.node:
        seat.at_node("/")
        rooms += [seat.node + path for path in AT_NODE]
    own = (seat.portal + "/", *([seat.node + "/"] if seat.node else []))
    kinds = {}

    def keep(links):
        """One address of each kind that is not known yet; those that are new."""
        new = {}
        for link in links:
            parts = urlsplit(link)
            kind = (parts.netloc, ID.sub("*", parts.path))
            if link.startswith(own) and not NO_PAGE.search(parts.path) and kind not in kinds:
                kinds[kind] = new[kind] = link.split("#")[0]
        return list(new.values())

    behind = []
    for room in rooms:
        seat.page.goto(room)
        behind += keep([room, *seat.links(ACTS), *seat.links(FIRST_ROWS)])
    for address in behind:
        if address not in rooms:
            seat.page.goto(address)
            keep(seat.links(ACTS))
    return list(kinds.values())


def faults_of(seat, address, names, *, language):
    """What is wrong with a page at both widths."""
    answer = seat.page.goto(address)
    faults = [] if answer.status == 200 else [f"status {answer.status}"]
    faults += [f"said: {one}" for one in seat.complaints()]
    if seat.page.locator("h1").count() != 1:
        faults.append(f"{seat.page.locator('h1').count()} first headings")
    left = english_left if language == "zh-hans" else chinese_left
    faults += left(seat.page, names)[:6]
    for width in (DESK, PHONE):
        seat.width(width)
        if not seat.fits():
            faults.append(f"{seat.overflow()} px too wide at {width}")
        keep_picture(seat, address, width, language)
    if language == "zh-hans":  # marks and colours are the same in both
        faults += [f"axe, {rule}: {element}" for rule, element in seat.serious()]
    return [f"{urlsplit(address).netloc}{urlsplit(address).path}: {fault}" for fault in faults]


def keep_picture(seat, address, width, language):
    """Pictures for people, where CREDITZONE_TEST_PICTURES names a folder."""
    folder = os.environ.get("CREDITZONE_TEST_PICTURES")
    if folder and (language == "zh-hans" or width == DESK):
        parts = urlsplit(address)
        name = f"{parts.hostname}{ID.sub('x', parts.path).replace('/', '-')}{language[:2]}-{width}.png"
        path = Path(folder) / seat.user["username"] / name
        path.parent.mkdir(parents=True, exist_ok=True)
        seat.page.screenshot(path=str(path), full_page=True)


@pytest.mark.parametrize("username", LANDS)
def test_every_page_is_whole_fits_its_screen_and_speaks_one_language(sit, names, username):
    seat = sit(username)
    seat.page.goto(seat.portal + "/")
    assert seat.page.locator(f".side a[href='{LANDS[username]}']").count() == 1
    addresses = pages_of(seat)
    assert len(addresses) >= len(seat.links(".side a[href]"))
    seat.complaints()
    faults = []
    for language in ("zh-hans", "en"):
        for home in filter(None, (seat.portal, seat.node)):
            seat.speak(language, home + "/")
        for address in addresses:
            faults += faults_of(seat, address, names, language=language)
    for home in filter(None, (seat.portal, seat.node)):
        seat.speak("zh-hans", home + "/")
    assert not faults, "\n".join(faults)
    assert seat.strayed == []
