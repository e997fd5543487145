"""Whether a policy permits a use: pure, the same in portal and node; the node's answer is the one that counts."""

from dataclasses import dataclass

from creditzone.kernel.documents import Policy, Rule
from creditzone.kernel.policy.constraints import constraints_of
from creditzone.kernel.policy.use import Use
from creditzone.kernel.refusals import Refusal, Refused


@dataclass(frozen=True)
class Allowed:
    """The use is permitted by this rule, whose count it spends."""

    rule: str


def decide(policy: Policy, use: Use) -> Allowed | Refusal:
    """Permit the use if all clauses of some rule hold; deny otherwise.

    The refusal is that of the rule which came furthest, since that is the one a reader can mend; its facts name the
    rule. A policy without rules denies."""
    furthest, refusal = -1, Refusal("policy-empty")
    for rule in policy.rules:
        passed, failure = _try(rule, use)
        if failure is None:
            return Allowed(rule.id)
        if passed > furthest:
            furthest, refusal = passed, Refusal(failure.clause, {**failure.facts, "rule": rule.id})
    return refusal


def require_allowed(policy: Policy, use: Use) -> str:
    """The id of the rule that permits the use; raises Refused with the deciding clause."""
    decision = decide(policy, use)
    if isinstance(decision, Refusal):
        raise Refused(decision.clause, **decision.facts)
    return decision.rule


def _try(rule: Rule, use: Use) -> tuple[int, Refusal | None]:
    constraints = constraints_of(rule)
    for passed, constraint in enumerate(constraints):
        if failure := constraint.check(use):
            return passed, failure
    return len(constraints), None
