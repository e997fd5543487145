"""Integer points: parts equal the whole, bins are half-open, missing is neutral, reasons name what is below."""

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from creditzone.kernel.credit import scorecard as credit
from creditzone.kernel.credit.reasons import REASONS
from creditzone.kernel.documents import Bin, Feature, Scorecard

NAN = float("nan")


def feature(column: str = "quick_ratio", domain: str = "balance_sheet", **fields) -> Feature:
    shown = {
        "column": column,
        "domain": domain,
        "label": "速动比率",
        "label_en": "Quick ratio",
        "reason": "F02",
        "direction": "up",
        "bins": (Bin(below="0.5", points=-40), Bin(below="1", points=0), Bin(below=None, points=20)),
        "missing": 0,
        "mean_points": 10,
    }
    return Feature(**shown | fields)


def card(*features: Feature, **fields) -> Scorecard:
    features = features or (
        feature(),
        feature("net_margin", "profit_and_loss", reason="F06"),
    )
    shown = {
        "zone": "",
        "id": "test",
        "version": 1,
        "name": "测试卡",
        "name_en": "Test card",
        "domains": tuple(dict.fromkeys(one.domain for one in features)),
        "features": features,
        "base": 500,
        "cuts": (460, 500, 520),
        "grades": ("D", "C", "B", "A"),
        "trained_on": "nothing",
    }
    return Scorecard(**shown | fields)


def points(values: list[float]) -> list[int]:
    return credit.points_of(card(), "balance_sheet", {"quick_ratio": np.array(values)})[:, 0].tolist()


def test_a_bin_holds_its_lower_bound_and_not_its_upper():
    assert points([-1e300, 0.4999, 0.5, 0.9999, 1, 1e300]) == [-40, -40, 0, 0, 20, 20]
    assert points([-np.inf, np.inf]) == [-40, 20]


def test_a_missing_value_earns_neutral_points_and_no_reason():
    assert points([NAN]) == [0]
    found = credit.points_of(card(), "balance_sheet", {"quick_ratio": np.array([NAN, 0.1, 5.0])})
    assert credit.reasons_of(card(), "balance_sheet", found) == [[], ["F02"], []]


def test_points_come_in_the_cards_order_and_another_domains_columns_are_not_asked_for():
    both = card(
        feature(),
        feature("cash_ratio", missing=0, bins=(Bin(below=None, points=7),)),
        feature("net_margin", "profit_and_loss"),
    )
    columns = {"cash_ratio": np.zeros(2), "quick_ratio": np.array([0.1, 2.0])}
    assert credit.points_of(both, "balance_sheet", columns).tolist() == [[-40, 7], [20, 7]]
    assert credit.points_of(both, "turnover", columns).shape == (2, 0)
    with pytest.raises(credit.ColumnMissing):
        credit.points_of(both, "profit_and_loss", columns)


def test_no_rows_give_no_points():
    empty = credit.points_of(card(), "balance_sheet", {"quick_ratio": np.array([])})
    assert empty.shape == (0, 1)
    assert credit.total(
        card(),
        [
            credit.part_of(card(), name, {"quick_ratio": np.array([]), "net_margin": np.array([])})
            for name in card().domains
        ],
    ).shape == (0,)


def test_a_band_is_the_number_of_cuts_reached():
    totals = np.array([459, 460, 499, 500, 519, 520], dtype=np.int32)
    bands = credit.band_of(card(), totals)
    assert bands.tolist() == [0, 1, 1, 2, 2, 3]
    assert credit.grades_of(card(), bands) == ["D", "C", "C", "B", "B", "A"]
    assert credit.decision_of(bands, decision_band=2).tolist() == [False, False, False, True, True, True]


values = st.lists(st.one_of(st.floats(-10, 10), st.just(NAN)), min_size=1, max_size=30)


@given(values)
def test_parts_equal_the_whole_on_every_row(numbers):
    columns = {
        "balance_sheet": {"quick_ratio": np.array(numbers)},
        "profit_and_loss": {"net_margin": np.array(numbers[::-1])},
    }
    parts = [credit.part_of(card(), name, columns[name]) for name in card().domains]
    whole = credit.plain_total(card(), columns)
    assert whole.dtype == np.int32
    assert (credit.total(card(), parts) == whole).all()
    assert (credit.total(card(), parts[::-1]) == whole).all()


@given(values)
def test_a_better_value_never_costs_points(numbers):
    ordered = sorted(number for number in numbers if number == number)
    if ordered:
        earned = points(ordered)
        assert earned == sorted(earned)


def ranked(*shortfalls: tuple[str, int]) -> list[list[str]]:
    features = tuple(
        feature(f"column_{at}", reason=code, mean_points=short) for at, (code, short) in enumerate(shortfalls)
    )
    return credit.reasons_of(card(*features), "balance_sheet", np.full((1, len(features)), -1, dtype=np.int32))


def test_reasons_are_at_most_four_worst_first_then_by_code_and_each_once():
    assert ranked(("F01", 3), ("F05", 9), ("F04", 5), ("F03", 5), ("F02", 1)) == [["F05", "F03", "F04", "F01"]]
    assert ranked(("F06", 3), ("F06", 9), ("F07", 5)) == [["F06", "F07"]]
    assert ranked(("F01", -1), ("F02", -5)) == [[]]


def test_every_reason_has_words_in_both_languages_and_is_advice_only_where_the_firm_can_act():
    assert all(words.zh and words.en for words in REASONS.values())
    assert {code[0] for code, words in REASONS.items() if words.reach == "terms"} == {"L"}


UNSOUND = {
    "no_grade_for_a_band": card(grades=("D", "C", "B")),
    "a_grade_twice": card(grades=("D", "C", "C", "A")),
    "cuts_fall": card(cuts=(500, 460, 520)),
    "cuts_repeat": card(cuts=(460, 460, 520)),
    "a_domain_without_features": card(domains=("balance_sheet", "profit_and_loss", "turnover")),
    "a_domain_not_listed": card(domains=("balance_sheet",)),
    "a_column_twice": card(feature(), feature()),
    "a_last_bin_with_a_bound": card(feature(bins=(Bin(below="1", points=0),))),
    "an_inner_bin_without": card(feature(bins=(Bin(below=None, points=0), Bin(below=None, points=1)))),
    "no_bin": card(feature(bins=())),
    "bounds_fall": card(
        feature(bins=(Bin(below="1", points=0), Bin(below="0.5", points=1), Bin(below=None, points=2)))
    ),
    "points_fall": card(feature(bins=(Bin(below="1", points=3), Bin(below=None, points=2)))),
    "totals_beyond_the_ring": card(feature(bins=(Bin(below=None, points=30_000),))),
}


@pytest.mark.parametrize("unsound", UNSOUND.values(), ids=UNSOUND.keys())
def test_a_card_that_contradicts_itself_is_refused(unsound):
    with pytest.raises(credit.InvalidScorecard):
        credit.require_sound(unsound)


def test_a_sound_card_is_taken_and_falling_points_too_where_less_is_better():
    credit.require_sound(card())
    falling = (Bin(below="1", points=3), Bin(below=None, points=2))
    credit.require_sound(card(feature(direction="down", bins=falling)))
    credit.require_sound(card(feature(direction="none", bins=falling)))


def test_the_reach_of_a_domain_spans_its_points_and_the_missing_ones():
    assert credit.reach(card(), "balance_sheet") == (-40, 20)
    assert credit.reach(card(msgspec.structs.replace(feature(), missing=-90)), "balance_sheet") == (-90, 20)
