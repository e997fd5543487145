"""The signing ceremony in a browser, with an authenticator of the browser's own: enrol, propose, check, sealed.

The browser decides by itself at which address a passkey answers; nothing here plays its part.
"""

import csv
import re

import pytest
from playwright.sync_api import expect

from deploy.demonstration import rules_for
from deploy.officers.person import until
from tests.live.browser.words import BROWSERS_PASSKEY

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

BALANCE = "balance_sheet"
MAKER, CHECKER = "bank-steward", "bank-approver"


class Authenticator:
    """A virtual authenticator in a person's page: it holds keys, and verifies its holder or does not."""

    def __init__(self, page):
        self.session = page.context.new_cdp_session(page)
        self.session.send("WebAuthn.enable")
        options = {
            "protocol": "ctap2",
            "transport": "internal",
            "hasResidentKey": True,
            "hasUserVerification": True,
            "isUserVerified": True,
            "automaticPresenceSimulation": True,
        }
        self.id = self.session.send("WebAuthn.addVirtualAuthenticator", {"options": options})["authenticatorId"]

    def verifies(self, holder):
        """Whether fingerprint or PIN fit from now on."""
        self.session.send("WebAuthn.setUserVerified", {"authenticatorId": self.id, "isUserVerified": holder})

    def credentials(self):
        """What it holds."""
        return self.session.send("WebAuthn.getCredentials", {"authenticatorId": self.id})["credentials"]

    def remove(self):
        """Take it out of the browser."""
        self.session.send("WebAuthn.removeVirtualAuthenticator", {"authenticatorId": self.id})


@pytest.fixture
def authenticators(sit):
    """Each person's authenticator, in the browser for one test."""
    taken = {}

    def of(username):
        if username not in taken:
            taken[username] = Authenticator(sit(username).page)
        return taken[username]

    yield of
    for one in taken.values():
        one.remove()


@pytest.fixture
def policy(live, tmp_path):
    """A policy of the bank that waits at its node: (digest, capsule)."""
    with (live.home / "demonstration" / f"{BALANCE}.csv").open(newline="", encoding="utf-8") as source:
        head, *rows = csv.reader(source)
    file = tmp_path / "list.csv"
    with file.open("w", newline="", encoding="utf-8") as target:
        csv.writer(target, lineterminator="\n").writerows([head, *rows[:30]])
    who = live.officers[MAKER]
    dataset = who.upload(file, domain=BALANCE, title="两人批准的名单")
    until(
        lambda: {one["id"] for one in who.call("GET", "/datasets/")["results"]},
        lambda known: dataset in known,
        what="the node's statement about its data set",
    )
    cards = {one["id"]: one["digest"] for one in who.call("GET", "/scorecards/")["results"]}
    draft = who.call("POST", "/policies/", {"dataset": dataset, "rules": rules_for(MAKER, cards)})
    return draft["digest"], draft["capsule"]


def code_drawn(live, username):
    """An enrolment code that an owner draws at the node, with the passkey that it has."""
    owner, person = live.officers[MAKER], live.user(username)["person"]
    page = owner.enter_node(f"/roster/{person}/")
    address = f"{owner.node}/roster/{person}/code/"
    answer = owner.passkey.get(owner._ask(address, {}, page), origin=owner.node)
    drawn = owner.browser.post(address, {"answer": answer}, page=page)
    return re.search(r"data-code>([A-Z2-7-]{19})<", drawn.text)[1]


def enrol(seat, code):
    """Fill the page's form in and press its button; the authenticator does the rest."""
    page = seat.at_node("/passkeys/")
    page.fill("input[name=code]", code)
    page.fill("input[name=name]", BROWSERS_PASSKEY)
    page.locator("form[data-passkey] button.primary").press("Enter")


def confirm_shown(live, seat, username):
    """The fingerprint that the page shows, confirmed by an owner with the passkey that it has."""
    shown = seat.page.locator("[data-fingerprint]")
    shown.wait_for()
    person = live.user(username)["person"]
    live.officers[MAKER].bind(f"/roster/{person}/confirm/", {"fingerprint": shown.inner_text()})


def test_two_officers_enrol_propose_and_check(sit, live, authenticators, policy):
    digest, capsule = policy
    maker, checker = sit(MAKER), sit(CHECKER)
    for username, seat in ((MAKER, maker), (CHECKER, checker)):
        held = authenticators(username)
        enrol(seat, code_drawn(live, username))
        confirm_shown(live, seat, username)
        seat.at_node("/passkeys/")
        assert BROWSERS_PASSKEY in seat.page.locator("main").inner_text()
        [made] = held.credentials()
        assert made["rpId"] == "bank.localhost"
        assert seat.serious() == []

    path = f"/sign/{digest.removeprefix('sm3:')}/"
    page = checker.at_node(path)
    page.locator("h1").wait_for()
    assert page.locator("form[data-passkey]").count() == 0, "an approver does not propose"

    page = maker.at_node(path)
    button = page.locator("form[data-passkey] button.primary")
    button.wait_for()
    authenticators(MAKER).verifies(False)
    button.click()
    expect(page.locator("[data-problem]")).to_be_visible()
    assert "未作任何操作" in page.locator("[data-problem]").inner_text()
    maker.complaints()
    authenticators(MAKER).verifies(True)
    button.press("Enter")
    page.get_by_text("撤回我的批准").wait_for()
    assert live.officers[MAKER].call("GET", f"/capsules/{capsule}/")["state"] == "draft"

    page = checker.at_node("/sign/")
    assert live.user(MAKER)["name"] in page.locator("main").inner_text()
    page = checker.at_node(path)
    assert checker.serious() == []
    page.locator("form[data-passkey] button.primary").click()
    page.locator(".toast").wait_for()
    approvals = page.locator("main table").first.inner_text()
    assert live.user(MAKER)["name"] in approvals
    assert live.user(CHECKER)["name"] in approvals
    assert approvals.count("与本策略相符") == 2
    until(
        lambda: live.officers[MAKER].call("GET", f"/capsules/{capsule}/"),
        lambda seen: seen["state"] in {"sealed", "listed"},
        what="the sealed capsule",
    )
    assert maker.complaints() == checker.complaints() == []

    page = maker.at_node(f"/capsules/{capsule}/freeze/")
    page.fill("[name=reason]", "核对名单")
    assert maker.serious() == []
    page.locator("[data-with-passkey]").click()
    page.locator(".toast").wait_for()
    until(
        lambda: live.officers[MAKER].call("GET", f"/capsules/{capsule}/")["state"],
        lambda state: state == "frozen",
        what="the freeze that the passkey answered for",
    )
    assert maker.complaints() == []


def test_a_page_at_another_address_gets_no_answer_for_the_node(sit, live, authenticators):
    """The portal's own page asks for the node's passkeys: the browser refuses, whatever that page's script does."""
    seat, held = sit(MAKER), authenticators(MAKER)
    enrol(seat, code_drawn(live, MAKER))
    confirm_shown(live, seat, MAKER)
    [made] = held.credentials()
    seat.at_portal("/")
    asked = """async (id) => {
      const bytes = Uint8Array.from(atob(id), (letter) => letter.charCodeAt(0));
      const allowCredentials = [{ type: "public-key", id: bytes }];
      const publicKey = { challenge: new Uint8Array(32), rpId: "bank.localhost", allowCredentials };
      try { await navigator.credentials.get({ publicKey }); return "answered"; } catch (error) { return error.name; }
    }"""
    assert seat.page.evaluate(asked, made["credentialId"]) == "SecurityError"
