"""What a result carries of the capsules it was computed from: their rules, with the result's columns for theirs."""

from collections.abc import Sequence

from msgspec.structs import replace

from creditzone.kernel.credit.columns import AUTHORISATION
from creditzone.kernel.documents.policies import Policy, Rule
from creditzone.kernel.domain import Domain
from creditzone.kernel.policy.constraints import Clause
from creditzone.kernel.policy.constraints.columns import GROUNDS, Columns, ColumnUse
from creditzone.kernel.policy.derivation import derive


def derived_rules(parents: Sequence[Policy], made: Domain) -> tuple[Rule, ...]:
    """The rules of a capsule of the derived domain `made` whose rows are a result of `parents`.

    Each parent's columns become the result's: under the strictest ground of those that may be scored, in the ways
    that all of these allow, for a figure tells something of each. Then the rules are met (`derive`). Rules that deny
    go along without the columns that they name. Empty where some parent lets no result be an input again.
    """
    return derive([_carried(policy, made) for policy in parents])


def _carried(policy: Policy, made: Domain) -> Policy:
    rules = [found for rule in policy.rules if (found := _with_results(rule, made)) is not None]
    return replace(policy, rules=tuple(rules))


def _with_results(rule: Rule, made: Domain) -> Rule | None:
    """The rule for the result's columns; None where none of its columns may be scored."""
    columns = rule.clause(Columns)
    if columns is None:
        return rule
    if rule.effect == "deny":
        rest: tuple[Clause, ...] = tuple(one for one in rule.clauses if not isinstance(one, Columns))
        return replace(rule, clauses=rest) if rest else None
    named = _of_result(columns, made)
    if named is None:
        return None
    return replace(rule, clauses=tuple(named if isinstance(one, Columns) else one for one in rule.clauses))


def _of_result(columns: Columns, made: Domain) -> Columns | None:
    scored = [one for one in columns.columns if "score" in one.modes]
    key = columns.of(made.key)
    if not scored or key is None or "match" not in key.modes:
        return None
    ground = max((one.ground for one in scored), key=list(GROUNDS).index)
    modes = tuple(mode for mode in scored[0].modes if all(mode in one.modes for one in scored))
    uses = [ColumnUse(name=made.key, ground=key.ground, modes=("match",))]
    for column in made.columns:
        if column.name in AUTHORISATION:
            uses.append(ColumnUse(name=column.name, ground=column.ground, modes=("match",)))
        elif column.name != made.key:
            uses.append(ColumnUse(name=column.name, ground=ground, modes=modes))
    return Columns(columns=tuple(uses))
