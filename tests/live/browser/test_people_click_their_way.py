"""The main road as people walk it: by the pages' own links and buttons, portal and node in one browser."""

import csv
import io
import re
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from deploy.officers.totp import fresh_code
from tests.live.browser.seat import PATIENCE_MS, PHONE
from tests.live.browser.words import WHY

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

ROOT = Path(__file__).resolve().parents[3]
DOMAINS = ("balance_sheet", "profit_and_loss", "turnover")
LONG_MS = 120_000
NO_JOB = "/jobs/00000000-0000-7000-8000-000000000000/"


def primary(page):
    """The page's one next act, at its top right."""
    return page.locator(".head a.btn.primary, .head button.btn.primary").first


def sign_here(seat):
    """Sign what the node shows, once it has arrived there, and go on at the portal."""
    seat.come_in()
    page = seat.page
    button = page.locator("button[name=sign]")
    button.wait_for(timeout=PATIENCE_MS)
    for _ in range(2):
        if page.locator("input[name=passphrase]").count():
            page.fill("input[name=passphrase]", seat.user["passphrase"])
        if page.locator("input[name=code]").count():
            page.fill("input[name=code]", fresh_code(seat.user["node_totp"]))
        button.click()
        page.wait_for_load_state("load")
        if not button.count():
            break
    primary(page).click()
    page.wait_for_url(seat.portal + "/**")


def ended(page, state="done"):
    """The live part brings the job's end by itself; nobody reloads."""
    page.locator("#stages:not([hx-get])").wait_for(timeout=LONG_MS)
    expect(page.locator(".head .badge").first).to_have_text({"done": "已完成", "cancelled": "已取消"}[state])


def opened(seat):
    """Open the sealed result in the node, once its parts are there."""
    seat.come_in()
    page = seat.page
    button = page.locator("form[action$='/open/'] button.primary")
    button.wait_for(timeout=PATIENCE_MS)
    if page.locator("input[name=passphrase]").count():
        page.fill("input[name=passphrase]", seat.user["passphrase"])
    button.click()
    page.wait_for_load_state("load")


@pytest.fixture(scope="module")
def walked():
    """What earlier walks of this module leave for later ones."""
    return {}


def test_an_officer_drafts_confirms_watches_opens_exports_and_takes_grades_into_the_file(sit, live, walked):
    seat = sit("officer")
    page = seat.page
    seat.at_portal("/jobs/")
    primary(page).click()
    page.locator(f"a.btn[href='?model={live.card(*DOMAINS)['digest']}']").click()
    title = f"浏览器申请名单 {time.strftime('%H%M%S')}"
    page.fill("input[name=title]", title)
    expect(page.locator("#check .lane-check")).to_have_count(3)
    page.locator("#job-form button.primary").click()
    page.wait_for_url(re.compile(r"/jobs/[0-9a-f-]{36}/$"))
    walked["job"] = page.url.rstrip("/").rsplit("/", 1)[1]
    assert page.locator("h1").inner_text() == title

    primary(page).click()
    seat.come_in()
    page.locator("button[name=sign]").wait_for()
    assert title in page.locator("main").inner_text()
    assert "江城代码中心" in page.locator("main").inner_text()
    assert seat.serious() == []
    sign_here(seat)

    page.locator(".stages li").first.wait_for()
    ended(page)
    expect(page.locator("#lanes").get_by_text("份额").first).to_be_visible()
    lanes = page.locator("#lanes .lane")
    expect(lanes).to_have_count(3)
    assert "江城银行" in lanes.filter(has=page.locator(".party + .badge")).inner_text()
    assert page.locator("#lanes .seal, #lanes .sealed").count() >= 2
    assert seat.serious() == []

    page.locator(".head a.btn.primary").click()
    opened(seat)
    seat.drawn()
    assert page.locator(".chart svg.main-svg").count() >= 1
    assert page.locator("#take tbody tr").count() > 10
    assert seat.serious() == []
    with page.expect_download() as coming:
        page.locator("a[href$='/export.csv']").click()
    rows = list(csv.reader(io.StringIO(coming.value.path().read_text(encoding="utf-8-sig"))))
    assert len(rows) > 500

    warning = page.locator(".note").first.inner_text()
    assert "门户" in warning
    boxes = page.locator("#take input[name=subject]")
    taken = [boxes.nth(at).get_attribute("value") for at in range(2)]
    for at in range(2):
        boxes.nth(at).check()
    page.locator("#take button[name=chosen]").click()
    page.wait_for_load_state("load")
    assert page.locator(".toast").count() == 1

    for _ in range(20):
        seat.at_portal(f"/file/?job={walked['job']}")
        if page.locator(".main tbody tr").count() >= 2:
            break
        page.wait_for_timeout(500)
    shown = page.locator(".main table").inner_text()
    assert all(code in shown for code in taken)
    assert seat.complaints() == []


