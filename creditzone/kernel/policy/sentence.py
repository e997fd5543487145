"""A policy said in words, from the canonical document itself, so that what is seen is what is signed."""

from creditzone.kernel.documents.policies import Policy, Rule
from creditzone.kernel.policy.constraints.base import Names, Segment

__all__ = ["Names", "Segment", "say_policy", "say_rule"]


def say_rule(rule: Rule, language: str, names: Names) -> list[Segment]:
    """One rule as one sentence; the values of its clauses are tokens that name their clause."""
    segments = [segment for constraint in rule.clauses for segment in constraint.say(language, names)]
    if rule.effect == "deny":
        lead = "一律不得（优先于其他规则）：" if language == "zh" else "Never, whatever another rule allows: "
        return [Segment(lead, deny=True), *segments, Segment("。" if language == "zh" else ".")]
    if language == "zh":
        return [
            *segments,
            Segment("；"),
            Segment("不得", "grantee", deny=True),
            Segment(" 导出明细、转授权。"),
        ]
    return [
        *segments,
        Segment("; "),
        Segment("never", "grantee", deny=True),
        Segment(" rows, never to others."),
    ]


def say_policy(policy: Policy, language: str, names: Names) -> list[list[Segment]]:
    """A sentence for each rule; an empty policy says that nothing is allowed."""
    if not policy.rules:
        return [[Segment("不允许任何使用。" if language == "zh" else "Nothing is allowed.", deny=True)]]
    return [say_rule(rule, language, names) for rule in policy.rules]
