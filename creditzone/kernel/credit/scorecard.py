"""What a scorecard says about rows: integer points, total, band, grade and reasons.

A scorecard is additive and its points are integers. Each owner computes the points of its own domain in
the clear on its own rows; only their sum is secret. So a total put together from parts equals the plain one
on every row, exactly.

Arrays: `columns` maps a column's name to float64[rows], NaN where there is no value; points are
int32[rows, features], in the card's order of that domain's features; totals int32[rows]; bands int8[rows],
where 0 is the worst.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from creditzone.kernel.documents import Feature, Scorecard

Points = npt.NDArray[np.int32]
Columns = Mapping[str, npt.NDArray[np.float64]]

MOST_REASONS = 4
LARGEST_TOTAL = 2**14
"""Totals stay well inside 16 bits, so that the engine's 32-bit ring holds every comparison exactly."""


class InvalidScorecard(ValueError):
    """The card contradicts itself; the message names the feature and the rule."""


class ColumnMissing(KeyError):
    """A column that the card asks for is not among the rows' columns."""


def features_of(card: Scorecard, domain: str) -> tuple[Feature, ...]:
    """The features that the owner of `domain` computes, in the card's order."""
    return tuple(feature for feature in card.features if feature.domain == domain)


def points_of(card: Scorecard, domain: str, columns: Columns) -> Points:
    """The points that each row of `domain` earns, a column a feature. Raises ColumnMissing."""
    features = features_of(card, domain)
    if not features:
        return np.zeros((len(next(iter(columns.values()), ())), 0), dtype=np.int32)
    return np.stack([_points(feature, _column(columns, feature.column)) for feature in features], axis=1)


def part_of(card: Scorecard, domain: str, columns: Columns) -> Points:
    """What a party brings to the sum: its features' points added up, int32[rows], without the card's base."""
    part: Points = points_of(card, domain, columns).sum(axis=1, dtype=np.int32)
    return part


def total(card: Scorecard, parts: list[Points]) -> Points:
    """The card's base and the parts of all domains: int32[rows]."""
    summed: Points = np.sum(parts, axis=0, dtype=np.int32) + np.int32(card.base)
    return summed


def plain_total(card: Scorecard, columns: Mapping[str, Columns]) -> Points:
    """The total computed in one place from the columns of every domain: what a joint computation equals."""
    return total(card, [part_of(card, domain, columns[domain]) for domain in card.domains])


def band_of(card: Scorecard, totals: Points) -> npt.NDArray[np.int8]:
    """The number of cuts that each total reaches (total >= cut); `card.grades[band]` is the grade."""
    return np.searchsorted(np.array(card.cuts), totals, side="right").astype(np.int8)


def grades_of(card: Scorecard, bands: npt.NDArray[np.int8]) -> list[str]:
    """The grades' letters for bands."""
    return [card.grades[int(band)] for band in bands]


def decision_of(bands: npt.NDArray[np.int8], *, decision_band: int) -> npt.NDArray[np.bool_]:
    """Yes where the band is at least `decision_band`."""
    return bands >= decision_band


def reasons_of(card: Scorecard, domain: str, points: Points) -> list[list[str]]:
    """At most four reason codes a row, worst first: where it falls below the population's mean points.

    Order: shortfall, then code; a code is named once. A feature at its neutral points gives no reason, as
    nothing is known against the firm there (a missing value earns exactly these).
    """
    features = features_of(card, domain)
    means = np.array([feature.mean_points for feature in features], dtype=np.int32)
    neutral = np.array([feature.missing for feature in features], dtype=np.int32)
    shortfalls = np.where(points == neutral, 0, means - points)
    return [_reasons(features, row) for row in shortfalls]


def reach(card: Scorecard, domain: str) -> tuple[int, int]:
    """The least and the most points that `domain` can bring to a total."""
    ranges = [_range(feature) for feature in features_of(card, domain)]
    return sum(low for low, _ in ranges), sum(high for _, high in ranges)


def require_sound(card: Scorecard) -> None:
    """Check what the document's types cannot: raises InvalidScorecard with the first contradiction."""
    if len(card.grades) != len(card.cuts) + 1 or len(set(card.grades)) != len(card.grades):
        raise InvalidScorecard("a card has one grade more than cuts, and no grade twice")
    if list(card.cuts) != sorted(set(card.cuts)) or not card.cuts:
        raise InvalidScorecard("cuts rise strictly")
    if len(set(card.domains)) != len(card.domains) or {f.domain for f in card.features} != set(card.domains):
        raise InvalidScorecard("each domain owns a feature, and each feature's domain is listed, once")
    names = [(feature.domain, feature.column) for feature in card.features]
    if len(set(names)) != len(names):
        raise InvalidScorecard("a column serves one feature")
    for feature in card.features:
        _require_sound_bins(feature)
    lowest, highest = (card.base + sum(reach(card, domain)[end] for domain in card.domains) for end in (0, 1))
    if max(abs(lowest), abs(highest), *(abs(cut) for cut in card.cuts)) > LARGEST_TOTAL:
        raise InvalidScorecard(f"totals and cuts stay within ±{LARGEST_TOTAL}")


def _require_sound_bins(feature: Feature) -> None:
    where = f"{feature.domain}.{feature.column}"
    *inner, last = feature.bins or (None,)
    if last is None or last.below is not None or any(found is None or found.below is None for found in inner):
        raise InvalidScorecard(f"{where}: every bin but the last has a bound")
    bounds = [float(found.below) for found in inner if found is not None and found.below is not None]
    if bounds != sorted(set(bounds)):
        raise InvalidScorecard(f"{where}: bounds rise strictly")
    sign = {"up": 1, "down": -1, "none": 0}[feature.direction]
    if (np.diff([found.points for found in feature.bins]) * sign < 0).any():
        raise InvalidScorecard(f"{where}: points go against the feature's direction")


def _column(columns: Columns, name: str) -> npt.NDArray[np.float64]:
    try:
        return columns[name]
    except KeyError:
        raise ColumnMissing(name) from None


def _points(feature: Feature, values: npt.NDArray[np.float64]) -> Points:
    bounds = np.array([float(found.below) for found in feature.bins if found.below is not None])
    earned = np.array([found.points for found in feature.bins], dtype=np.int32)
    found = earned[np.searchsorted(bounds, values, side="right")]
    return np.where(np.isnan(values), np.int32(feature.missing), found).astype(np.int32)


def _range(feature: Feature) -> tuple[int, int]:
    earned = [feature.missing, *(found.points for found in feature.bins)]
    return min(earned), max(earned)


def _reasons(features: tuple[Feature, ...], shortfalls: Points) -> list[str]:
    ranked = sorted(
        (-int(shortfall), feature.reason)
        for feature, shortfall in zip(features, shortfalls, strict=True)
        if shortfall > 0
    )
    return list(dict.fromkeys(code for _, code in ranked))[:MOST_REASONS]
