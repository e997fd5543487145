"""Headless Chromium at the running zone: one context a person, signed in once a run through the real pages."""

import os
import shutil
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from deploy.chromium import NAMES
from tests.live.browser.seat import DESK, HEIGHT, Seat
from tests.live.browser.words import given_names

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE *.localhost, EXCLUDE 127.0.0.1",
]
NODES = {
    "officer": "bank",
    "bank-steward": "bank",
    "bank-approver": "bank",
    "steward": "centre",
    "merchant": "platform",
    "owner": "hosted",
}


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """The system's Chromium, else Playwright's own. Its loop ends with this folder, before tests of the database."""
    named = os.environ.get("CREDITZONE_TEST_CHROMIUM")
    path = named or next((found for name in NAMES if (found := shutil.which(name))), None)
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def seats(chromium, live) -> Iterator[Callable[[str], Seat]]:
    """Everybody's seat by username; who is asked for first signs in first, and stays for the whole run."""
    taken: dict[str, Seat] = {}

    def seat(username: str) -> Seat:
        if username not in taken:
            user = live.user(username)
            context = chromium.new_context(
                viewport={"width": DESK, "height": HEIGHT},
                locale="zh-CN",
                timezone_id="Asia/Shanghai",
                accept_downloads=True,
            )
            node = live.node_url(NODES[username]).rstrip("/") if username in NODES else ""
            taken[username] = Seat(user=user, portal=live.portal.rstrip("/"), node=node, context=context)
            taken[username].sign_in()
        return taken[username]

    yield seat
    for one in taken.values():
        one.context.close()


@pytest.fixture
def sit(seats) -> Callable[[str], Seat]:
    """Somebody at a desk's screen in Chinese, with nothing said yet."""

    def sitting(username: str) -> Seat:
        seat = seats(username)
        seat.width(DESK)
        seat.complaints()
        return seat

    return sitting


@pytest.fixture(scope="package")
def names(live) -> list[str]:
    """Names and titles that are in one language only."""
    return given_names(live)
