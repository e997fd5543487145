"""AUC, KS and intervals against brute force and scikit-learn; scale, rates and stability against their definitions."""

import numpy as np
import pytest

from creditzone.kernel.credit import validation as v

RANDOM = np.random.default_rng(7)
BAD = RANDOM.random(600) < 0.2
TOTALS = (600 + 40 * RANDOM.standard_normal(600) - 45 * BAD).round().astype(np.int32)


def test_auc_is_the_share_of_pairs_put_in_order_with_ties_as_halves():
    goods, bads = TOTALS[~BAD].astype(int), TOTALS[BAD].astype(int)
    pairs = (goods[:, None] > bads[None, :]) + 0.5 * (goods[:, None] == bads[None, :])
    assert v.auc(TOTALS, BAD).value == pytest.approx(pairs.mean(), abs=1e-12)


def test_auc_and_ks_agree_with_scikit_learn():
    metrics = pytest.importorskip("sklearn.metrics")
    assert v.auc(TOTALS, BAD).value == pytest.approx(metrics.roc_auc_score(BAD, -TOTALS.astype(int)))
    false, true, _ = metrics.roc_curve(BAD, -TOTALS.astype(int))
    assert v.ks(TOTALS, BAD, draws=10).value == pytest.approx((true - false).max())


def test_intervals_hold_the_figure_and_the_repeated_experiment():
    found = v.auc(TOTALS, BAD)
    drawn = []
    for _ in range(400):
        rows = RANDOM.integers(0, len(TOTALS), len(TOTALS))
        drawn.append(v.auc(TOTALS[rows], BAD[rows]).value)
    low, high = np.quantile(drawn, [0.025, 0.975])
    assert (found.low, found.high) == pytest.approx((low, high), abs=0.01)
    gap = v.ks(TOTALS, BAD)
    assert gap.low < gap.value < gap.high


def test_ks_gives_the_same_interval_every_time():
    assert v.ks(TOTALS, BAD) == v.ks(TOTALS, BAD)


@pytest.mark.parametrize("bad", [np.zeros(5, dtype=bool), np.ones(5, dtype=bool)])
def test_one_class_has_no_discrimination(bad):
    for figure in (v.auc, v.ks):
        with pytest.raises(v.OneClass):
            figure(np.arange(5, dtype=np.int32), bad)


def test_a_perfect_and_a_useless_score():
    totals, bad = np.array([1, 2, 3, 4], dtype=np.int32), np.array([True, True, False, False])
    assert (v.auc(totals, bad).value, v.gini(v.auc(totals, bad)).value, v.ks(totals, bad).value) == (1.0, 1.0, 1.0)
    assert v.auc(np.zeros(4, dtype=np.int32), bad).value == 0.5


def test_600_points_are_19_to_1_and_50_points_double_the_odds():
    scale = v.Scale()
    chance = scale.probability_of_bad(np.array([600, 650, 550], dtype=np.int32))
    assert (1 - chance) / chance == pytest.approx([19, 38, 9.5])
    assert [scale.points_for(float(one)) for one in chance] == [600, 650, 550]


def test_wilsons_interval_is_the_published_one():
    # Newcombe (1998), table I: 81 of 263 gives 0.2553 to 0.3662 without continuity correction
    found = v.rate(81, 263)
    assert (round(found.low, 4), round(found.high, 4)) == (0.2553, 0.3662)
    assert v.rate(0, 20).low == 0.0
    assert v.rate(20, 20).high == pytest.approx(1.0)
    assert v.rate(0, 0) is None


def test_the_table_of_bands_counts_every_row_once_best_first():
    bands = np.clip((TOTALS - 520) // 30, 0, 5).astype(np.int8)
    table = v.band_table(TOTALS, BAD, bands=bands, count=8, scale=v.Scale())
    assert [row.band for row in table] == [7, 6, 5, 4, 3, 2, 1, 0]
    assert sum(row.rows for row in table) == len(TOTALS)
    assert sum(row.bads for row in table) == BAD.sum()
    empty = table[0]
    assert (empty.rows, empty.observed, empty.expected) == (0, None, None)


def test_the_same_population_is_stable_and_a_shifted_one_is_not():
    before = np.array([100, 200, 300, 400])
    assert v.population_stability(before, before * 3) == pytest.approx(0)
    assert v.population_stability(before, before[::-1]) > 0.25
    assert np.isfinite(v.population_stability(before, np.array([0, 0, 0, 10])))
