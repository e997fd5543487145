"""The panels of the six homes. A panel whose selector answers None is left out."""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from apps.capsules import selectors as capsules
from apps.contracts import selectors as contracts
from apps.core import clock
from apps.core.http import TenantRequest
from apps.datasets import selectors as datasets
from apps.exchange import selectors as exchange
from apps.ledger import selectors as ledger
from apps.tenants import selectors as tenants
from apps.tenants.models import Organisation
from apps.tenants.roles import Capability, Kind
from apps.ui.navigation import register_count
from apps.ui.panels import register_panel
from apps.workspaces import selectors
from apps.workspaces.addresses import at_node, page

Context = Mapping[str, Any] | None
DOCUMENTS = {
    "policy": _("Usage policy"),
    "contract": _("Contract"),
    "contract-act": _("Act on a contract"),
    "request": _("Job request"),
    "authorisation": _("Authorisation"),
    "zone-rules": _("Zone-wide rules"),
    "loosening-vote": _("Vote for looser rules"),
}


def waiting_signatures(request: TenantRequest) -> Context:
    """What waits for the reader's organisation to sign, each with its page at the own node."""
    drafts = list(exchange.waiting_drafts(request.actor.organisation_id)[:8])
    if not drafts:
        return None
    rows = [
        (DOCUMENTS.get(draft.kind, draft.kind), draft, at_node(request.actor, f"/sign/{draft.digest}/"))
        for draft in drafts
    ]
    return {"rows": rows}


def provider_figures(request: TenantRequest) -> Context:
    """A provider's holdings and uses in figures."""
    return {
        "holdings": selectors.holdings_of(request.actor),
        "contracts": selectors.count_contracts(request.actor),
        "jobs": selectors.count_jobs(request.actor),
        "links": {"datasets": page("datasets:list"), "contracts": page("contracts:list"), "jobs": page("compute:list")},
    }


def incoming(request: TenantRequest) -> Context:
    """The newest datasets with what is wrong with them."""
    rows = list(datasets.datasets_of(request.actor, limit=5))
    return (
        {"rows": [(row, page("datasets:detail", row.id)) for row in rows], "all": page("datasets:list")}
        if rows
        else None
    )


def own_capsules(request: TenantRequest) -> Context:
    """The newest capsules and how they stand."""
    rows = list(capsules.capsules_of(request.actor, limit=5))
    return (
        {"rows": [(row, page("capsules:detail", row.id)) for row in rows], "all": page("capsules:list")}
        if rows
        else None
    )


def contracts_in_view(request: TenantRequest) -> Context:
    """The newest contracts, the other side named, with those near their end marked."""
    found = contracts.contracts_of(request.actor, limit=6)
    if not found:
        return None
    soon = clock.now() + selectors.NEAR_ITS_END
    rows = [
        {
            "contract": contract,
            "other": contract.consumer if contract.owner == request.actor.organisation_id else contract.provider,
            "href": page("contracts:detail", contract.id),
            "is_ending": selectors.is_ending(contract, soon),
        }
        for contract in found
    ]
    return {"rows": rows, "all": page("contracts:list")}


def recent_jobs(request: TenantRequest) -> Context:
    """The newest jobs the reader's organisation takes part in."""
    rows = selectors.jobs_of(request.actor)
    return {"rows": _with_links(rows), "all": page("compute:list")} if rows else None


def bank_figures(request: TenantRequest) -> Context:
    """A bank's jobs and contracts in figures."""
    return {
        "jobs": selectors.count_jobs(request.actor),
        "contracts": selectors.count_contracts(request.actor),
        "offers": len(capsules.catalogue(request.actor)),
        "links": {"contracts": page("contracts:list"), "jobs": page("compute:list"), "capsules": page("capsules:list")},
    }


def supervision_figures(request: TenantRequest) -> Context:
    """The zone's jobs in figures, for a regulator."""
    return {"jobs": selectors.count_jobs(request.actor), "links": {"jobs": page("supervision:jobs")}}


def stopped(request: TenantRequest) -> Context:
    """What was refused, is disputed or failed, with the clause in words."""
    rows = selectors.stopped_jobs(request.actor)
    return {"rows": [(row, page("supervision:job", row.job.id)) for row in rows]}


def latest_entries(request: TenantRequest) -> Context:
    """The newest acts in the ledger that the reader may see."""
    if not request.actor.may(Capability.READ_LEDGER):
        return None
    names: dict[UUID | None, Organisation] = {one.id: one for one in tenants.organisations()}
    rows = [(entry, names.get(entry.actor_organisation)) for entry in ledger.all_entries(size=10)]
    return {"rows": rows, "all": page("supervision:events")} if rows else None


def node_health(request: TenantRequest) -> Context:
    """How the nodes are, the absent ones first."""
    nodes = sorted(exchange.nodes(), key=lambda node: not node.is_away)
    return {"rows": nodes, "all": page("exchange:nodes")}


def who_joined(request: TenantRequest) -> Context:
    """The organisations of the zone, newest first, and whether each has a card."""
    newest = list(tenants.organisations().order_by("-id")[:8])
    return {"rows": newest, "all": page("tenants:organisations")}


def _with_links(rows: list[selectors.JobRow]) -> list[tuple[selectors.JobRow, str]]:
    return [(row, page("compute:detail", row.job.id)) for row in rows]


def _waiting_count(request: HttpRequest) -> int:
    actor = getattr(request, "actor", None)
    return selectors.count_jobs(actor).waiting if actor is not None else 0


def _open_work(request: HttpRequest) -> int:
    actor = getattr(request, "actor", None)
    if actor is None or actor.kind in {Kind.REGULATOR, Kind.OPERATOR}:  # they sign nothing
        return 0
    return exchange.open_work(actor.organisation_id)


Selector = Callable[[TenantRequest], Context]
SIGN, OWN = "waiting_signatures", "own_capsules"
HOMES: dict[str, list[tuple[int, Selector, str, str]]] = {
    Kind.CODE_CENTRE: [
        (10, provider_figures, "provider_figures", "stat"),
        (20, waiting_signatures, SIGN, "full"),
        (30, incoming, "incoming", "half"),
        (40, contracts_in_view, "contracts", "half"),
        (50, recent_jobs, "jobs", "full"),
        (60, own_capsules, OWN, "full"),
    ],
    Kind.BANK: [
        (10, bank_figures, "bank_figures", "stat"),
        (20, waiting_signatures, SIGN, "full"),
        (30, recent_jobs, "jobs", "full"),
        (40, contracts_in_view, "contracts", "half"),
        (50, own_capsules, OWN, "half"),
    ],
    Kind.SME: [
        (20, waiting_signatures, SIGN, "full"),
        (30, recent_jobs, "uses", "full"),
    ],
    Kind.REGULATOR: [
        (10, supervision_figures, "supervision_figures", "stat"),
        (20, stopped, "stopped", "full"),
        (30, latest_entries, "entries", "full"),
    ],
    Kind.OPERATOR: [
        (10, node_health, "nodes", "full"),
        (20, who_joined, "organisations", "half"),
        (30, latest_entries, "entries", "half"),
    ],
}
HOMES[Kind.PLATFORM] = HOMES[Kind.CODE_CENTRE]


def register_all() -> None:
    """Register every home's panels, once a process."""
    for kind, panels in HOMES.items():
        for order, selector, name, width in panels:
            register_panel(kind, order, selector, f"workspaces/panels/{name}.html", width=width)  # type: ignore[arg-type]
    register_count("compute:list", _waiting_count)
    register_count("workspaces:home", _open_work)
