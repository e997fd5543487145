"""What a regulator reads: the ledger's events by act, organisation and time."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from apps.compute import wording
from apps.core.errors import Forbidden
from apps.ledger.models import Entry
from apps.ledger.words import say_act
from apps.supervision.acts import FACTS, GROUPS, VALUES
from apps.tenants.members import Member
from apps.tenants.models import Organisation
from apps.tenants.roles import Capability, Kind, Role
from apps.ui.pieces import Words
from apps.ui.templatetags.ui import SHANGHAI, called, short
from creditzone.kernel.policy.purposes import say_purpose

OWN = "supervision"


@dataclass(frozen=True, kw_only=True)
class Filters:
    """What the events are narrowed to; empty is not narrowed. Days are Shanghai's, both included."""

    group: str = ""
    act: str = ""
    organisation: UUID | None = None
    since: datetime | None = None
    until: datetime | None = None
    with_lookups: bool = False

    def facts(self) -> dict[str, str]:
        """The filters as a ledger entry keeps them."""
        given = {
            "group": self.group,
            "act": self.act,
            "organisation": str(self.organisation or ""),
            "since": self.since.isoformat() if self.since else "",
            "until": self.until.isoformat() if self.until else "",
        }
        return {name: value for name, value in given.items() if value}


@dataclass(frozen=True, kw_only=True)
class EventRow:
    """An entry in words, with the organisations it names."""

    entry: Entry
    act: Words
    by: Organisation | None
    organisations: list[Organisation]
    job: UUID | None
    facts: list[tuple[Words, str]] = field(default_factory=list)


def require_regulator(actor: Member, *, ledger: bool = False) -> None:
    """Raise Forbidden unless the actor supervises; the ledger wants a role that may read it."""
    if actor.kind != Kind.REGULATOR:
        raise Forbidden(act=_("supervise"), role=Role(actor.role).label, ask=_("a regulator"))
    if ledger:
        actor.require(Capability.READ_LEDGER)


def events(filters: Filters) -> QuerySet[Entry]:
    """The entries that fit, to be paged newest first by `-id`, which is their order in time."""
    found: QuerySet[Entry] = Entry.objects.all()
    if filters.organisation is not None:
        found = found.filter(mentions__org=filters.organisation)
    if filters.act:
        found = found.filter(act=filters.act)
    elif filters.group:
        found = found.filter(act__startswith=f"{filters.group}.")
    if not filters.with_lookups and filters.group != OWN and not filters.act.startswith(OWN):
        found = found.exclude(act__startswith=f"{OWN}.")
    if filters.since is not None:
        found = found.filter(id__gte=first_id(filters.since))
    if filters.until is not None:
        found = found.filter(id__lt=first_id(filters.until))
    return found


def first_id(moment: datetime) -> UUID:
    """The smallest UUIDv7 of a moment: ids grow with time, so a time's range is a range of keys."""
    return UUID(int=max(int(moment.timestamp() * 1000), 0) << 80)


def rows_of(entries: Iterable[Entry]) -> list[EventRow]:
    """Entries in words."""
    organisations = list(Organisation.objects.all())
    names = {one.id: one for one in organisations}
    words = {one.uscc: called(one) for one in organisations}
    return [_row(entry, names, words) for entry in entries]


def _row(entry: Entry, names: dict[UUID, Organisation], words: dict[str, str]) -> EventRow:
    return EventRow(
        entry=entry,
        act=say_act(entry.act),
        by=names.get(entry.actor_organisation) if entry.actor_organisation else None,
        organisations=[names[one] for one in entry.organisations if one in names],
        job=UUID(entry.subject_id) if entry.subject_type == "job" else None,
        facts=[
            (FACTS.get(name) or wording.FACTS.get(name, name), _say_fact(value, words, name=name))
            for name, value in sorted(entry.facts.items())
            if name != "request" and value not in ("", None)
        ],
    )


def _say_fact(value: Any, words: dict[str, str], *, name: str = "") -> str:
    """A fact for people: parties by name, stages and purposes in words, digests and ids in short."""
    if isinstance(value, list | tuple):
        return wording.listed(_say_fact(one, words) for one in value)
    text = str(value)
    if name == "domain":
        return wording.domain_name(text)
    if text in words:
        return words[text]
    for known in (wording.STAGE_NAMES, wording.DISCLOSURES, wording.ENGINES, VALUES):
        if text in known:
            return str(known[text])
    return short(say_purpose(text, wording.language()))


def filters_of(query: Any) -> Filters:
    """The filters in an address; what does not fit is left out."""
    since, until = _day(query.get("since", "")), _day(query.get("until", ""))
    group, act = query.get("group", ""), query.get("act", "")
    return Filters(
        group=group if group in GROUPS else "",
        act=act if "\0" not in act else "",
        organisation=_id(query.get("organisation", "")),
        since=since,
        until=until + timedelta(days=1) if until else None,
        with_lookups=query.get("lookups") == "yes",
    )


def _day(text: str) -> datetime | None:
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=SHANGHAI)
    except ValueError:
        return None


def _id(text: str) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        return None
