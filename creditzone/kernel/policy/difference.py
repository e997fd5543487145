"""What a new version of a rule says otherwise, value by value in words, and whether that loosens or tightens it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from creditzone.kernel.documents.policies import Rule
from creditzone.kernel.policy.constraints import KINDS, Clause
from creditzone.kernel.policy.constraints.base import Names

EFFECTS = {"permit": ("允许", "permits"), "deny": ("禁止", "denies")}
ASPECTS: dict[str, tuple[str, str]] = {
    "effect": ("规则作用", "what the rule does"),
    "grantee": ("使用方", "users"),
    "role": ("使用方角色", "users' roles"),
    "person": ("使用方人员", "users' people"),
    "purpose": ("用途", "purposes"),
    "operation": ("操作", "operations"),
    "model": ("评分卡", "scorecards"),
    "program": ("节点程序", "node programs"),
    "engine": ("密态协议", "engines"),
    "attestation": ("环境证明", "attestation"),
    "columns": ("字段", "columns"),
    "disclosure": ("返回结果", "what comes back"),
    "decision-band": ("准入线", "a decision's band"),
    "minimum-group": ("统计最小户数", "least firms of a statistic"),
    "max-rows": ("每次户数上限", "firms a job"),
    "validity": ("有效期", "validity"),
    "contract-days": ("合约后天数", "days from the contract"),
    "daily-window": ("每日时段", "hours of the day"),
    "uses": ("累计次数", "uses in all"),
    "uses-a-day": ("每日次数", "uses a day"),
    "uses-a-firm": ("同一企业次数", "uses of one firm"),
    "rows-a-day": ("每日户数", "firms a day"),
    "place": ("登记地", "place"),
    "consent": ("授权证据", "consent"),
    "price": ("最低价格", "least price"),
    "notify": ("告知", "notice"),
    "delete-after": ("结果删除", "deletion of results"),
    "derivation": ("派生", "derivation"),
}
"""What each value of a sentence is about."""


@dataclass(frozen=True)
class Difference:
    """One aspect before and after, empty where nothing is said of it; `effect` is empty where it is neither."""

    aspect: str
    before: str
    after: str
    effect: Literal["", "loosen", "tighten"]


def differences(old: Rule, new: Rule, language: str, names: Names) -> Iterator[Difference]:
    """The aspects in which two versions of a rule differ, in the order in which a rule is said."""
    if old.effect != new.effect:
        did, does = (say_effect(one.effect, language) for one in (old, new))
        yield Difference("effect", did, does, "tighten" if new.effect == "deny" else "loosen")
    for kind in KINDS:
        was, now = (_clause(rule, kind) for rule in (old, new))
        if was == now:
            continue
        before, after = (_said(clause, language, names) for clause in (was, now))
        effect = _effect(was, now, denies=new.effect == "deny")
        for aspect in dict.fromkeys([*before, *after]):
            if before.get(aspect) != after.get(aspect):
                yield Difference(aspect, before.get(aspect, ""), after.get(aspect, ""), effect)


def say_aspect(aspect: str, language: str) -> str:
    """What a value is about, for people."""
    zh, en = ASPECTS[aspect]
    return zh if language == "zh" else en


def say_effect(effect: str, language: str) -> str:
    """Whether a rule permits or denies, for people."""
    zh, en = EFFECTS[effect]
    return zh if language == "zh" else en


def _clause(rule: Rule, kind: type) -> Clause | None:
    return next((one for one in rule.clauses if type(one) is kind), None)


def _said(clause: Clause | None, language: str, names: Names) -> dict[str, str]:
    """The clause's values by aspect."""
    said: dict[str, list[str]] = {}
    for part in clause.say(language, names) if clause is not None else []:
        if part.clause is not None:
            said.setdefault(part.clause, []).append(part.text)
    return {aspect: ("、" if language == "zh" else ", ").join(texts) for aspect, texts in said.items()}


def _effect(was: Clause | None, now: Clause | None, *, denies: bool) -> Literal["", "loosen", "tighten"]:
    """A clause that comes tightens; of two, the one that their meet equals is the tighter. Of a rule that denies each
    loosens, for then it denies less."""
    less: Literal["loosen", "tighten"] = "loosen" if denies else "tighten"
    more: Literal["loosen", "tighten"] = "tighten" if denies else "loosen"
    if was is None or now is None:
        return less if was is None else more
    met = was.meet(now)  # type: ignore[arg-type]
    if met == now:
        return less
    return more if met == was else ""
