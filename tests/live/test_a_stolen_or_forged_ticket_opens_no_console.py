"""Tickets at the real consoles: only the zone's own, for this node and person, once, within two minutes, in the browser
that asked; and even then the node's own factor stands between."""

import json

import msgspec
import pytest

from creditzone.kernel.documents import Signed, Ticket, new_id, now_ms, signed
from creditzone.kernel.sm import sm3
from creditzone.kernel.sm.sm2 import PrivateKey
from deploy.officers.browser import Browser
from tests.live.conftest import LiveZone

pytestmark = pytest.mark.faults


class Forger:
    """Somebody with the zone's order key (the portal's operator) and a browser of their own."""

    def __init__(self, live: LiveZone) -> None:
        self.live, self.browser = live, Browser(language="en")
        self.key = PrivateKey.from_bytes(bytes.fromhex(json.loads((live.home / "zone/keys.json").read_text())["order"]))
        card = json.loads((live.home / "zone/card.json").read_text())
        self.zone, self.name = sm3.digest(card["text"].encode()), json.loads(card["text"])["organisation"]
        self.node = live.node_url("centre")
        self.state = self.asked()

    def asked(self) -> str:
        """Begin at the node as a browser does; the state that a ticket must name."""
        import urllib.parse

        answer = self.browser._once("GET", f"{self.node}/datasets/?person={new_id()}", None, {})
        return urllib.parse.parse_qs(urllib.parse.urlsplit(answer.headers["location"]).query)["state"][0]

    def ticket(self, **changes) -> Ticket:
        steward, now = self.live.user("steward"), now_ms()
        facts = {
            "id": new_id(),
            "person": steward["person"],
            "person_name": "陈静",
            "organisation": steward["organisation"],
            "node": steward["organisation"],
            "state": self.state,
            "path": "/datasets/",
            "issued_at": now,
            "expires_at": now + 120_000,
        }
        return Ticket(zone=self.zone, **(facts | changes))

    def hand_over(self, document: Signed, *, origin: str = "", browser: Browser | None = None):
        values = {"ticket": msgspec.json.encode(document).decode()}
        return (browser or self.browser).post(f"{self.node}/arrive/", values, origin=origin or self.live.portal)

    def signed(self, ticket: Ticket, *, key: PrivateKey | None = None) -> Signed:
        return signed(ticket, key or self.key, by=self.name)


@pytest.fixture
def forger(live: LiveZone) -> Forger:
    return Forger(live)


def bank(live: LiveZone) -> str:
    return str(live.user("officer")["organisation"])


REFUSED = {
    "signed with another key": lambda by: by.signed(by.ticket(), key=PrivateKey.generate()),
    "altered after signing": lambda by: Signed(
        text=by.signed(by.ticket()).text.replace('"path":"/datasets/"', '"path":"/cards/"'),
        signatures=by.signed(by.ticket()).signatures,
    ),
    "expired": lambda by: by.signed(by.ticket(issued_at=now_ms() - 180_000, expires_at=now_ms() - 60_000)),
    "good for an hour": lambda by: by.signed(by.ticket(expires_at=now_ms() + 3_600_000)),
    "for another node": lambda by: by.signed(by.ticket(node=bank(by.live))),
    "for another organisation": lambda by: by.signed(by.ticket(organisation=bank(by.live))),
    "of another zone": lambda by: by.signed(msgspec.structs.replace(by.ticket(), zone="sm3:" + "0" * 64)),
    "asked for by another browser": lambda by: by.signed(by.ticket(state="sm3:" + "1" * 64)),
    "leading elsewhere": lambda by: by.signed(by.ticket(path="//evil.example/")),
}


@pytest.mark.parametrize("what", REFUSED)
def test_a_ticket_that_is_not_right_lets_nobody_in(forger, what):
    page = forger.hand_over(REFUSED[what](forger))
    assert page.status == 403, (page.url, page.text[:200])
    assert "/factor/" not in page.url
    again = forger.browser._once("GET", f"{forger.node}/datasets/", None, {})
    assert again.status in {302, 303}  # still nobody: sent to ask for a ticket


def test_a_ticket_is_used_once(forger):
    document = forger.signed(forger.ticket())
    assert "/factor/" in forger.hand_over(document).url
    assert forger.hand_over(document).status == 403


def test_a_ticket_comes_from_the_portals_page_only(forger):
    assert forger.hand_over(forger.signed(forger.ticket()), origin="https://evil.example").status == 403


def test_a_ticket_that_somebody_else_carries_off_is_worth_nothing_in_their_browser(forger):
    assert forger.hand_over(forger.signed(forger.ticket()), browser=Browser(language="en")).status == 403


def test_a_right_ticket_from_a_lying_portal_stops_at_the_nodes_own_factor(forger):
    page = forger.hand_over(forger.signed(forger.ticket()))
    assert page.url.split("?")[0].endswith("/factor/")
    wrong = forger.browser.post(page.url, {"code": "000000"}, page=page)
    assert wrong.status == 422
    assert forger.browser.get(f"{forger.node}/datasets/").url.split("?")[0].endswith("/factor/")


def test_a_stranger_to_the_roster_is_refused_though_the_zone_names_it(forger):
    page = forger.hand_over(forger.signed(forger.ticket(person=new_id(), organisation=forger.ticket().organisation)))
    assert page.status == 403