def test_a_firm_asks_signs_with_its_passphrase_and_finds_its_rung(sit):
    seat = sit("owner")
    page = seat.page
    seat.at_portal("/credit/")
    page.locator("form[action='/credit/ask/'] button[type=submit]").click()
    page.wait_for_url(re.compile(r"/jobs/[0-9a-f-]{36}/$"))
    job = page.url
    primary(page).click()
    sign_here(seat)
    page.goto(job)
    page.locator(".stages li").first.wait_for()
    ended(page)
    seat.width(PHONE)
    assert seat.overflow() == 0
    page.locator(".head a.btn.primary").click()
    opened(seat)
    assert page.locator(".ladder li[aria-current]").count() == 1
    assert page.locator(".ladder li[aria-current]").inner_text() in page.locator("h1").inner_text()
    assert seat.overflow() == 0
    assert seat.serious() == []
    assert seat.complaints() == []


def test_a_running_job_is_cancelled_with_a_reason_that_everybody_reads(sit, live):
    seat = sit("officer")
    page = seat.page
    job = live.submit("balance_sheet", "profit_and_loss", title="浏览器里取消的任务")
    seat.at_portal(f"/jobs/{job}/")
    page.locator(".head a.btn.danger").click()
    page.fill("input[name=reason]", WHY)
    page.locator("form button.danger").click()
    page.wait_for_url(re.compile(r"/jobs/[0-9a-f-]{36}/$"))
    ended(page, "cancelled")
    assert WHY in page.locator("main").inner_text()
    assert page.locator(".head a.btn.danger").count() == 0
    assert seat.complaints() == []


def test_the_regulator_reads_events_and_the_trace_of_a_job(sit, live):
    seat = sit("regulator")
    page = seat.page
    seat.at_portal("/supervision/events/")
    assert page.locator(".main tbody tr").count() >= 10
    assert seat.serious() == []
    seat.at_portal(f"/jobs/{live.notes['job']}/")
    assert f"/supervision/jobs/{live.notes['job']}/" in page.url
    assert page.locator(".lanes .lane").count() == 3
    assert page.locator(".trace li").count() >= 3
    assert seat.serious() == []
    assert seat.complaints() == []


def test_the_operator_finds_organisations_people_and_nodes(sit, live):
    seat = sit("admin")
    page = seat.page
    for path, known in (
        ("/zone/organisations/", {user["organisation_name"] for user in live.notes["users"]}),
        ("/zone/people/", {user["name"] for user in live.notes["users"]}),
        ("/zone/nodes/", {"江城银行", "江城代码中心", "商桥平台"}),
    ):
        assert seat.at_portal(path) == 200
        shown = page.locator(".main").inner_text()
        assert [name for name in known if name not in shown] == []
        assert seat.serious() == []
    assert seat.complaints() == []


@pytest.mark.parametrize("username", ["owner", "steward"])
def test_what_is_not_for_the_reader_is_a_page_of_ours_that_says_what_to_do(sit, live, username):
    seat = sit(username)
    page = seat.page
    paths = [NO_JOB, "/zone/people/", *([f"/jobs/{live.notes['job']}/"] if username == "owner" else [])]
    for path in paths:
        assert seat.at_portal(path) in {403, 404}
        assert page.locator(".side a").count() >= 3
        assert page.locator(".errorpage h1").count() == 1
        assert page.locator(".errorpage .acts a.btn").count() >= 1
        assert seat.overflow() == 0
    assert [said for said in seat.complaints() if not re.search(r"40[34]", said)] == []


READ = {
    "officer": ["/", "/jobs/", "/jobs/{job}/", "/capsules/", "/contracts/", "/file/", "/scorecards/", "/registry/"],
    "regulator": ["/supervision/events/", "/supervision/jobs/{job}/"],
}


def test_pages_read_without_script(sit, chromium, live):
    for username, paths in READ.items():
        seat = sit(username)
        bare = chromium.new_context(
            storage_state=seat.context.storage_state(), java_script_enabled=False, locale="zh-CN"
        )
        page = bare.new_page()
        for path in paths:
            answer = page.goto(seat.portal + path.format(job=live.notes["job"]))
            assert answer.status == 200, path
            assert page.locator("h1").is_visible(), path
            assert page.locator(".side a").first.is_visible(), path
            assert len(page.locator(".main").inner_text()) > 60, path
        bare.close()


def choose_template(page):
    """By keyboard: begin with the first template, then fill in what it leaves open and nothing else."""
    page.locator(".main .card a.btn").first.focus()
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert page.locator("#policy-form details[open]").count() == 0
    for field in ("grantees", "models"):
        choice = page.locator(f"#policy-form input[name$={field}]").first
        choice.focus()
        with page.expect_response(lambda one: "preview" in one.url):
            page.keyboard.press("Space")
        assert choice.is_checked()


