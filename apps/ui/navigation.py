"""The left-hand navigation of each workspace, and who counts what beside its entries.

An entry whose URL name does not resolve is left out, so that a workspace shows exactly the rooms that exist.
"""

from collections.abc import Callable
from dataclasses import dataclass

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from apps.ui.pieces import Words


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One line of the navigation; `main` ones also stand at the bottom of a phone's screen."""

    label: Words
    url: str
    group: Words = ""
    main: bool = False
    short: Words = ""


@dataclass(frozen=True)
class Shown:
    """An entry as a page shows it: resolved, perhaps current, with what waits behind it."""

    entry: Entry
    href: str
    is_current: bool
    count: int


Count = Callable[[HttpRequest], int]
COUNTS: dict[str, Count] = {}

HOME = Entry(label=pgettext_lazy("navigation", "Workbench"), url="workspaces:home", main=True)
DATA, SEALED, FLOW = pgettext_lazy("navigation", "Data"), _("Encrypted computing"), _("Circulation")
GRADING, LENDING, MODELS, ZONE = _("Joint scoring"), _("Lending"), _("Models"), _("Zone")

PROVIDER = [
    HOME,
    Entry(label=_("Datasets"), url="datasets:list", group=DATA, main=True, short=pgettext_lazy("navigation", "Data")),
    Entry(label=_("Firms"), url="registry:search", group=DATA),
    Entry(label=_("Capsules"), url="capsules:list", group=SEALED, main=True),
    Entry(label=_("Jobs"), url="compute:list", group=SEALED),
    Entry(label=_("Scorecards"), url="scoring:list", group=SEALED),
    Entry(label=_("Contracts"), url="contracts:list", group=FLOW, main=True),
    Entry(label=_("Organisations and cards"), url="tenants:organisations", group=ZONE),
    Entry(label=_("Zone-wide rules"), url="governance:overview", group=ZONE),
]

NAV: dict[str, list[Entry]] = {
    "centre": PROVIDER,
    "platform": PROVIDER,
    "bank": [
        HOME,
        Entry(label=_("Scoring jobs"), url="compute:list", group=GRADING, main=True, short=_("Jobs")),
        Entry(label=_("Available data"), url="capsules:list", group=GRADING),
        Entry(label=_("Contracts"), url="contracts:list", group=GRADING),
        Entry(label=_("Own datasets"), url="datasets:list", group=GRADING),
        Entry(
            label=_("Loan files"),
            url="lending:list",
            group=LENDING,
            main=True,
            short=pgettext_lazy("navigation", "Files"),
        ),
        Entry(label=_("Firms"), url="registry:search", group=LENDING),
        Entry(label=_("Scorecards"), url="scoring:list", group=MODELS),
        Entry(label=_("Organisations and cards"), url="tenants:organisations", group=ZONE),
        Entry(label=_("Zone-wide rules"), url="governance:overview", group=ZONE),
    ],
    "sme": [
        HOME,
        Entry(label=_("My credit"), url="lending:credit", main=True, short=pgettext_lazy("navigation", "Credit")),
        Entry(label=_("Self-enquiries"), url="compute:list", main=True, short=_("Enquiries")),
        Entry(label=_("Scorecards"), url="scoring:list"),
    ],
    "regulator": [
        HOME,
        Entry(label=_("Events"), url="supervision:events", main=True),
        Entry(label=_("Jobs and receipts"), url="supervision:jobs", main=True, short=_("Jobs")),
        Entry(label=_("Scorecards"), url="scoring:list", group=MODELS),
        Entry(label=_("Firms"), url="registry:search", group=DATA),
        Entry(label=_("Organisations"), url="tenants:organisations", group=ZONE),
        Entry(label=_("Zone-wide rules"), url="governance:overview", group=ZONE),
    ],
    "operator": [
        HOME,
        Entry(label=_("Organisations"), url="tenants:organisations", group=ZONE, main=True),
        Entry(label=_("People"), url="tenants:people", group=ZONE, main=True),
        Entry(label=_("Nodes"), url="exchange:nodes", group=ZONE, main=True),
        Entry(label=_("Zone-wide rules"), url="governance:overview", group=ZONE),
    ],
    "node": [
        Entry(label=_("Overview"), url="node:home"),
        Entry(label=_("To sign"), url="node:sign"),
        Entry(label=_("Datasets"), url="node:datasets"),
        Entry(label=_("Capsules"), url="node:capsules"),
        Entry(label=_("Results"), url="node:results"),
        Entry(label=_("Contracts"), url="node:contracts"),
        Entry(label=_("Cards"), url="node:cards"),
        Entry(label=_("Custody"), url="node:custody"),
        Entry(label=_("Zone-wide rules"), url="node:zone-rules"),
        Entry(label=_("Roster"), url="node:roster"),
        Entry(label=_("Passkeys"), url="node:passkeys"),
        Entry(label=_("Health"), url="node:health"),
    ],
}

WORKSPACES = {
    "code_centre": "centre", "centre": "centre", "platform": "platform", "bank": "bank", "sme": "sme",
    "regulator": "regulator", "operator": "operator", "node": "node",
}  # fmt: skip


def register_count(url: str, count: Count) -> None:
    """Show beside the entry for `url` how many things wait there for this reader to act."""
    if COUNTS.get(url, count) is not count:
        raise ValueError(f"a count for {url} is already registered")
    COUNTS[url] = count


def entries_for(kind: str, request: HttpRequest | None) -> list[Shown]:
    """The entries of one kind's workspace that resolve here; the deepest match of the current path is current."""
    path = request.path if request is not None else ""
    urlconf = getattr(request, "urlconf", None)
    found = []
    for entry in NAV.get(WORKSPACES.get(kind, ""), []):
        try:
            found.append((entry, reverse(entry.url, urlconf=urlconf)))
        except NoReverseMatch:
            continue
    depth = max((len(href) for _entry, href in found if _is_inside(path, href)), default=-1)
    return [
        Shown(entry, href, _is_inside(path, href) and len(href) == depth, _count(entry, request))
        for entry, href in found
    ]


def _is_inside(path: str, href: str) -> bool:
    return path == href or (href != "/" and path.startswith(href))


def _count(entry: Entry, request: HttpRequest | None) -> int:
    return count_for(entry.url, request)


def count_for(url: str, request: HttpRequest | None) -> int:
    """How many things wait at `url` for this reader; asked once a request, though a page shows it in several places."""
    count = COUNTS.get(url)
    if count is None or request is None:
        return 0
    known: dict[str, int] = request.__dict__.setdefault("waiting_counts", {})
    if url not in known:
        known[url] = count(request)
    return known[url]
