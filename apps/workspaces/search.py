"""The search of the top bar: pages of the reader's workspace, firms, jobs and capsules, each by its app's selector."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.utils.translation import gettext as _

from apps.capsules import selectors as capsules
from apps.compute import listing as jobs
from apps.core.http import TenantRequest
from apps.registry import selectors as registry
from apps.tenants.roles import Kind
from apps.ui.navigation import entries_for
from apps.ui.pieces import Words
from apps.ui.templatetags.ui import called, exact
from apps.workspaces.addresses import page

SHOWN = 8
NO_JOBS = frozenset({Kind.REGULATOR, Kind.OPERATOR})
"""A regulator's looks at jobs are entries of the ledger, made by its own list; an operator sees no job."""


@dataclass(frozen=True, kw_only=True)
class Hit:
    """One thing found: its page, and what tells it from its like. `row` has a state where the thing has one."""

    title: Words
    href: str
    detail: Words = ""
    row: Any = None


@dataclass(frozen=True, kw_only=True)
class Group:
    """The first hits of one kind, and the list that has them all."""

    label: Words
    hits: Sequence[Hit]
    all: str = ""


def groups_for(request: TenantRequest, typed: str) -> list[Group]:
    """What was found for `typed`, kind by kind; a kind without a hit is there where its whole list can be asked."""
    return [group for group in _groups(request, typed) if group.hits or group.all]


def _groups(request: TenantRequest, typed: str) -> Iterator[Group]:
    actor = request.actor
    entries = entries_for(actor.kind, request)
    rooms = {shown.entry.url for shown in entries}
    hits = [Hit(title=one.entry.label, href=one.href) for one in entries if _holds(one.entry.label, typed)]
    yield Group(label=_("Pages"), hits=hits)
    firms = registry.search(typed)
    rows = registry.with_words(list(firms.firms.order_by(firms.sort)[:SHOWN]))
    hits = [
        Hit(
            title=row.firm.name,
            href=page("registry:firm", row.firm.uscc),
            detail=f"{row.firm.uscc} · {row.industry}",
            row=row.firm,
        )
        for row in rows
    ]
    yield Group(label=_("Firms"), hits=hits, all=_list("registry:search", "q", typed))
    yield Group(label=_("Jobs"), hits=_jobs(request, typed), all=_all_jobs(rooms, typed))
    yield Group(label=_("Capsules"), hits=_capsules(request, typed), all=_all_capsules(rooms, typed))


def _holds(label: Words, typed: str) -> bool:
    return typed.casefold() in str(label).casefold()


def _jobs(request: TenantRequest, typed: str) -> list[Hit]:
    if request.actor.kind in NO_JOBS:
        return []
    return [
        Hit(title=job.title, href=page("compute:detail", job.id), detail=exact(job.created_at), row=job)
        for job in jobs.named(request.actor, typed)[:SHOWN]
    ]


def _capsules(request: TenantRequest, typed: str) -> list[Hit]:
    if request.actor.kind in NO_JOBS:
        return []
    return [
        Hit(title=one.title, href=page("capsules:detail", one.id), detail=called(one.provider), row=one)
        for one in capsules.named(request.actor, typed)[:SHOWN]
    ]


def _all_jobs(rooms: set[str], typed: str) -> str:
    name = "supervision:jobs" if "supervision:jobs" in rooms else "compute:list"
    return _list(name, "title", typed) if name in rooms else ""


def _all_capsules(rooms: set[str], typed: str) -> str:
    return _list("capsules:list", "title", typed) if "capsules:list" in rooms else ""


def _list(name: str, field: str, typed: str) -> str:
    return f"{page(name)}?{urlencode({field: typed})}"
