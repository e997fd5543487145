"""Rules from their parts: how forms, tests and the demonstration write what a rule that permits has to say."""

from collections.abc import Iterable, Sequence

from creditzone.kernel.documents.policies import Rule
from creditzone.kernel.documents.scorecards import Scorecard
from creditzone.kernel.domain import domain
from creditzone.kernel.policy.constraints import Clause
from creditzone.kernel.policy.constraints.action import Action, Operation
from creditzone.kernel.policy.constraints.code import Code
from creditzone.kernel.policy.constraints.columns import ALL, Columns, ColumnUse, Mode
from creditzone.kernel.policy.constraints.count import Count
from creditzone.kernel.policy.constraints.environment import Engine, Environment
from creditzone.kernel.policy.constraints.output import STATISTIC, Form, Output
from creditzone.kernel.policy.constraints.purpose import Purpose
from creditzone.kernel.policy.constraints.subject import Subject
from creditzone.kernel.policy.constraints.window import Daily, Window

EVERY_COLUMN = (ColumnUse(name=ALL, ground="firm_authorisation", modes=("match", "score", "statistic")),)


def permit(
    name: str,
    *,
    grantees: Iterable[str],
    purposes: Iterable[str],
    models: Iterable[str],
    engines: Iterable[Engine],
    disclosures: Iterable[Form],
    not_before: int,
    not_after: int,
    uses: int,
    minimum_group: int | None = None,
    max_rows: int | None = None,
    decision_bands: Sequence[int] = (),
    per_day: int | None = None,
    rows_per_day: int | None = None,
    per_subject: int | None = None,
    daily: Sequence[Daily] = (),
    columns: Sequence[ColumnUse] = EVERY_COLUMN,
    more: Sequence[Clause] = (),
) -> Rule:
    """A rule that permits joint scoring, or the statistics that it lets out, in an unattested environment; `more` are
    clauses that it need not have, in the order of their kinds. Raises ValueError where a clause cannot be so."""
    forms = tuple(disclosures)
    return Rule(
        id=name,
        clauses=(
            Subject(organisations=tuple(grantees)),
            Purpose(purposes=tuple(purposes)),
            Action(operations=operations_for(forms)),
            Code(models=tuple(models)),
            Environment(engines=tuple(engines), attestations=("none",)),
            Columns(columns=tuple(columns)),
            Output(
                forms=forms,
                minimum_group=minimum_group,
                max_rows=max_rows,
                decision_bands=tuple(decision_bands),
            ),
            Window(not_before=not_before, not_after=not_after, daily=tuple(daily)),
            Count(total=uses, per_day=per_day, rows_per_day=rows_per_day, per_subject=per_subject),
            *more,
        ),
    )


def operations_for(forms: Sequence[str]) -> tuple[Operation, ...]:
    """Statistics come of statistics, everything else of scoring."""
    only_statistics = bool(forms) and set(forms) == {STATISTIC}
    names = ([] if only_statistics else ["score"]) + (["statistics"] if STATISTIC in forms else [])
    return tuple(Operation(name=name) for name in names)


def columns_for(domain_id: str, cards: Iterable[Scorecard], *, forms: Sequence[str] = ()) -> tuple[ColumnUse, ...]:
    """The columns of a domain that these scorecards read, with the grounds that the domain's file gives, and those by
    which rows are matched and kept: the key, and authorisations where the domain bears any."""
    modes: tuple[Mode, ...] = tuple(
        "statistic" if one.name == "statistics" else "score" for one in operations_for(forms)
    )
    found = domain(domain_id)
    scored = {feature.column for card in cards for feature in card.features if feature.domain == domain_id}
    matched = {found.key, *(name for name in found.names if name.startswith("authorisation_"))}
    return tuple(
        ColumnUse(name=one.name, ground=one.ground, modes=("match",) if one.name in matched else modes)
        for one in found.columns
        if one.name in scored | matched
    )
