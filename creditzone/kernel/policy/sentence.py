"""A policy said in words, from the canonical document itself, so that what is seen is what is signed."""

from creditzone.kernel.documents.policies import Policy, Rule
from creditzone.kernel.documents.votes import LooseningVote
from creditzone.kernel.policy.constraints.base import Names, Segment, listed
from creditzone.kernel.policy.constraints.window import say_instant

__all__ = ["Names", "Segment", "say_policy", "say_rule", "say_vote"]


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


def say_vote(vote: LooseningVote, language: str, names: Names) -> list[list[Segment]]:
    """What every owner agrees to, a sentence for each rule, and for how long it may be made use of."""
    zh = language == "zh"
    owners = listed([names.organisation(one) for one in vote.owners], "owner", language)
    holder = Segment(names.organisation(vote.provider), "grantee")
    until = Segment(say_instant(vote.expires_at), "validity")
    rules = [say_rule(rule, language, names) for rule in vote.rules]
    if zh:
        lead = [*owners, Segment(" 一致同意："), holder, Segment(" 由各方数据派生的胶囊可按下列规则使用，")]
        lead += [Segment("不再受", "derivation", deny=True), Segment(" 来源策略共同约定的限制。")]
        end = [Segment("缺任何一方签署均不生效；须在 "), until, Segment(" 前据此签署策略。")]
    else:
        lead = [*owners, Segment(" agree, all of them: the capsule that "), holder]
        lead += [Segment(" derived of their data may be used as said below and is "), Segment("no longer", deny=True)]
        lead += [Segment(" bound by what their own policies leave together.")]
        end = [
            Segment("Without any one signature it binds nobody; a policy is signed by it before "),
            until,
            Segment("."),
        ]
    return [lead, *rules, end]
