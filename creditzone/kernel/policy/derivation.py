"""Derived capsules: what is made of several carries what all of them permit, and nothing more."""

from collections.abc import Sequence
from itertools import product
from typing import cast

from creditzone.kernel.documents.policies import Policy, Rule
from creditzone.kernel.policy.constraints import KINDS, Clause
from creditzone.kernel.policy.constraints.derivation import Derivation
from creditzone.kernel.sm import sm3


def derive(parents: Sequence[Policy]) -> tuple[Rule, ...]:
    """The rules of a capsule derived from capsules under these policies, whatever their order.

    Each combination of one permitting rule a parent gives a rule, of the meets of their clauses, where anything is
    left; every rule that denies goes along. A rule that does not let results be inputs again gives none; one
    that does counts a generation less. A single parent's rules come out as they are, but for that.
    """
    permitting = [[rule for rule in policy.rules if rule.effect == "permit"] for policy in parents]
    derived: dict[frozenset[Clause], Rule] = {}
    for combination in product(*permitting):
        clauses = _met(combination)
        if clauses is not None:
            derived.setdefault(frozenset(clauses), _named("permit", clauses))
    denying = {rule.clauses: rule for policy in parents for rule in policy.rules if rule.effect == "deny"}
    denied = [_named("deny", clauses) for clauses in denying]
    return tuple(sorted([*derived.values(), *denied], key=lambda rule: (rule.effect, rule.id)))


def _met(rules: Sequence[Rule]) -> tuple[Clause, ...] | None:
    """The meet of several rules' clauses, in their order; None where nothing is left."""
    generations = min((_generations(rule) for rule in rules), default=0)
    if generations < 1:
        return None
    met: list[Clause] = []
    for kind in KINDS:
        given = [one for rule in rules if (one := rule.clause(kind)) is not None]  # type: ignore[type-var]
        if not given:
            continue
        clause = given[0]
        for other in given[1:]:
            both = clause.meet(other)  # type: ignore[arg-type]
            if both is None:
                return None
            clause = both
        met.append(cast("Clause", clause))
    left = Derivation(generations=generations - 1)
    return tuple(left if isinstance(one, Derivation) else one for one in met)


def _generations(rule: Rule) -> int:
    """How often results may be inputs again; a rule that says nothing of it does not let them."""
    clause = rule.clause(Derivation)
    return clause.generations if clause is not None else 0


def _named(effect: str, clauses: tuple[Clause, ...]) -> Rule:
    """A rule whose name is what it says, so that the same derivation has the same names."""
    name = sm3.digest(repr(clauses).encode())[4:16]
    return Rule(id=f"{effect}-{name}", effect=effect, clauses=clauses)  # type: ignore[arg-type]