def test_a_steward_uploads_reads_the_quarantine_drafts_a_policy_and_two_people_seal_it(sit, live, tmp_path):
    seat = sit("steward")
    page = seat.page
    with (live.home / "demonstration" / "profit_and_loss.csv").open(encoding="utf-8") as source:
        lines = [next(source) for _ in range(61)]
    cells = lines[7].split(",")
    lines[7] = ",".join(["NOT-A-CODE", *cells[1:]])
    title = f"浏览器上传 {time.strftime('%H%M%S')}"
    file = tmp_path / "利润表.csv"
    file.write_text("".join(lines), encoding="utf-8")

    seat.at_node("/datasets/")
    primary(page).click()
    page.set_input_files("#file", file)
    page.select_option("select[name=domain]", "profit_and_loss")
    page.fill("input[name=title]", title)
    with page.expect_request(lambda one: one.method == "PATCH") as piece:
        page.locator("#upload button.primary").click()
    assert piece.value.headers["upload-offset"] == "0"
    page.wait_for_url(re.compile(r"/datasets/[0-9a-f-]{36}/$"))
    dataset = page.url.rstrip("/").rsplit("/", 1)[1]
    for _ in range(40):
        page.goto(f"{seat.node}/datasets/{dataset}/")
        if page.locator(".stat").count():
            break
        page.wait_for_timeout(500)
    assert page.locator("#quarantine tbody tr").count() >= 1
    assert "NOT-A-CODE" in page.locator("#quarantine").inner_text()
    assert seat.serious() == []

    to_policy = primary(page).get_attribute("href")
    for _ in range(20):
        if seat.page.goto(to_policy).status == 200:
            break
        page.wait_for_timeout(500)
    seat.complaints()
    assert seat.serious() == []
    choose_template(page)
    before = page.locator("#policy-sentence").inner_text()
    page.locator("#policy-form summary").first.click()
    with page.expect_response(lambda one: "preview" in one.url or one.request.method == "POST"):
        page.locator("#policy-form input[name$=uses]").first.fill("7")
    expect(page.locator("#policy-sentence")).not_to_have_text(before)
    expect(page.locator("#policy-json")).to_contain_text('"total": 7')
    for name in ("grantee", "purpose", "model"):
        page.locator(f"#id_try-{name}").select_option(index=1)
    page.locator("#policy-trial-go").click()
    expect(page.locator("#policy-trial-answer .points li")).to_have_count(4)
    assert seat.serious() == []
    primary(page).click()
    page.locator("a[href*='/sign/']").first.click()
    seat.come_in()
    page.locator("form[data-passkey]").wait_for(timeout=PATIENCE_MS)
    live.officers["steward"].sign(f"sm3:{urlsplit(page.url).path.rstrip('/').rsplit('/', 1)[1]}")
    for _ in range(40):
        seat.at_portal(f"/capsules/{dataset}/")
        if page.locator(".head .badge", has_text=re.compile("已封装|已上架|可用")).count():
            break
        page.wait_for_timeout(500)
    assert title in page.locator(".main").inner_text()
    assert "NOT-A-CODE" not in page.content()
    assert seat.complaints() == []


def test_a_steward_seals_a_file_elsewhere_and_brings_only_the_package(sit, live, tmp_path):
    seat = sit("steward")
    page = seat.page
    card, file, package = (tmp_path / name for name in ("card.json", "利润表.csv", "利润表.czpack"))
    with (live.home / "demonstration" / "profit_and_loss.csv").open(encoding="utf-8") as source:
        file.write_text("".join(next(source) for _ in range(41)), encoding="utf-8")
    seat.at_node("/datasets/upload/")
    with page.expect_download() as given:
        page.locator("a[href$='own.json']").click()
    given.value.save_as(card)
    print_of = page.locator(".fingerprint").inner_text()
    words = [file, "--domain", "profit_and_loss", "--card", card, "--fingerprint", print_of, "--language", "en"]
    command = [sys.executable, "-m", "creditzone.seal", *map(str, words)]
    sealed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True, timeout=120)
    page.set_input_files("#file", package)
    expect(page.locator("select[name=domain]")).to_be_hidden()
    page.locator("#upload button.primary").click()
    page.wait_for_url(re.compile(r"/datasets/[0-9a-f-]{36}/$"))
    address = page.url
    for _ in range(40):
        page.goto(address)
        if page.locator(".stat").count():
            break
        page.wait_for_timeout(500)
    shown = page.locator("dd.mono").first.inner_text().splitlines()[0].strip()
    assert len(shown) == 39
    assert shown in sealed.stderr
    assert seat.serious() == []
    assert seat.complaints() == []
