"""The zone-wide rules in words, from the document itself, and what a new version changes."""

from collections.abc import Iterator, Sequence
from typing import Literal

from creditzone.kernel.documents.zone_rules import Floors, Template, ZoneRules
from creditzone.kernel.policy.constraints.base import Constraint, Names, Segment, listed
from creditzone.kernel.policy.constraints.code import Code
from creditzone.kernel.policy.constraints.columns import Columns
from creditzone.kernel.policy.constraints.consent import EVIDENCE
from creditzone.kernel.policy.constraints.environment import ATTESTATIONS
from creditzone.kernel.policy.constraints.output import Output
from creditzone.kernel.policy.constraints.purpose import Purpose
from creditzone.kernel.policy.constraints.subject import Subject
from creditzone.kernel.policy.difference import Difference
from creditzone.kernel.policy.purposes import PURPOSES, permits, say_purpose

OPEN: dict[type[Constraint], tuple[str, str]] = {
    Subject: ("使用方", "users"),
    Purpose: ("用途", "purposes"),
    Code: ("评分卡", "scorecards"),
    Columns: ("字段", "columns"),
    Output: ("返回结果", "what comes back"),
}
"""What a template leaves to the steward, in words; whatever else it leaves has no name of its own."""


def say_zone_rules(rules: ZoneRules, language: str, names: Names) -> list[list[Segment]]:
    """One sentence for the floors, and one for each template."""
    templates = ([*_lead(one, language), *say_template(one, language, names)] for one in rules.templates)
    return [_floors(rules, language), *templates]


def _lead(template: Template, language: str) -> list[Segment]:
    if language == "zh":
        return [Segment("模板“"), Segment(template.name, "template"), Segment(f"”（{template.about}）：")]
    return [Segment("Template “"), Segment(template.name_en, "template"), Segment(f"” ({template.about_en}): ")]


def say_template(template: Template, language: str, names: Names) -> list[Segment]:
    """What a rule written from the template says, and what it leaves open."""
    zh = language == "zh"
    said = [segment for one in template.clauses for segment in one.say(language, names)]
    said.append(Segment("；有效 " if zh else "; for "))
    said.append(Segment(f"{template.days} 天" if zh else f"{template.days} days", "validity"))
    left = [words[not zh] for kind, words in OPEN.items() if kind in template.open]
    if left:
        said += [Segment("；由提供方选定：" if zh else "; its provider chooses "), *listed(left, "open", language)]
    return [*said, Segment("。" if zh else ".")]


def zone_differences(old: ZoneRules, new: ZoneRules, language: str, names: Names) -> Iterator[Difference]:
    """What differs between two versions, floors first."""
    before, after = _values(old, language), _values(new, language)
    for aspect, (was, _) in before.items():
        now = after[aspect][0]
        if was != now:
            yield Difference(aspect, was, now, _effect(before[aspect][1], after[aspect][1]))
    yield from _templates(old.templates, new.templates, language, names)


def _templates(old: Sequence[Template], new: Sequence[Template], language: str, names: Names) -> Iterator[Difference]:
    was, now = ({one.id: one for one in side} for side in (old, new))
    aspect = "模板" if language == "zh" else "template"
    for name in dict.fromkeys([*was, *now]):
        if was.get(name) == now.get(name):
            continue
        before, after = (_whole(side[name], language, names) if name in side else "" for side in (was, now))
        yield Difference(aspect, before, after, "")


def _whole(template: Template, language: str, names: Names) -> str:
    said = [*_lead(template, language), *say_template(template, language, names)]
    return "".join(part.text for part in said)


def _floors(rules: ZoneRules, language: str) -> list[Segment]:
    zh = language == "zh"
    said = [Segment("全区任何使用策略不得低于以下底线：" if zh else "No usage policy of the zone undercuts these: ")]
    for aspect, (text, _) in _values(rules, language).items():
        if len(said) > 1:
            said.append(Segment("；" if zh else "; "))
        said += [Segment(f"{aspect} "), Segment(text, "floor")]
    return [*said, Segment("。" if zh else ".")]


Strictness = tuple[int | frozenset[str], bool]
"""A floor's value, and whether a larger one is looser."""


def _values(rules: ZoneRules, language: str) -> dict[str, tuple[str, Strictness]]:
    """Each floor in words, with what tells the tighter of two."""
    floors, at = rules.floors, 0 if language == "zh" else 1
    join = ("、", ", ")[at]
    purposes = join.join(say_purpose(one, language) for one in rules.purposes)
    levels = join.join(ATTESTATIONS[one][at] for one in floors.attestations)
    evidence = join.join(EVIDENCE[one][at] for one in floors.evidence)
    numbers = _numbers(floors, at)
    return {
        ("用途限于", "purposes only")[at]: (purposes, (_covered(rules.purposes), True)),
        **numbers,
        ("环境限于", "environments only")[at]: (levels, (frozenset(floors.attestations), True)),
        ("授权证据限于", "consent only by")[at]: (evidence, (frozenset(floors.evidence), True)),
        ("共同启封至少", "opened together by at least")[at]: (
            (f"{floors.custody_threshold} 方", f"{floors.custody_threshold}")[at],
            (floors.custody_threshold, False),
        ),
    }


def _numbers(floors: Floors, at: int) -> dict[str, tuple[str, Strictness]]:
    group, days, uses = floors.minimum_group, floors.max_days, floors.max_uses
    return {
        ("统计至少", "a statistic on at least")[at]: ((f"{group} 户", f"{group} firms")[at], (group, False)),
        ("有效期至多", "validity at most")[at]: ((f"{days} 天", f"{days} days")[at], (days, True)),
        ("累计至多", "uses in all at most")[at]: ((f"{uses:,} 次", f"{uses:,}")[at], (uses, True)),
    }


def _covered(purposes: Sequence[str]) -> frozenset[str]:
    return frozenset(one for one in PURPOSES if any(permits(up, one) for up in purposes))


def _effect(was: Strictness, now: Strictness) -> Literal["", "loosen", "tighten"]:
    """A larger number or set loosens or tightens; sets of which neither holds the other do neither."""
    if was[0] == now[0]:
        return ""
    grows = was[0] < now[0]  # type: ignore[operator]
    shrinks = now[0] < was[0]  # type: ignore[operator]
    if not grows and not shrinks:
        return ""
    return "loosen" if grows == was[1] else "tighten"
