"""What a new version of a policy changes, clause by clause in words; a steward sees it while writing it."""

from collections.abc import Iterator, Sequence

from django.utils.translation import gettext as _

from apps.capsules.wording import PortalNames
from apps.datasets.wording import language
from apps.ui.pieces import Change
from creditzone.kernel.documents import Rule
from creditzone.kernel.policy.constraints.base import Names
from creditzone.kernel.policy.purposes import permits, say_purpose


def changes_of(before: Sequence[Rule], after: Sequence[Rule]) -> list[Change]:
    """Every clause that differs, marked as loosening or tightening where that can be told."""
    old, new = {rule.id: rule for rule in before}, {rule.id: rule for rule in after}
    names: Names = PortalNames(language())
    found = [Change(about=_("Rule"), before=name, effect="tighten") for name in old if name not in new]
    found += [Change(about=_("Rule"), after=name, effect="loosen") for name in new if name not in old]
    for name in (one for one in old if one in new):
        found += _of_purposes(old[name].purposes, new[name].purposes)
        found += _of_rule(_clauses(old[name], names), _clauses(new[name], names))
        found += _of_uses(old[name].uses, new[name].uses)
    return found


def _clauses(rule: Rule, names: Names) -> dict[str, list[str]]:
    """The values of the clauses that list what is allowed."""
    listed = {"grantee", "model", "engine", "disclosure"}
    found: dict[str, list[str]] = {}
    for part in (part for one in rule.clauses for part in one.say(language(), names)):
        if part.clause in listed:
            found.setdefault(part.clause, []).append(part.text)
    return found


def _of_purposes(was: Sequence[str], now: Sequence[str]) -> Iterator[Change]:
    """A purpose that the other side covers by its parent is no change of its own."""
    for one in now:
        if not any(permits(allowed, one) for allowed in was):
            yield Change(about=_("Purposes"), after=say_purpose(one, language()), effect="loosen")
    for one in was:
        if not any(permits(allowed, one) for allowed in now):
            yield Change(about=_("Purposes"), before=say_purpose(one, language()), effect="tighten")


def _of_rule(old: dict[str, list[str]], new: dict[str, list[str]]) -> Iterator[Change]:
    about = {
        "grantee": _("Users"), "model": _("Scorecards"), "engine": _("Engines"),
        "disclosure": _("What comes back"),
    }  # fmt: skip
    for clause, words in about.items():
        was, now = old.get(clause, []), new.get(clause, [])
        yield from (Change(about=words, after=one, effect="loosen") for one in now if one not in was)
        yield from (Change(about=words, before=one, effect="tighten") for one in was if one not in now)


def _of_uses(was: int, now: int) -> Iterator[Change]:
    if was != now:
        effect = "loosen" if now > was else "tighten"
        yield Change(about=_("Uses in all"), before=f"{was:,}", after=f"{now:,}", effect=effect)  # type: ignore[arg-type]
