"""The first screen after sign-in, for each kind of organisation, in both languages."""

import re

import pytest

KINDS = ["centre", "platform", "bank", "regulator", "firm", "operator"]
CHINESE = re.compile(r"[\u4e00-\u9fff]")


def home(zone, place, language="zh-hans"):
    browser = zone.client(place, "owner")
    return browser.get("/", headers={"accept-language": language})


def words_of(page):
    """The words between the page's head and the end of its content."""
    content = page.content.decode()
    return re.sub(r"<[^>]*>", "\n", content[content.index('<div class="head">') : content.index("</main>")])


@pytest.mark.parametrize("place", KINDS)
def test_a_home_opens_in_an_empty_zone(zone, place):
    page = home(zone, place)
    assert page.status_code == 200
    assert zone[place].name in page.content.decode()


@pytest.mark.parametrize(
    ("place", "first"),
    [
        ("centre", "到本方节点上传数据"),
        ("bank", "使一份合约生效"),
        ("firm", "查询贵公司自己的评分等级"),
        ("operator", "等各方节点接入"),
    ],
)
def test_an_empty_zone_shows_the_way_to_the_first_result_and_one_step_is_next(zone, place, first):
    page = home(zone, place).content.decode()
    assert first in page
    assert page.count('aria-current="step"') == 1


@pytest.mark.parametrize("place", KINDS)
def test_a_home_has_no_english_left_in_chinese(zone, place):
    lines = words_of(home(zone, place)).split("\n")
    assert [
        line for line in lines if re.search(r"[A-Za-z]{4,}", line) and not re.search(r"sm3:|^[a-z-]+\.[a-z.-]+$", line)
    ] == []


@pytest.mark.parametrize("place", KINDS)
def test_a_home_is_complete_in_english(zone, place):
    assert CHINESE.findall(words_of(home(zone, place, "en"))) == []


def test_nobody_sees_a_home_without_signing_in(client):
    page = client.get("/")
    assert page.status_code == 302
    assert "/accounts/login/" in page["location"]
