"""A person at a browser: signs in through the real pages, holds the portal and the own node in one context."""

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Page, Request, expect

from deploy.officers.person import Unexpected
from deploy.officers.totp import fresh_code

DESK, PHONE = 1440, 390
HEIGHT = 900
PATIENCE_MS = 20_000


@dataclass(eq=False)
class Seat:
    """One person's context. `said` collects what consoles complain of, `strayed` addresses beyond this machine."""

    user: dict[str, Any]
    portal: str
    node: str
    context: BrowserContext
    said: list[str] = field(default_factory=list)
    strayed: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.context.set_default_timeout(PATIENCE_MS)
        self.page = self.context.new_page()
        self._listen(self.page)

    def _listen(self, page: Page) -> None:
        page.on("console", lambda message: message.type in {"error", "warning"} and self.said.append(message.text))
        page.on("pageerror", lambda error: self.said.append(str(error)))
        page.on("request", self._follow)

    def _follow(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme in {"http", "https", "ws", "wss"} and not (parts.hostname or "").endswith("localhost"):
            self.strayed.append(request.url)

    def complaints(self) -> list[str]:
        """What was said since the last time, and forget it."""
        said, self.said = self.said, []
        return said

    # coming in ----------------------------------------------------------------------------------------------------

    def sign_in(self) -> Page:
        """Password and one-time code at the portal; the page where the person lands."""
        page = self.page
        page.goto(self.portal + "/")
        if "/accounts/" not in page.url:
            return page
        page.fill("input[name=login]", self.user["username"])
        page.fill("input[name=password]", self.user["password"])
        page.locator("main button.primary").click()
        self._give_code(self.user["totp"], "/accounts/")
        return page

    def at_portal(self, path: str) -> int:
        """Go to a page of the portal; its status."""
        return _status(self.page.goto(self.portal + path))

    def at_node(self, path: str = "/") -> Page:
        """Go to a page of the own node, by handover and the node's own factor where they are asked for."""
        page = self.page
        page.goto(f"{self.node}{path}?person={self.user['person']}")
        self.come_in()
        return page

    def come_in(self) -> None:
        """Wait for the handover that is under way and give the node's code where it is asked for."""
        self.page.wait_for_url(lambda url: urlsplit(url).path not in {"/handover/", "/arrive/", "/arrive/done/"})
        if "/factor/" in self.page.url:
            self._give_code(self.user["node_totp"], "/factor/")

    def _give_code(self, secret: str, asking: str) -> None:
        """Enter the code; one that another program has used in this half minute is refused once."""
        page = self.page
        for _ in range(2):
            page.fill("input[name=code]", fresh_code(secret))
            page.locator("main button.primary").click()
            page.wait_for_load_state("load")
            if asking not in page.url:
                return
        raise Unexpected(f"{self.user['username']} was not taken in (at {page.url})")

    # looking ------------------------------------------------------------------------------------------------------

    def width(self, pixels: int) -> None:
        """Make the window as wide as a desk's screen or a phone's."""
        self.page.set_viewport_size({"width": pixels, "height": HEIGHT})

    def speak(self, language: str, address: str) -> None:
        """Change the language with the page's own button where it is not yet the wanted one."""
        self.page.goto(address)
        if self.page.locator("html").get_attribute("lang") != language:
            with self.page.expect_navigation():
                self.page.locator("form.language button").click()

    def overflow(self) -> int:
        """By how many pixels the document is wider than its window."""
        return int(self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))

    def fits(self) -> bool:
        """Whether the document is no wider than its window, once charts have followed it."""
        for _ in range(20):  # asked from outside: the pages' own policy lets nobody evaluate words in them
            if self.overflow() <= 0:
                return True
            self.page.wait_for_timeout(100)
        return False

    def serious(self) -> list[tuple[str, str]]:
        """What axe calls serious or critical: rule and the first element."""
        found = Axe().run(self.page).response["violations"]
        return [(one["id"], one["nodes"][0]["html"][:300]) for one in found if one["impact"] in SERIOUS]

    def drawn(self) -> Page:
        """Wait until every chart of the page is drawn."""
        expect(self.page.locator("[data-chart]:not([data-drawn=yes])")).to_have_count(0)
        return self.page

    def links(self, selector: str) -> list[str]:
        """Absolute addresses of the links that a selector finds, each once."""
        found = self.page.eval_on_selector_all(selector, "all => all.map(one => one.href)")
        return list(dict.fromkeys(found))


SERIOUS = {"serious", "critical"}


def _status(answer: Any) -> int:
    return answer.status if answer is not None else 0
