"""What the policy of a capsule obliges to, once it was used."""

from dataclasses import replace
from functools import reduce

from creditzone.kernel.documents.policies import Policy, Rule
from creditzone.kernel.policy.constraints.base import Scope
from creditzone.kernel.policy.constraints.duties import Duties
from creditzone.kernel.policy.constraints.window import Window
from creditzone.kernel.policy.use import Use


def owed(policy: Policy, use: Use) -> Duties | None:
    """The duties of every rule that permits the use, as far as it is known outside the provider's node: all of them,
    and the earliest deletion. Which of these rules the use was counted under, and whether its window was open then,
    only that node knows; so a rule counts here whenever its window is."""
    permitting = [one for one in policy.rules if one.effect == "permit" and _covers(one, use)]
    found = [duties for one in permitting if (duties := one.clause(Duties)) is not None]
    return reduce(Duties.meet, found) if found else None


def _covers(rule: Rule, use: Use) -> bool:
    judged = replace(use, rule=rule.id, scope=Scope.ADMISSION)
    clauses = [one for one in rule.clauses if Scope.ADMISSION in one.checked_at and not isinstance(one, Window)]
    return all(one.check(judged) is None for one in clauses)
