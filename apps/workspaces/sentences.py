"""The home's first sentence: what is true now for this reader, in one line."""

from collections.abc import Callable, Iterator

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.exchange import selectors as exchange
from apps.tenants.members import Member
from apps.tenants.roles import Kind
from apps.workspaces import selectors


def sentence_for(actor: Member) -> str:
    """The facts that matter today, most urgent first; says so when there are none."""
    parts = [part for part in SAYS[actor.kind](actor) if part]
    return _("%(parts)s.") % {"parts": _("; ").join(parts)} if parts else _("Nothing waits for you.")


def _signatures(actor: Member) -> str:
    count = exchange.waiting_drafts(actor.organisation_id).count()
    said = ngettext("%(n)s document waits for your signature", "%(n)s documents wait for your signature", count)
    return said % {"n": count} if count else ""


def _running(count: int) -> str:
    return ngettext("%(n)s job is running", "%(n)s jobs are running", count) % {"n": count} if count else ""


def _ending(count: int) -> str:
    said = ngettext("%(n)s contract ends within 14 days", "%(n)s contracts end within 14 days", count)
    return said % {"n": count} if count else ""


def _provider(actor: Member) -> Iterator[str]:
    holdings, contracts = selectors.holdings_of(actor), selectors.count_contracts(actor)
    yield _signatures(actor)
    if holdings.recent:
        said = ngettext("%(n)s dataset came in within a day", "%(n)s datasets came in within a day", holdings.recent)
        yield said % {"n": holdings.recent}
    if holdings.quarantined:
        said = ngettext("%(n)s row is in quarantine", "%(n)s rows are in quarantine", holdings.quarantined)
        yield said % {"n": f"{holdings.quarantined:,}"}
    yield _running(selectors.count_jobs(actor).running)
    yield _ending(contracts.ending)


def _bank(actor: Member) -> Iterator[str]:
    jobs = selectors.count_jobs(actor)
    yield _signatures(actor)
    yield _running(jobs.running)
    if jobs.uses:
        said = ngettext("%(n)s job finished within 7 days", "%(n)s jobs finished within 7 days", jobs.uses)
        yield said % {"n": jobs.uses}
    yield _ending(selectors.count_contracts(actor).ending)


def _firm(actor: Member) -> Iterator[str]:
    yield _signatures(actor)
    jobs = selectors.count_jobs(actor)
    yield _running(jobs.running)
    if jobs.done:
        said = ngettext("your data was used %(n)s time", "your data was used %(n)s times", jobs.done)
        yield said % {"n": jobs.done}


def _regulator(actor: Member) -> Iterator[str]:
    jobs = selectors.count_jobs(actor)
    yield _running(jobs.running)
    yield ngettext("%(n)s job finished", "%(n)s jobs finished", jobs.done) % {"n": jobs.done}
    yield ngettext("%(n)s was refused, disputed or failed", "%(n)s were refused, disputed or failed", jobs.stopped) % {
        "n": jobs.stopped
    }


def _operator(actor: Member) -> Iterator[str]:
    nodes = exchange.nodes()
    away = sum(node.is_away for node in nodes)
    yield ngettext("%(n)s node is known", "%(n)s nodes are known", len(nodes)) % {"n": len(nodes)}
    if nodes:
        yield (
            ngettext("%(n)s does not call", "%(n)s do not call", away) % {"n": away} if away else _("all of them call")
        )


SAYS: dict[str, Callable[[Member], Iterator[str]]] = {
    Kind.CODE_CENTRE: _provider,
    Kind.PLATFORM: _provider,
    Kind.BANK: _bank,
    Kind.SME: _firm,
    Kind.REGULATOR: _regulator,
    Kind.OPERATOR: _operator,
}
