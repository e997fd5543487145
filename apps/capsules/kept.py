"""What no field of the policy form shows: an edited rule keeps it as the version before has it."""

import msgspec

from creditzone.kernel.documents import Rule
from creditzone.kernel.policy.constraints import Clause
from creditzone.kernel.policy.constraints.action import Action
from creditzone.kernel.policy.constraints.code import Code
from creditzone.kernel.policy.constraints.environment import Environment
from creditzone.kernel.policy.constraints.output import Output
from creditzone.kernel.policy.constraints.subject import Subject
from creditzone.kernel.policy.constraints.window import Daily, Window

ZONE = "Asia/Shanghai"


def hours_shown(window: Window) -> Daily | None:
    """The hours of the day that the form shows: the first in its own time zone."""
    return next((one for one in window.daily if one.zone == ZONE), None)


def with_kept(rule: Rule, was: Rule | None) -> Rule:
    """The rule as its fields make it, with the parts of `was` that have no field."""
    if was is None:
        return rule
    return msgspec.structs.replace(rule, clauses=tuple(_kept(one, was.clause(type(one))) for one in rule.clauses))


def _kept(now: Clause, before: Clause | None) -> Clause:
    match now, before:
        case Subject(), Subject():
            return msgspec.structs.replace(now, roles=before.roles, people=before.people)
        case Action(), Action():
            bounds = {one.name: one for one in before.operations}
            return Action(operations=tuple(bounds.get(one.name, one) for one in now.operations))
        case Code(), Code():
            return msgspec.structs.replace(now, programs=before.programs)
        case Environment(), Environment():
            return msgspec.structs.replace(now, attestations=before.attestations)
        case Output(), Output() if now.decision_bands == before.decision_bands[:1]:
            return msgspec.structs.replace(now, decision_bands=before.decision_bands)
        case Window(), Window():
            shown = hours_shown(before)
            hidden = tuple(one for one in before.daily if one is not shown)
            return msgspec.structs.replace(
                now, days_from_contract=before.days_from_contract, daily=(*now.daily, *hidden)
            )
    return now
