"""The policy editor as a steward meets it: a proposed job is answered in place and the answer follows the policy; the
documents stand beside each other, on a phone below each other."""

import json

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.road import Road

pytestmark = pytest.mark.browser


@pytest.fixture
def address(browser, road: Road) -> str:
    """The editor of the next policy of the centre's capsule, for which one job waits."""
    capsules = road.ready("centre")
    road.drafted(capsules, title="list of spring")
    own = next(one for one in capsules if one.domain == "profit_and_loss")
    return f"/capsules/policies/new/?capsule={own.id}"


def left_and_top(page: Page, selector: str) -> tuple[float, float]:
    box = page.locator(selector).bounding_box()
    assert box is not None
    return box["x"], box["y"]


@pytest.mark.parametrize("width", [1440, 390])
def test_a_job_is_tried_in_place_by_keyboard_and_the_answer_follows_the_policy(road: Road, address, sign_in, width):
    page = sign_in(road.zone, "centre", "steward", width=width, language="en")
    page.goto(address)
    answer = page.locator("#policy-trial-answer")
    expect(answer).to_contain_text("Describe a job")
    page.locator("#policy-trial-go").focus()
    page.keyboard.press("Enter")
    expect(answer).to_contain_text("Allowed: Rule 1 permits it to the end.")
    assert page.evaluate("document.activeElement.id") == "policy-trial-go"
    page.select_option("#id_try-purpose", "public-governance")
    expect(answer).to_contain_text("Refused: When a contract is signed")
    page.get_by_label("public governance").check()
    expect(answer).to_contain_text("Allowed")
    assert page.locator("#id_try-purpose").input_value() == "public-governance"
    page.locator("#policy-form summary").first.click()
    page.fill("#id_r1-max_rows", "99")
    expect(answer).to_contain_text("Refused: Once the common firms are known")
    page.locator("#policy-form summary").first.click()
    answer.get_by_role("link", name="Firms a job, at most").click()
    expect(page.locator("#id_r1-max_rows")).to_be_focused()
    page.get_by_role("button", name="list of spring").click()
    expect(page.locator("#id_try-purpose")).to_have_value("credit-risk/pre-loan")
    expect(page.locator("#policy-trial-answer")).to_contain_text(
        "Refused: Once the common firms are known, by your node"
    )
    assert page.said == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    found = Axe().run(page).response["violations"]
    assert [one["id"] for one in found if one["impact"] in {"serious", "critical"}] == []


@pytest.mark.parametrize("width", [1440, 390])
def test_documents_stand_side_by_side_follow_the_form_and_are_taken_along(road: Road, address, sign_in, width):
    page = sign_in(road.zone, "centre", "steward", width=width, language="en")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(address)
    (left, top), (right, below) = left_and_top(page, "#policy-json"), left_and_top(page, "#policy-odrl")
    assert (left < right, top == below) == ((True, True) if width > 760 else (False, False))
    page.fill("#id_r1-uses", "7")
    expect(page.locator("#policy-json")).to_contain_text('"total": 7')
    expect(page.locator("#policy-odrl")).to_contain_text('"rightOperand": 7')
    page.get_by_role("button", name="Copy").first.click()
    expect(page.locator("#announcer")).to_have_text("Copied")
    copied = json.loads(page.evaluate("navigator.clipboard.readText()"))
    assert copied["rules"][0]["id"] == "r1"
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Download").last.click()
    assert waiting.value.suggested_filename.endswith("-v2.odrl.jsonld")
    assert page.said == []
