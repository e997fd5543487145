"""Sign-in, enrolment, the operator's pages and the hand-over, as a person meets them in Chromium."""

import re

import pytest
from allauth.mfa.totp.internal import auth as totp
from axe_playwright_python.sync_playwright import Axe

from apps.core.tenancy import tenant_tx
from apps.tenants import services
from apps.tenants.models import Membership
from creditzone.kernel.sm import sm3
from tests.tenants.cards import card_of, draw
from tests.zone import PASSWORD

pytestmark = pytest.mark.browser


def code_of(secret: str) -> str:
    return totp.format_hotp_value(totp.hotp_value(secret, next(totp.yield_hotp_counters_from_time())))


@pytest.fixture
def visit(browser, portal):
    """A page nobody has signed in with; `page.said` collects complaints of the console."""
    contexts = []

    def visiting(*, width: int = 1440, language: str = "zh-CN"):
        context = browser.new_context(base_url=portal, viewport={"width": width, "height": 844}, locale=language)
        contexts.append(context)
        page = context.new_page()
        page.said = []
        page.on("console", lambda message: message.type in {"error", "warning"} and page.said.append(message.text))
        return page

    yield visiting
    for context in contexts:
        context.close()


def is_well(page, width: int) -> None:
    """What every page owes its reader: one heading, no complaint, no sideways scroll, nothing serious for axe."""
    page.wait_for_load_state("networkidle")
    assert page.locator("h1").count() == 1, page.url
    assert page.said == [], page.url
    assert page.evaluate("document.documentElement.scrollWidth") <= width, page.url
    found = Axe().run(page).response["violations"]
    assert [one["id"] for one in found if one["impact"] in {"serious", "critical"}] == [], page.url


@pytest.mark.parametrize("width", [1440, 390])
def test_a_person_signs_in_with_both_factors_and_lands_where_they_wanted(zone, visit, width):
    officer = zone.member("bank")
    page = visit(width=width)
    page.goto("/zone/organisations/")
    is_well(page, width)
    page.get_by_label("登录名").fill("bank.officer")
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="下一步").click()
    is_well(page, width)
    page.get_by_label("动态口令").fill(code_of(zone.secrets[officer.person_id]))
    page.get_by_role("button", name="登录", exact=True).click()
    page.wait_for_url("**/zone/organisations/")
    is_well(page, width)


def test_a_newcomer_enrols_the_second_factor_and_sees_recovery_codes_once(zone, visit):
    with zone.as_admin():
        services.add_person(
            actor=zone.founder, organisation=zone["bank"], username="new.officer", name="新人", role="officer",
            password=PASSWORD,
        )  # fmt: skip
    page = visit()
    page.goto("/")
    page.get_by_label("登录名").fill("new.officer")
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="下一步").click()
    page.wait_for_load_state("networkidle")
    if "/reauthenticate/" in page.url:
        page.get_by_label("密码").fill(PASSWORD)
        page.get_by_role("button", name="下一步").click()
    page.wait_for_url("**/factor/enrol/")
    is_well(page, 1440)
    secret = re.search(r"[A-Z2-7]{32}", page.locator("main").inner_text())
    assert secret
    page.get_by_label("动态口令").fill(code_of(secret[0]))
    page.get_by_role("button", name="登记").click()
    page.wait_for_url("**/factor/codes/")
    is_well(page, 1440)
    assert page.locator("li").count() == 10
    page.reload()
    assert page.locator("ul.mono li").count() == 0
    page.goto("/")
    assert page.locator("h1").count() == 1


@pytest.mark.parametrize("width", [1440, 390])
def test_the_pages_of_people_and_factors_are_well(zone, sign_in, width):
    officer = zone.member("bank")
    with zone.as_admin():
        membership = Membership.objects.get(person_id=officer.person_id)
    page = sign_in(zone, "operator", "owner", width=width)
    for address in (
        "/zone/organisations/", "/zone/organisations/add/", "/zone/people/", "/zone/people/add/",
        f"/zone/people/{membership.pk}/reset/", "/zone/nodes/", "/me/tokens/", "/me/organisation/", "/ledger/",
        "/accounts/factor/",
    ):  # fmt: skip
        page.goto(address)
        is_well(page, width)


def test_a_member_is_closed_only_after_typing_their_name(zone, sign_in):
    zone.member("bank")
    page = sign_in(zone, "operator", "owner")
    page.goto("/zone/people/")
    row = page.locator("tr", has_text="bank.officer")
    row.get_by_role("button", name="停用").first.click()
    dialog = page.locator("dialog[open]")
    assert dialog.get_by_role("button", name="停用").is_disabled()
    dialog.get_by_role("textbox").fill("bank.officer")
    dialog.get_by_role("button", name="停用").click()
    page.wait_for_load_state("networkidle")
    assert "已停用" in page.locator("tr", has_text="bank.officer").inner_text()
    assert page.said == []


def test_the_hand_over_posts_itself_to_the_node_past_the_policy_of_the_page(zone, zone_keys, sign_in):
    with tenant_tx(None, role="exchange"):
        services.register_card(signed=card_of(zone["bank"], draw(), zone=zone_keys), actor=None, node=zone["bank"])
    page = sign_in(zone, "bank", "officer")
    arrived = []

    def node(route):
        arrived.append(route.request)
        route.fulfill(status=200, content_type="text/html", body='<link rel="icon" href="data:,"><h1>node</h1>')

    page.route("http://bank.localhost:8101/**", node)
    page.goto(f"/handover/?node={zone['bank'].uscc}&state={sm3.digest(b'nonce')}&path=/sign/")
    page.wait_for_url("http://bank.localhost:8101/arrive/")
    request = arrived[0]
    assert (request.method, request.url) == ("POST", "http://bank.localhost:8101/arrive/")
    assert "ticket=" in request.post_data
    assert request.headers["origin"].startswith("http://zone.localhost:")  # not null: the page says where from
    assert request.headers.get("referer", "").count("/") <= 3  # the origin alone, no address
    assert page.said == []
