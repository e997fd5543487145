"""What a new version of a policy changes, in words: clause by clause against the head that holds now."""

from collections.abc import Iterable, Iterator

from django.utils.translation import gettext as _

from apps.core.errors import Words
from apps.node.console.context import language
from apps.node.node import Node
from apps.node.wording import NodeNames
from apps.ui.pieces import Change
from creditzone.kernel.documents import Policy, Rule
from creditzone.kernel.policy.constraints.environment import say_engine
from creditzone.kernel.policy.constraints.output import say_form as say_disclosure
from creditzone.kernel.policy.constraints.subject import SUBJECT
from creditzone.kernel.policy.constraints.window import say_instant
from creditzone.kernel.policy.purposes import say_purpose


def changes_of(node: Node, before: Policy, after: Policy) -> list[Change]:
    """Every clause that differs, each marked as loosening or tightening; empty where only the version does."""
    old, new = {rule.id: rule for rule in before.rules}, {rule.id: rule for rule in after.rules}
    found = [_whole(rule, effect="tighten") for name, rule in old.items() if name not in new]
    found += [_whole(rule, effect="loosen") for name, rule in new.items() if name not in old]
    for name in (each for each in old if each in new):
        found += _of_rule(node, old[name], new[name])
    return found


def _whole(rule: Rule, *, effect: str) -> Change:
    if effect == "loosen":
        return Change(about=_("Rule"), after=rule.id, effect="loosen")
    return Change(about=_("Rule"), before=rule.id, effect="tighten")


def _of_rule(node: Node, old: Rule, new: Rule) -> Iterator[Change]:
    names, spoken = NodeNames(node, language()), "en" if language() == "en" else "zh"

    def who(code: str) -> str:
        return _("the firm itself") if code == SUBJECT else names.organisation(code)

    lists = [
        (_("Grantees"), old.grantees, new.grantees, who),
        (_("Purpose"), old.purposes, new.purposes, lambda code: say_purpose(code, spoken)),
        (_("Scorecard"), old.models, new.models, names.model),
        (_("Engine"), old.engines, new.engines, lambda code: say_engine(code, spoken)),
        (_("Disclosure"), old.disclosures, new.disclosures, lambda code: say_disclosure(code, spoken)),
    ]
    for about, was, now, say in lists:
        yield from _of_list(about, [say(code) for code in was], [say(code) for code in now])
    yield from _of_number(_("Uses"), old.uses, new.uses, more="loosen")
    yield from _of_number(_("Minimum group"), old.minimum_group or 0, new.minimum_group or 0, more="tighten")
    yield from _of_instant(_("Valid from"), old.not_before, new.not_before, later="tighten")
    yield from _of_instant(_("Valid until"), old.not_after, new.not_after, later="loosen")


def _of_list(about: Words, was: Iterable[str], now: Iterable[str]) -> Iterator[Change]:
    was, now = list(was), list(now)
    for each in now:
        if each not in was:
            yield Change(about=about, after=each, effect="loosen")
    for each in was:
        if each not in now:
            yield Change(about=about, before=each, effect="tighten")


def _of_number(about: Words, was: int, now: int, *, more: str) -> Iterator[Change]:
    if was != now:
        yield _moved(about, f"{was:,}", f"{now:,}", is_loosened=(now > was) == (more == "loosen"))


def _of_instant(about: Words, was: int, now: int, *, later: str) -> Iterator[Change]:
    if say_instant(was) != say_instant(now):  # shown to the minute
        yield _moved(about, say_instant(was), say_instant(now), is_loosened=(now > was) == (later == "loosen"))


def _moved(about: Words, was: str, now: str, *, is_loosened: bool) -> Change:
    return Change(about=about, before=was, after=now, effect="loosen" if is_loosened else "tighten")
