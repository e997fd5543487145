"""Whether a policy undercuts the zone-wide rules: pure, the same in the portal's form and in every node."""

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar, cast

from creditzone.kernel.documents.policies import Policy, Rule
from creditzone.kernel.documents.zone_rules import Template, ZoneRules
from creditzone.kernel.policy.constraints import Clause
from creditzone.kernel.policy.constraints.action import Action
from creditzone.kernel.policy.constraints.consent import EVIDENCE, Consent
from creditzone.kernel.policy.constraints.count import Count
from creditzone.kernel.policy.constraints.environment import Environment
from creditzone.kernel.policy.constraints.output import STATISTIC, Output
from creditzone.kernel.policy.constraints.purpose import Purpose
from creditzone.kernel.policy.purposes import permits
from creditzone.kernel.refusals import Refusal, Refused

DAY_MS = 86_400_000
C = TypeVar("C", bound=Clause)
COUNTING = frozenset({"statistics", "psi-count", "*"})
"""Operations whose figures rest on several firms."""


def undercuts(policy: Policy, zone_rules: ZoneRules) -> list[Refusal]:
    """Everything in which a policy undercuts the zone-wide rules, by rule; nothing where it keeps to them.

    What denies undercuts nothing, and fewer rules never undercut more."""
    return [refusal for rule in policy.rules for refusal in rule_undercuts(rule, zone_rules)]


def require_above_floors(policy: Policy, zone_rules: ZoneRules, *, threshold: int) -> None:
    """Raises Refused with the first floor below which a policy is, or the number of those who open its capsule."""
    below = undercuts(policy, zone_rules)
    if too_few := custody_undercuts(threshold, zone_rules):
        below.append(too_few)
    if below:
        raise Refused(below[0].clause, **below[0].facts)


def rule_undercuts(rule: Rule, zone_rules: ZoneRules) -> list[Refusal]:
    """Everything in which one rule undercuts the zone-wide rules."""
    if rule.effect == "deny":
        return []
    return list(_undercuts(rule.clauses, rule.not_after - rule.not_before, rule.id, zone_rules))


def template_undercuts(template: Template, zone_rules: ZoneRules) -> list[Refusal]:
    """Everything in which a rule written from the template would undercut the rules that it comes with."""
    return list(_undercuts(template.clauses, template.days * DAY_MS, template.id, zone_rules))


def custody_undercuts(threshold: int, zone_rules: ZoneRules) -> Refusal | None:
    """Whether too few people and places together open a capsule."""
    least = zone_rules.floors.custody_threshold
    return None if threshold >= least else Refusal("floor-custody", {"least": str(least), "found": str(threshold)})


def _undercuts(clauses: Sequence[Clause], length_ms: int, rule: str, zone_rules: ZoneRules) -> Iterator[Refusal]:
    floors, named = zone_rules.floors, {"rule": rule}
    if purpose := _clause(clauses, Purpose):
        for one in purpose.purposes:
            if not any(permits(allowed, one) for allowed in zone_rules.purposes):
                yield Refusal("floor-purpose", named | {"found": one})
    if (found := _group_below(clauses, floors.minimum_group)) is not None:
        yield Refusal("floor-minimum-group", named | {"least": str(floors.minimum_group), "found": found})
    if length_ms > floors.max_days * DAY_MS:
        found = str(-(-length_ms // DAY_MS))
        yield Refusal("floor-window", named | {"most": str(floors.max_days), "found": found})
    if (count := _clause(clauses, Count)) and count.total > floors.max_uses:
        yield Refusal("floor-uses", named | {"most": str(floors.max_uses), "found": str(count.total)})
    if environment := _clause(clauses, Environment):
        for level in environment.attestations:
            if level not in floors.attestations:
                yield Refusal("floor-attestation", named | {"found": level})
    consent = _clause(clauses, Consent)
    for kind in EVIDENCE:
        if (consent is None or kind in consent.evidence) and kind not in floors.evidence:
            yield Refusal("floor-consent", named | {"found": kind})


def _group_below(clauses: Sequence[Clause], least: int) -> str | None:
    """The group that is too small; a dash where a rule that counts firms names none."""
    output, action = _clause(clauses, Output), _clause(clauses, Action)
    group = output.minimum_group if output else None
    if group is not None:
        return str(group) if group < least else None
    counts = action is not None and any(one.name in COUNTING for one in action.operations)
    return "—" if output is not None and (counts or STATISTIC in output.forms) else None


def _clause(clauses: Sequence[Clause], kind: type[C]) -> C | None:
    return cast("C | None", next((one for one in clauses if isinstance(one, kind)), None))


def require_within_zone_rules(policy: Policy, zone_rules: Callable[[str], ZoneRules | None], *, threshold: int) -> None:
    """Raises Refused where a policy, or how many open its capsule together, undercuts the zone-wide rules that it was
    written under, or where those are not known here. A policy of a time without any keeps to none."""
    if policy.zone_rules is None:
        return
    rules = zone_rules(policy.zone_rules)
    if rules is None:
        raise Refused("zone-rules-unknown", digest=policy.zone_rules[:16])
    require_above_floors(policy, rules, threshold=threshold)
