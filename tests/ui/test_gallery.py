"""What every page owes its reader, asked of the page that shows every component."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

pytestmark = pytest.mark.browser
PAGES = ["/ui/", "/ui/node/"]
WIDTHS = [1440, 390]


@pytest.fixture
def visit(browser, gallery_address):
    """Open an address at a width; `page.said` collects whatever the console and the network complained of."""
    contexts = []

    def visiting(address: str, *, width: int = 1440, script: bool = True):
        context = browser.new_context(
            viewport={"width": width, "height": 900}, locale="zh-CN", java_script_enabled=script
        )
        contexts.append(context)
        context.grant_permissions(["clipboard-read", "clipboard-write"])
        page = context.new_page()
        page.said, page.asked = [], []
        page.on("console", lambda message: message.type in {"error", "warning"} and page.said.append(message.text))
        page.on("pageerror", lambda error: page.said.append(str(error)))
        page.on("request", lambda request: page.asked.append(request.url))
        page.goto(gallery_address + address)
        page.wait_for_load_state("networkidle")
        return page

    yield visiting
    for context in contexts:
        context.close()


def drawn(page):
    expect(page.locator("[data-chart]:not([data-drawn=yes])")).to_have_count(0, timeout=15_000)
    return page


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("address", PAGES)
def test_a_page_is_quiet_fits_its_screen_and_asks_nobody_else(visit, gallery_address, address, width):
    page = drawn(visit(address, width=width))
    assert page.said == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert [url for url in page.asked if not url.startswith((gallery_address, "data:"))] == []


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("address", [*PAGES, "/ui/error/409/"])
def test_a_page_is_usable_by_everybody(visit, address, width):
    page = visit(address, width=width)
    found = Axe().run(page).response["violations"]
    serious = [(one["id"], one["nodes"][0]["html"]) for one in found if one["impact"] in {"serious", "critical"}]
    assert serious == []


def test_a_chart_is_drawn_beside_its_figures_and_offers_no_cloud(visit):
    page = drawn(visit("/ui/node/"))
    assert page.locator(".chart svg.main-svg").count() >= 1
    assert page.get_by_text("Share chart").count() == 0
    assert page.locator(".modebar").count() == 0
    page.locator(".chart summary").click()
    assert page.locator(".chart tbody tr").count() == 8


def test_a_page_reads_without_script(visit):
    page = visit("/ui/", script=False)
    assert page.get_by_role("heading", level=1).inner_text().startswith("2026")
    page.locator(".chart summary").first.click()
    assert page.locator(".chart tbody tr").first.is_visible()


def test_the_keyboard_walks_a_table_and_opens_a_row(visit):
    page = visit("/ui/")
    page.keyboard.press("j")
    page.keyboard.press("j")
    assert page.locator("tr[aria-selected=true] td").first.inner_text() == "武汉楚云冷链物流有限公司"
    page.keyboard.press("k")
    assert page.locator("tr[aria-selected=true] td").first.inner_text() == "武汉临江精工机械有限公司"


def test_the_keyboard_goes_on_into_the_next_table_of_the_page(visit):
    page = visit("/ui/")
    page.get_by_role("region", name="短表").focus()
    for _ in range(page.locator("table[data-keys] > tbody > tr").count()):
        page.keyboard.press("j")
    assert page.locator("tr[aria-selected=true] a").inner_text() == "使用政策 v2"
    page.keyboard.press("Enter")
    page.wait_for_url("**/ui/node/")


def test_a_destructive_act_opens_its_dialog_and_waits_for_the_exact_name(visit):
    page = visit("/ui/")
    page.get_by_role("button", name="吊销").click()
    act = page.locator("dialog button[type=submit]")
    assert act.is_disabled()
    page.get_by_label("请输入“登记信息胶囊”以继续").fill("登记信息")
    assert act.is_disabled()
    page.get_by_label("请输入“登记信息胶囊”以继续").fill("登记信息胶囊")
    assert act.is_enabled()
    page.keyboard.press("Escape")
    assert not page.locator("dialog").is_visible()


def test_a_digest_is_copied_whole_and_the_copy_is_announced(visit):
    page = visit("/ui/")
    button = page.locator(".digest button[data-copy^='sm3:']").first
    button.click()
    expect(page.locator("#announcer")).not_to_be_empty()
    assert page.evaluate("navigator.clipboard.readText()") == button.get_attribute("data-copy")


def test_the_first_tab_stop_skips_to_the_content(visit):
    page = visit("/ui/")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


def test_a_clause_of_the_sentence_goes_to_its_field(visit):
    page = visit("/ui/")
    page.locator(".sentence a", has_text="10 户").click()
    assert page.evaluate("document.activeElement.id") == "id_minimum_group"


def test_a_page_prints_on_a4_without_its_frame(visit):
    page = visit("/ui/")
    page.emulate_media(media="print")
    assert not page.locator(".side").is_visible()
    assert not page.locator(".top").is_visible()
    assert page.locator(".printhead").is_visible()
    assert len(page.pdf(format="A4")) > 10_000
