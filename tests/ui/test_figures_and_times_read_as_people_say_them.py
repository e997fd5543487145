from datetime import UTC, datetime, timedelta

import pytest
from django.utils import translation

from apps.ui.templatetags import ui

NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)  # 12:00 in Shanghai


@pytest.fixture
def noon(monkeypatch):
    monkeypatch.setattr(ui.timezone, "now", lambda: NOON)


@pytest.mark.parametrize(
    ("fen", "chinese", "english"),
    [
        (80_000_000, "80 万元", "¥800,000"),
        (12_345_600, "12.35 万元", "¥123,456"),
        (1_000_000, "1 万元", "¥10,000"),
        (230_050, "2,300.5 元", "¥2,300.5"),
        (0, "0 元", "¥0"),
        (None, "—", "—"),
    ],
)
def test_money_is_in_ten_thousands_for_chinese_readers_and_in_yuan_for_others(fen, chinese, english):
    with translation.override("zh-hans"):
        assert ui.money(fen) == chinese
    with translation.override("en"):
        assert ui.money(fen) == english


@pytest.mark.parametrize(("fen", "shown"), [(172_494, "¥1,724.94"), (5, "¥0.05"), (-98_568, "−¥985.68"), (None, "—")])
def test_a_bill_is_exact_to_the_fen(fen, shown):
    assert ui.yuan(fen) == shown


@pytest.mark.parametrize(
    ("ratio", "digits", "shown"),
    [(0.0405, 2, "4.05%"), ("0.00005", 2, "0.01%"), (1, 0, "100%"), (None, 2, "—"), ("", 2, "—"), ("none", 2, "—")],
)
def test_a_ratio_is_a_percentage_without_a_space_and_a_missing_one_is_not_zero(ratio, digits, shown):
    assert ui.percent(ratio, digits) == shown


def test_a_missing_figure_is_never_said_as_zero():
    assert ui.thousands(None) == "—"
    assert ui.thousands(0) == "0"
    assert ui.thousands(1_204_331) == "1,204,331"


def test_a_long_digest_loses_its_middle_and_a_short_code_stays_whole():
    assert ui.short("sm3:" + "9f2c" + "0" * 56 + "41ab") == "sm3:9f2c…41ab"
    assert ui.short("91420100XY4K2F3X0P") == "91420100XY4K2F3X0P"
    assert ui.short("") == "—"


@pytest.mark.parametrize(
    ("ago", "said"),
    [
        (timedelta(seconds=20), "刚刚"),
        (timedelta(minutes=5), "5 分钟前"),
        (timedelta(hours=3, minutes=59), "3 小时前"),
        (timedelta(hours=-2), "2 小时后"),
        (timedelta(minutes=-9), "9 分钟后"),
        (timedelta(days=1), "11-22 12:00"),
        (timedelta(days=400), "2025-10-19 12:00"),
    ],
)
def test_a_time_is_relative_within_a_day_and_a_date_beyond_it(noon, ago, said):
    with translation.override("zh-hans"):
        assert f">{said}</time>" in ui.moment(NOON - ago)


def test_milliseconds_and_datetimes_are_shown_in_shanghai(noon):
    assert ui.exact(NOON) == ui.exact(int(NOON.timestamp() * 1000)) == "2026-11-23 12:00:00"
    assert 'title="2026-11-23 12:00:00"' in ui.moment(NOON)
    assert ui.exact(None) == "—"
