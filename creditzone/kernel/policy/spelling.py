"""Whether everything that a policy names is there: pure, the same in the portal's form, in the node that signs, and in
every check of an order.

A misspelt column beside `*` would enter as one of all others, and a rule that denies by a name that nothing bears would
never fire. So a policy with such a name is none."""

from collections.abc import Iterator

from creditzone.kernel.documents.policies import Policy, Rule
from creditzone.kernel.domain import Domain
from creditzone.kernel.policy.constraints.action import PARAMETERS, Action, Bound, Operation
from creditzone.kernel.policy.constraints.code import Code
from creditzone.kernel.policy.constraints.columns import ALL, Columns
from creditzone.kernel.policy.constraints.environment import Environment
from creditzone.kernel.policy.constraints.output import Output
from creditzone.kernel.policy.constraints.purpose import Purpose
from creditzone.kernel.policy.constraints.subject import Subject
from creditzone.kernel.policy.purposes import PURPOSES
from creditzone.kernel.refusals import Refusal, Refused

COUNTING = frozenset({"statistics", "*"})
"""Operations whose requests tell parameters."""
GROUPINGS = frozenset({"whole", "province"})


def unknown_names(policy: Policy, held: Domain) -> list[Refusal]:
    """Every name in a policy over data of this domain that nothing bears, and every rule that can deny nothing."""
    return [refusal for rule in policy.rules for refusal in _unknown(rule, held)]


def require_known_names(policy: Policy, held: Domain) -> None:
    """Raises Refused with the first name that nothing bears."""
    if unknown := unknown_names(policy, held):
        raise Refused(unknown[0].clause, **unknown[0].facts)


def _unknown(rule: Rule, held: Domain) -> Iterator[Refusal]:
    named = {"rule": rule.id}
    columns, action = rule.clause(Columns), rule.clause(Action)
    for column in columns.columns if columns else ():
        if column.name != ALL and column.name not in held.names:
            yield Refusal("unknown-column", named | {"columns": column.name})
    for purpose in rule.purposes:
        if purpose not in PURPOSES:
            yield Refusal("unknown-purpose", named | {"purpose": purpose})
    for operation in action.operations if action else ():
        for bound in operation.bounds:
            if not _is_told(operation, bound):
                facts = {"operation": operation.name, "parameter": bound.parameter}
                yield Refusal("unknown-parameter", named | facts | {"found": ", ".join(map(str, bound.values))})
    if rule.effect == "deny":
        yield from (Refusal("denies-nothing", named | {"found": clause}) for clause in _idle(rule))


def _is_told(operation: Operation, bound: Bound) -> bool:
    """Whether some request tells the parameter, and could tell each of the values."""
    if operation.name not in COUNTING or bound.parameter not in PARAMETERS:
        return False
    if bound.parameter == "grouping":
        return set(bound.values) <= GROUPINGS
    return all(isinstance(value, int) for value in bound.values)


def _idle(rule: Rule) -> Iterator[str]:
    """The clauses of a rule that denies which no use can touch, for they list nothing."""
    for one in rule.clauses:
        lists: tuple[tuple[object, ...], ...]
        match one:
            case Subject():
                lists = (one.organisations,)
            case Purpose():
                lists = (one.purposes,)
            case Action():
                lists = (one.operations,)
            case Code():
                lists = (one.models,)
            case Environment():
                lists = (one.engines, one.attestations)
            case Columns():
                lists = (tuple(column for column in one.columns if column.modes),)
            case Output():
                lists = (one.forms,)
            case _:
                continue
        if not all(lists):
            yield one.clause
