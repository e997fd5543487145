"""How a rule lets columns in, one field a column: as a steward chooses it, and as the policy says it."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import msgspec
from django import forms
from django.utils.translation import gettext

from apps.datasets.wording import language
from creditzone.kernel.documents import Rule, Scorecard
from creditzone.kernel.domain import domain, say_column
from creditzone.kernel.policy.constraints.columns import Band, Columns, ColumnUse, Mask, Round, Transform
from creditzone.kernel.policy.writing import columns_for

COLUMN: Final = "column_"
BANDS, MASKED, SHUT, KEPT = "bands", "masked", "shut", "kept"
STEPS: Final = ("0.01", "0.1", "1")


def column_fields(domain_id: str, cards: Sequence[Scorecard]) -> dict[str, forms.ChoiceField]:
    """A field for each column of the domain that one of these scorecards reads, by its name in the form."""
    read = [one.name for one in columns_for(domain_id, cards) if _is_changeable(one)]
    return {COLUMN + name: _field(say_column(name, language())) for name in read}


def _field(label: str) -> forms.ChoiceField:
    return forms.ChoiceField(label=label, required=False, choices=_choices())


def _choices() -> list[tuple[str, str]]:
    rounded = [(f"round {step}", gettext("rounded to %(step)s") % {"step": step}) for step in STEPS]
    return [
        ("", gettext("as it is")),
        (BANDS, gettext("in the scorecards' own bands")),
        *rounded,
        (MASKED, gettext("as if it were empty")),
        (SHUT, gettext("not at all")),
    ]


def offer_kept(shown: Iterable[forms.BoundField]) -> None:
    """Let a column stay as the version before changes it, where no choice of the form says how."""
    for one in shown:
        if one.value() == KEPT and isinstance(one.field, forms.ChoiceField):
            one.field.choices = [*_choices(), (KEPT, gettext("as in the version before"))]


def as_chosen(
    columns: Iterable[ColumnUse],
    given: Mapping[str, Any],
    *,
    domain_id: str,
    cards: Sequence[Scorecard],
    was: Rule | None,
) -> tuple[ColumnUse, ...]:
    """The columns as the form's fields let them in; `was` is the rule in the version before."""
    let_in = []
    for one in columns:
        choice = str(given.get(COLUMN + one.name) or "") if _is_changeable(one) else ""
        if choice != SHUT:
            transform = _transform(choice, one.name, domain_id=domain_id, cards=cards, was=was)
            let_in.append(msgspec.structs.replace(one, transform=transform))
    return tuple(let_in)


def _transform(
    choice: str, name: str, *, domain_id: str, cards: Sequence[Scorecard], was: Rule | None
) -> Transform | None:
    if choice == BANDS:
        return bands_of(name, domain_id=domain_id, cards=cards)
    if choice == MASKED:
        return Mask()
    if choice == KEPT:
        before = was.of(Columns).of(name) if was else None
        return before.transform if before else None
    return Round(step=choice.removeprefix("round ")) if choice else None


def bands_of(name: str, *, domain_id: str, cards: Iterable[Scorecard]) -> Band | None:
    """The bands of all these scorecards' bins together, so that each earns the points of the value itself; None where
    none of them parts the column. The lowest band begins at the least value that the domain takes."""
    least = next(one.min for one in domain(domain_id).columns if one.name == name)
    parted = [
        one.below
        for card in cards
        for feature in card.features
        if (feature.domain, feature.column) == (domain_id, name)
        for one in feature.bins
        if one.below is not None
    ]
    if not parted:
        return None
    edges = {float(edge): edge for edge in ([] if least is None else [least]) + parted}
    return Band(edges=tuple(edges[value] for value in sorted(edges)))


def column_values(rule: Rule, *, domain_id: str, cards: Sequence[Scorecard]) -> dict[str, str]:
    """What an existing rule fills into the fields: how it lets in each column that its scorecards, these, read."""
    columns = rule.of(Columns)
    read = [one.name for one in columns_for(domain_id, cards, forms=rule.disclosures) if _is_changeable(one)]
    return {COLUMN + name: _choice(columns.of(name)) for name in read}


def _choice(column: ColumnUse | None) -> str:
    if column is None:
        return SHUT
    match column.transform:
        case None:
            return ""
        case Mask():
            return MASKED
        case Round(step=step) if step in STEPS:
            return f"round {step}"
        case _:
            return KEPT


def _is_changeable(column: ColumnUse) -> bool:
    """Whether its values enter; what only matches rows enters as it is."""
    return column.modes != ("match",)
