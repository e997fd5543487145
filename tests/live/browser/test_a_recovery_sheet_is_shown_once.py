"""A sheet as its maker meets it: words on one page, fit for paper and phone, some of them typed back, then dropped."""

import pytest
from playwright.sync_api import expect

from deploy.officers.totp import fresh_code
from tests.live.browser.seat import DESK, PHONE
from tests.live.browser.test_every_room_of_every_workspace import keep_picture
from tests.live.browser.words import english_left

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]


def send(seat):
    """Press the form's button, with a code where one is asked for."""
    page = seat.page
    for _ in range(2):
        if page.locator("form.form input[name=code]").count():
            page.fill("form.form input[name=code]", fresh_code(seat.user["node_totp"]))
        with page.expect_navigation():
            page.locator("form.form button[type=submit]:not([data-with-passkey])").click()
        if not page.locator("form.form input[name=code][aria-invalid]").count():
            return


def looked_at(seat, names, *, words=()):
    """The page fits desk and phone, is Chinese, sound for readers, and nothing complained."""
    assert english_left(seat.page, [*names, *words]) == []
    for width in (PHONE, DESK):
        seat.width(width)
        assert seat.fits(), f"{seat.overflow()} px too wide at {width}"
        keep_picture(seat, seat.page.url, width, "zh-hans")
    assert seat.serious() == []
    assert seat.complaints() == []


def test_a_sheet_is_shown_once_typed_back_and_dropped(sit, names):
    seat = sit("steward")
    page = seat.at_node("/custody/sheets/new/")
    looked_at(seat, names)
    page.select_option("select[name=kind]", "officer")
    page.fill("input[name=name]", "周岚")
    send(seat)
    words = page.locator("ol.words li").all_inner_texts()
    assert len(words) == 24
    looked_at(seat, names, words=words)
    page.emulate_media(media="print")
    expect(page.locator("ol.words")).to_be_visible()
    expect(page.locator("a.btn").first).to_be_hidden()
    page.emulate_media(media="screen")
    page.locator("a.btn.primary").click()
    expect(page.locator("ol.words")).to_have_count(0)
    looked_at(seat, names)
    sentence = page.locator(".card p").first.inner_text()
    asked = [int(number) for number in sentence.split("第")[1].split("个词")[0].strip().split("、")]
    page.fill("input[name=words]", "".join(words[number - 1] for number in asked))
    send(seat)
    expect(page.locator(".main, .solo").first).to_contain_text("周岚")
    looked_at(seat, names)
    page.locator("a.btn.danger[href*='/sheets/']").first.click()
    looked_at(seat, names)
    send(seat)
    expect(page.locator("a.btn.danger[href*='/sheets/']")).to_have_count(0)
