"""Scorecards: bins, points, cuts and grades."""

from typing import Annotated, Literal

from msgspec import Meta

from creditzone.kernel.forms import DecimalText, Document, Part, Words


class Bin(Part, frozen=True, kw_only=True):
    """Values below `below` (and not in an earlier bin) earn `points`; the last bin has no bound."""

    below: DecimalText | None
    points: int


class Feature(Part, frozen=True, kw_only=True):
    """A column of a domain and the points its values earn. `mean_points` is the training population's mean, rounded;
    reasons rank by how far a firm falls below it."""

    column: Words
    domain: Words
    label: Words
    label_en: Words
    reason: Annotated[str, Meta(pattern=r"^[A-Z][0-9]{2}$")]
    direction: Literal["up", "down", "none"]
    bins: tuple[Bin, ...]
    missing: int
    mean_points: int


class Scorecard(Document, frozen=True, kw_only=True, tag="scorecard"):
    """A registered scorecard. total = base + points of all features; band = number of cuts that the total reaches
    (total >= cut); `grades[band]` is its grade, so `grades` runs from worst to best. The owner of a feature is
    whoever provides its domain."""

    id: Annotated[str, Meta(pattern=r"^[a-z0-9-]{1,60}$")]
    version: Annotated[int, Meta(ge=1)]
    name: Words
    name_en: Words
    domains: tuple[str, ...]
    features: tuple[Feature, ...]
    base: int
    cuts: tuple[int, ...]
    grades: tuple[str, ...]
    trained_on: Words
