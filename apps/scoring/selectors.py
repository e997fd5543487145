"""Scorecards for jobs, pages and API. What a page says of a card comes from its registered model card."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from apps.core.errors import NotFound
from apps.scoring.model_card import Estimate, GradeRow, Part, Segment, Uplift
from apps.scoring.model_card import Words as Sentence
from apps.scoring.models import Scorecard
from apps.ui.pieces import Words
from creditzone.kernel import documents
from creditzone.kernel.credit.reasons import REASONS
from creditzone.kernel.credit.scorecard import features_of
from creditzone.kernel.domain import domain
from creditzone.kernel.domain.model import UNITS

HOLDERS: dict[str, tuple[str, Words]] = {
    "balance_sheet": ("bank", _("bank")),
    "profit_and_loss": ("centre", _("code centre")),
    "turnover": ("platform", _("platform")),
}
"""Who holds a domain in this zone: colour and word. A card's features belong to whoever provides their domain."""

SETS: dict[str, Words] = {
    "bank": _("bank alone"),
    "bank+centre": _("bank and code centre"),
    "bank+platform": _("bank and platform"),
    "bank+centre+platform": _("bank, code centre and platform"),
    "centre+platform": _("code centre and platform"),
}


@dataclass(frozen=True, kw_only=True)
class Holder:
    """Who provides a domain of a card, and the domain in words."""

    kind: str
    word: Words
    domain: str


@dataclass(frozen=True, kw_only=True)
class BinRow:
    """One bin in words: its range, the points it earns, and the training rows in it."""

    range: Words
    points: int
    rows: int
    rate: float | None


@dataclass(frozen=True, kw_only=True)
class FeatureRow:
    """One feature with its bins; `best` and `worst` are the ends of its points."""

    label: str
    unit: str
    reason: str
    rising: bool
    best: int
    worst: int
    mean: int
    bins: list[BinRow]


@dataclass(frozen=True, kw_only=True)
class PartRow:
    """How much of the grade one party's points decide, and the features it computes."""

    holder: Holder
    least: int
    most: int
    spread: float
    changes: float
    features: list[FeatureRow]


@dataclass(frozen=True, kw_only=True)
class SetRow:
    """What one set of parties reaches in folds; `is_own` is the set of the card at hand."""

    name: Words
    uplift: Uplift
    low: float
    high: float
    is_own: bool


@dataclass(frozen=True, kw_only=True)
class SegmentRow:
    """Discrimination in one part of the held rows."""

    name: str
    found: Segment


@dataclass(frozen=True, kw_only=True)
class Profile:
    """Everything a card's page says."""

    card: Scorecard
    name: str
    holders: list[Holder]
    auc: Estimate
    ks: Estimate
    grades: list[GradeRow]
    parts: list[PartRow]
    sets: list[SetRow]
    segments: list[SegmentRow]
    notes: list[str]
    outcome: str


def card_of(digest: str) -> documents.Scorecard:
    """The registered scorecard with this digest; raises NotFound."""
    return get_card(digest).document


def card_text(digest: str) -> str:
    """The canonical text of the registered scorecard with this digest; raises NotFound."""
    return get_card(digest).text


def get_card(digest: str) -> Scorecard:
    """The registration with this digest; raises NotFound. Every signed-in organisation reads every card."""
    found = Scorecard.objects.filter(pk=digest).first() if "\0" not in digest else None
    if found is None:
        raise NotFound(what=_("scorecard"))
    return found


def cards() -> list[Scorecard]:
    """All registered cards, by name, newest version first."""
    return list(Scorecard.objects.order_by("card", "-version"))


def name_of(card: Scorecard) -> str:
    """The card's name and version for the reader: a grade always wears it."""
    return f"{card.name_en if _in_english() else card.name} v{card.version}"


def holders_of(domains: Iterable[str]) -> list[Holder]:
    """Who provides each of these domains."""
    return [_holder(name) for name in domains]


def profile(card: Scorecard) -> Profile:
    """What the card's page shows."""
    measured = card.measured
    parts = {part.domain: part for part in measured.parts}
    return Profile(
        card=card,
        name=name_of(card),
        holders=holders_of(card.domains),
        auc=measured.discrimination.held.auc,
        ks=measured.discrimination.held.ks,
        grades=list(measured.grades),
        parts=[_part(card, name, parts[name]) for name in card.domains],
        sets=_sets(card),
        segments=[SegmentRow(name=found.en if _in_english() else found.zh, found=found) for found in measured.segments],
        notes=[_words(note) for note in measured.notes],
        outcome=_words(measured.outcome),
    )


def _holder(name: str) -> Holder:
    kind, word = HOLDERS.get(name, ("", name))
    return Holder(kind=kind, word=word, domain=domain(name).label(_language()))


def _part(card: Scorecard, name: str, part: Part) -> PartRow:
    return PartRow(
        holder=_holder(name),
        least=part.least,
        most=part.most,
        spread=part.spread,
        changes=part.changes,
        features=[_feature(card, feature) for feature in features_of(card.document, name)],
    )


def _feature(card: Scorecard, feature: documents.Feature) -> FeatureRow:
    counts = card.measured.bins[f"{feature.domain}.{feature.column}"]
    points = [found.points for found in feature.bins]
    bounds = [found.below for found in feature.bins]
    bins = [
        BinRow(range=_range(low, high), points=earned, rows=rows, rate=bads / rows if rows else None)
        for low, high, earned, rows, bads in zip(
            [None, *bounds], bounds, points, counts.rows, counts.bads, strict=False
        )
    ]
    missing = BinRow(
        range=_("no value"),
        points=feature.missing,
        rows=counts.missing_rows,
        rate=counts.missing_bads / counts.missing_rows if counts.missing_rows else None,
    )
    return FeatureRow(
        label=feature.label_en if _in_english() else feature.label,
        unit=UNITS[domain(feature.domain).column(feature.column).unit][_language()],
        reason=f"{feature.reason} {_reason(feature.reason)}",
        rising=feature.direction == "up",
        best=max(points),
        worst=min(points),
        mean=feature.mean_points,
        bins=[*bins, missing],
    )


def _reason(code: str) -> str:
    """The reason in words, for a code that the zone knows."""
    return REASONS[code].sentence(_language()) if code in REASONS else ""


def _range(low: str | None, high: str | None) -> Words:
    if low is None:
        return _("all values") if high is None else _("below %(high)s") % {"high": high}
    if high is None:
        return _("%(low)s and above") % {"low": low}
    return _("%(low)s to below %(high)s") % {"low": low, "high": high}


def _sets(card: Scorecard) -> list[SetRow]:
    own = "+".join(HOLDERS[name][0] for name in card.domains if name in HOLDERS)
    return [
        SetRow(name=SETS.get(name, name), uplift=found, low=min(found.folds), high=max(found.folds), is_own=name == own)
        for name, found in sorted(card.measured.uplift.items(), key=_set_order)
    ]


def _set_order(item: tuple[str, Uplift]) -> int:
    names = list(SETS)
    return names.index(item[0]) if item[0] in names else len(names)


def _words(words: Sentence) -> str:
    return words.en if _in_english() else words.zh


def _in_english() -> bool:
    return (get_language() or "").startswith("en")


def _language() -> str:
    return "en" if _in_english() else "zh"
