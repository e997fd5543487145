"""Who guards a capsule's secret, in words: what each holder's node last said, from signed statements only."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.capsules.models import Capsule, HolderNews
from apps.capsules.selectors import Guard, Head, guards_of
from apps.capsules.wording import named
from apps.datasets.wording import language
from apps.scoring.wording import PortalNames
from apps.ui.pieces import Words
from apps.ui.templatetags.ui import called
from creditzone.kernel.refusals import Refusal

KINDS: dict[str, Words] = {
    "provider": gettext_lazy("the provider's own part, without which nothing opens"),
    "node": gettext_lazy("custodian's node"),
    "officer": gettext_lazy("officer's printed sheet"),
    "regulator": gettext_lazy("supervisor's printed sheet"),
}


@dataclass(frozen=True, kw_only=True)
class Line:
    """A holder for the page: its name, what it is, how it is, and when it last spoke."""

    name: str
    kind: Words
    state: Words
    tone: str
    at: datetime | None
    why: str = ""


def lines(capsule: Capsule, head: Head) -> list[Line]:
    """The head's holders in the order of its header."""
    return [_line(guard, version=head.version) for guard in guards_of(capsule, head)]


def _line(guard: Guard, *, version: int) -> Line:
    holder = guard.holder
    name = called(guard.organisation) if guard.organisation else holder.name
    kind = KINDS[holder.kind]
    if holder.kind != "node":
        return Line(name=name, kind=kind, state=_("cannot be asked from here"), tone="", at=None)
    state, tone, at, why = _health(guard.news, version)
    return Line(name=name, kind=kind, state=state, tone=tone, at=at, why=why)


def _health(news: HolderNews | None, version: int) -> tuple[str, str, datetime | None, str]:
    answers = [] if news is None else [news.released_at, news.withheld_at, news.deposited_at]
    answered = max(filter(None, answers), default=None)
    if news is None or answered is None:
        return _("never answered"), "warn", None, ""
    if news.withheld_at == answered:
        said = named(Refusal(news.clause, dict(news.facts)), PortalNames(language()))
        why = said.sentence(language())
        return _("withheld its share"), "bad", answered, why
    if news.asked_at is not None and news.asked_at > answered:
        return _("asked, has not answered yet"), "warn", news.asked_at, ""
    if news.released_at == answered:
        return _("released its share"), "good", answered, ""
    if news.version != version:
        return _("keeps an older version's share"), "warn", answered, ""
    return _("keeps its share"), "good", answered, ""
