"""The shape of a model card: what a registered scorecard must say about itself, read strictly."""

from typing import Any

import msgspec
from msgspec import Struct

from creditzone.kernel.documents import Scorecard


class InvalidModelCard(ValueError):
    """The model card lacks something, or does not fit its scorecard; the message says what."""


class Words(Struct, frozen=True, forbid_unknown_fields=True):
    """A sentence in both languages."""

    zh: str
    en: str


class Estimate(Struct, frozen=True, forbid_unknown_fields=True):
    """A figure with its 95 % interval."""

    value: float
    low: float
    high: float


class Source(Struct, frozen=True, forbid_unknown_fields=True):
    """Where the rows come from."""

    name: str
    url: str
    licence: str


class Scale(Struct, frozen=True, forbid_unknown_fields=True):
    """What points mean: `points` at `odds` good to one bad, `pdo` points double the odds."""

    points: int
    odds: int
    pdo: int


class Rules(Struct, frozen=True, forbid_unknown_fields=True):
    """The rules under which bins were made, and where one was loosened."""

    least_share: float
    least_bads: int
    smallest_bin_rows: int
    smallest_bin_bads: int
    loosened: tuple[str, ...]


class Sample(Struct, frozen=True, forbid_unknown_fields=True):
    """How many rows, and how many with the outcome."""

    rows: int
    bads: int


class Samples(Struct, frozen=True, forbid_unknown_fields=True):
    """Training rows, and rows that the card never saw."""

    training: Sample
    held: Sample


class Figures(Struct, frozen=True, forbid_unknown_fields=True):
    """Discrimination on one sample."""

    auc: Estimate
    gini: Estimate
    ks: Estimate


class Discrimination(Struct, frozen=True, forbid_unknown_fields=True):
    """Discrimination on training and on held rows."""

    training: Figures
    held: Figures


class GradeRow(Struct, frozen=True, forbid_unknown_fields=True):
    """One grade on held rows: the rate that was seen and the one the scale expects."""

    grade: str
    start: int | None = msgspec.field(name="from")
    rows: int
    share: float
    training_share: float
    bads: int
    observed: Estimate | None
    expected: float | None


class Part(Struct, frozen=True, forbid_unknown_fields=True):
    """How much of the grade one domain's points decide."""

    domain: str
    least: int
    most: int
    spread: float
    changes: float


class Segment(Struct, frozen=True, forbid_unknown_fields=True):
    """Discrimination in one part of the held rows."""

    zh: str
    en: str
    rows: int
    bads: int
    auc: Estimate


class BinCounts(Struct, frozen=True, forbid_unknown_fields=True):
    """Training rows of each bin of a feature and of its missing values, and how many of them had the outcome."""

    rows: tuple[int, ...]
    bads: tuple[int, ...]
    missing_rows: int
    missing_bads: int


class Uplift(Struct, frozen=True, forbid_unknown_fields=True):
    """AUC of one set of parties in folds, and what it adds to the bank alone."""

    auc: float
    folds: tuple[float, ...]
    over_bank: float
    over_bank_least: float
    over_bank_most: float


class ModelCard(Struct, frozen=True, forbid_unknown_fields=True):
    """What was measured of one scorecard."""

    scorecard: str
    version: int
    digest: str
    source: Source
    outcome: Words
    scale: Scale
    rules: Rules
    samples: Samples
    discrimination: Discrimination
    grades: tuple[GradeRow, ...]
    stability: float
    parts: tuple[Part, ...]
    segments: tuple[Segment, ...]
    bins: dict[str, BinCounts]
    uplift: dict[str, Uplift]
    notes: tuple[Words, ...]


def require_model_card(card: Any, scorecard: Scorecard) -> ModelCard:
    """Read a model card and compare it with its scorecard. Raises InvalidModelCard."""
    try:
        read = msgspec.convert(card, ModelCard)
    except msgspec.ValidationError as error:
        raise InvalidModelCard(str(error)) from error
    if (read.scorecard, read.version) != (scorecard.id, scorecard.version):
        raise InvalidModelCard("it names another scorecard or version")
    if [row.grade for row in read.grades] != list(reversed(scorecard.grades)):
        raise InvalidModelCard("its grades are not those of the scorecard")
    if [part.domain for part in read.parts] != list(scorecard.domains):
        raise InvalidModelCard("its parts are not the domains of the scorecard")
    for feature in scorecard.features:
        counts = read.bins.get(f"{feature.domain}.{feature.column}")
        if counts is None or not len(counts.rows) == len(counts.bads) == len(feature.bins):
            raise InvalidModelCard(f"its bins of {feature.column} are not those of the scorecard")
    return read
