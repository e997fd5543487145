"""Whether a policy permits a use: pure, the same in portal and node; the node's answer is the one that counts."""

from dataclasses import dataclass, replace

from creditzone.kernel.documents.policies import Policy, Rule
from creditzone.kernel.policy.constraints.base import Scope
from creditzone.kernel.policy.constraints.window import Window
from creditzone.kernel.policy.use import Use
from creditzone.kernel.refusals import Refusal, Refused


@dataclass(frozen=True)
class Allowed:
    """The use is permitted by this rule, whose count it spends. `later` names the clauses that this scope does not
    judge: nothing that a rule says is dropped in silence."""

    rule: str
    later: tuple[str, ...] = ()


def decide(policy: Policy, use: Use, scope: Scope = Scope.OPENING) -> Allowed | Refusal:
    """Permit the use if all clauses of some rule hold and no rule denies it; deny otherwise.

    A rule that denies overrides: one whose clauses all touch the use, as far as they are judged here, decides. Of rules
    that permit, the refusal is that of the one which came furthest, since a reader can mend that; its facts name the
    rule. A policy without rules denies."""
    for rule in policy.rules:
        if rule.effect == "deny" and _denies(rule, use, scope):
            return Refusal("deny-rule", {"rule": rule.id})
    furthest, refusal = -1, Refusal("policy-empty")
    for rule in policy.rules:
        if rule.effect == "deny":
            continue
        passed, failure = _try(rule, use, scope)
        if failure is None:
            return Allowed(rule.id, tuple(one.clause for one in rule.clauses if scope not in one.checked_at))
        if passed > furthest:
            furthest, refusal = passed, Refusal(failure.clause, {**failure.facts, "rule": rule.id})
    return refusal


def require_allowed(policy: Policy, use: Use, scope: Scope = Scope.OPENING) -> str:
    """The id of the rule that permits the use; raises Refused with the deciding clause."""
    decision = decide(policy, use, scope)
    if isinstance(decision, Refusal):
        raise Refused(decision.clause, **decision.facts)
    return decision.rule


def require_still_allowed(policy: Policy, use: Use, scope: Scope, *, rule: str) -> None:
    """Raises Refused unless this very rule still permits the use, in a later scope."""
    alone = next(one for one in policy.rules if one.id == rule)
    _, failure = _try(alone, use, scope)
    if failure is not None:
        raise Refused(failure.clause, **{**failure.facts, "rule": rule})


def past_its_time(policy: Policy, use: Use, *, rule: str, at: int) -> Refusal | None:
    """Why a use that this rule let begin may not go on at a later instant: its window has closed, or that of a rule
    that denies has opened. None while the time speaks for it."""
    now = replace(use, at=at, rule=rule, scope=Scope.OPENING)
    for one in policy.rules:
        if one.effect == "deny" and _denies(one, now, Scope.OPENING):
            return Refusal("deny-rule", {"rule": one.id})
    alone = next(one for one in policy.rules if one.id == rule)
    failure = alone.of(Window).check(now)
    return None if failure is None else Refusal(failure.clause, {**failure.facts, "rule": rule})


def _try(rule: Rule, use: Use, scope: Scope) -> tuple[int, Refusal | None]:
    judged = replace(use, rule=rule.id, scope=scope)
    clauses = [one for one in rule.clauses if scope in one.checked_at]
    for passed, constraint in enumerate(clauses):
        if failure := constraint.check(judged):
            return passed, failure
    return len(clauses), None


def _denies(rule: Rule, use: Use, scope: Scope) -> bool:
    """A contract is denied only by what is wholly judged then: of what else a rule says, its jobs will tell."""
    judged = replace(use, rule=rule.id, scope=scope)
    clauses = [one for one in rule.clauses if scope in one.checked_at]
    if scope == Scope.CONTRACT and len(clauses) < len(rule.clauses):
        return False
    return bool(clauses) and all(one.touches(judged) for one in clauses)
