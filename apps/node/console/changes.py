"""What a new version of a policy changes, in words: against the head that holds now."""

from typing import Literal

from django.utils.translation import gettext as _

from apps.node.console.context import language
from apps.node.node import Node
from apps.node.wording import NodeNames
from apps.ui.pieces import Change
from creditzone.kernel.documents import Policy, Rule
from creditzone.kernel.policy.difference import differences, say_aspect


def changes_of(node: Node, before: Policy, after: Policy) -> list[Change]:
    """Everything that differs, marked as loosening or tightening; empty where only the version does."""
    old, new = {rule.id: rule for rule in before.rules}, {rule.id: rule for rule in after.rules}
    names, spoken = NodeNames(node, language()), "en" if language() == "en" else "zh"
    found = [Change(about=_("Rule"), before=name, effect=_gone(rule)) for name, rule in old.items() if name not in new]
    found += [Change(about=_("Rule"), after=name, effect=_new(rule)) for name, rule in new.items() if name not in old]
    found += [
        Change(about=say_aspect(one.aspect, spoken), before=one.before, after=one.after, effect=one.effect)
        for name in old
        if name in new
        for one in differences(old[name], new[name], spoken, names)
    ]
    return found


def _new(rule: Rule) -> Literal["loosen", "tighten"]:
    return "loosen" if rule.effect == "permit" else "tighten"


def _gone(rule: Rule) -> Literal["loosen", "tighten"]:
    return "tighten" if rule.effect == "permit" else "loosen"
