"""What a new version of a policy changes, in words; a steward sees it while writing it."""

from collections.abc import Sequence

from django.utils.translation import gettext as _

from apps.capsules.wording import PortalNames
from apps.datasets.wording import language
from apps.ui.pieces import Change
from creditzone.kernel.documents import Rule
from creditzone.kernel.policy.constraints.base import Names
from creditzone.kernel.policy.difference import differences, say_aspect


def changes_of(before: Sequence[Rule], after: Sequence[Rule]) -> list[Change]:
    """Everything that differs, marked as loosening or tightening where that can be told."""
    old, new = {rule.id: rule for rule in before}, {rule.id: rule for rule in after}
    names: Names = PortalNames(language())
    found = [Change(about=_("Rule"), before=name, effect="tighten") for name in old if name not in new]
    found += [Change(about=_("Rule"), after=name, effect="loosen") for name in new if name not in old]
    found += [
        Change(about=say_aspect(one.aspect, language()), before=one.before, after=one.after, effect=one.effect)
        for name in old
        if name in new
        for one in differences(old[name], new[name], language(), names)
    ]
    return found
