"""What a scorecard is worth on rows whose outcome is known: discrimination and calibration, with intervals.

`bad` is bool[rows] (the event happened), `totals` int[rows] (higher = better). All intervals are at 95 %.
Sources: DeLong, DeLong and Clarke-Pearson (1988) with Sun and Xu's midranks (2014) for AUC; the percentile
bootstrap, by class and with a fixed seed, for KS; Wilson (1927) for rates.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Flags = npt.NDArray[np.bool_]
Totals = npt.NDArray[np.int32]

_Z = 1.959963984540054


class OneClass(ValueError):
    """All rows have the same outcome, so there is nothing to tell apart."""


@dataclass(frozen=True)
class Estimate:
    """A figure with its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class BandRow:
    """One band on rows with known outcomes. `expected`: the mean probability by the scale."""

    band: int
    rows: int
    share: float
    bads: int
    observed: Estimate | None
    expected: float | None


@dataclass(frozen=True)
class Scale:
    """How points mean odds: `points` at `odds` good to one bad, doubling every `pdo` points."""

    points: int = 600
    odds: int = 19
    pdo: int = 50

    @property
    def factor(self) -> float:
        """Points a unit of log odds."""
        return self.pdo / float(np.log(2))

    @property
    def offset(self) -> float:
        """Points at even odds."""
        return self.points - self.factor * float(np.log(self.odds))

    def probability_of_bad(self, totals: Totals) -> npt.NDArray[np.float64]:
        """The probability of the event that a total stands for."""
        odds = np.exp((totals.astype(np.float64) - self.offset) / self.factor)
        chance: npt.NDArray[np.float64] = 1.0 / (1.0 + odds)
        return chance

    def points_for(self, probability_of_bad: float) -> int:
        """The total that stands for this probability, rounded."""
        return round(self.offset + self.factor * float(np.log((1 - probability_of_bad) / probability_of_bad)))


def auc(totals: Totals, bad: Flags) -> Estimate:
    """The probability that a good firm has a higher total than a bad one (ties half), after DeLong."""
    good_totals, bad_totals = _classes(totals, bad)
    n_good, n_bad = len(good_totals), len(bad_totals)
    together = _midranks(np.concatenate([good_totals, bad_totals]))
    of_good = (together[:n_good] - _midranks(good_totals)) / n_bad
    of_bad = 1.0 - (together[n_good:] - _midranks(bad_totals)) / n_good
    value = float(of_good.mean())
    spread = _Z * float(np.sqrt(_variance(of_good) / n_good + _variance(of_bad) / n_bad))
    return Estimate(value, max(0.0, value - spread), min(1.0, value + spread))


def gini(found: Estimate) -> Estimate:
    """Gini of an AUC: 2 AUC - 1."""
    return Estimate(*(2 * end - 1 for end in (found.value, found.low, found.high)))


def ks(totals: Totals, bad: Flags, *, draws: int = 500, seed: int = 20171001) -> Estimate:
    """The largest gap between the two classes' cumulative shares, with a bootstrap interval."""
    good_totals, bad_totals = _classes(totals, bad)
    random = np.random.default_rng(seed)
    drawn = [
        _gap(random.choice(good_totals, len(good_totals)), random.choice(bad_totals, len(bad_totals)))
        for _ in range(draws)
    ]
    low, high = np.quantile(drawn, [0.025, 0.975])
    return Estimate(_gap(good_totals, bad_totals), float(low), float(high))


def rate(count: int, of: int) -> Estimate | None:
    """A share with Wilson's interval; None of nothing."""
    if of == 0:
        return None
    share = count / of
    middle = (share + _Z**2 / (2 * of)) / (1 + _Z**2 / of)
    spread = _Z / (1 + _Z**2 / of) * float(np.sqrt(share * (1 - share) / of + _Z**2 / (4 * of**2)))
    return Estimate(share, max(0.0, middle - spread), min(1.0, middle + spread))


def band_table(totals: Totals, bad: Flags, *, bands: npt.NDArray[np.int8], count: int, scale: Scale) -> list[BandRow]:
    """One row a band from best to worst: how many, how many bad, and the rate the scale had expected."""
    expected = scale.probability_of_bad(totals)
    rows = []
    for band in range(count - 1, -1, -1):
        inside = bands == band
        n = int(inside.sum())
        bads = int(bad[inside].sum())
        mean = float(expected[inside].mean()) if n else None
        rows.append(BandRow(band, n, n / max(len(totals), 1), bads, rate(bads, n), mean))
    return rows


def population_stability(expected: npt.NDArray[np.int64], actual: npt.NDArray[np.int64]) -> float:
    """群体稳定性指标 of two counts a band. Below 0.10 stable, above 0.25 act."""
    before, after = (np.maximum(counts, 0.5) / np.maximum(counts, 0.5).sum() for counts in (expected, actual))
    return float(((after - before) * np.log(after / before)).sum())


def _classes(totals: Totals, bad: Flags) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    good_totals, bad_totals = totals[~bad].astype(np.float64), totals[bad].astype(np.float64)
    if not len(good_totals) or not len(bad_totals):
        raise OneClass("rows of both outcomes are needed")
    return good_totals, bad_totals


def _variance(values: npt.NDArray[np.float64]) -> float:
    return float(values.var(ddof=1)) if len(values) > 1 else 0.0


def _midranks(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Ranks from 1; equal values share the middle of theirs."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = counts.cumsum()
    middles: npt.NDArray[np.float64] = (last - (counts - 1) / 2)[inverse]
    return middles


def _gap(good_totals: npt.NDArray[np.float64], bad_totals: npt.NDArray[np.float64]) -> float:
    at = np.union1d(good_totals, bad_totals)
    good_share = np.searchsorted(np.sort(good_totals), at, side="right") / len(good_totals)
    bad_share = np.searchsorted(np.sort(bad_totals), at, side="right") / len(bad_totals)
    return float(np.abs(bad_share - good_share).max())
