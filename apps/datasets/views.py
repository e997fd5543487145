"""Pages of datasets: what the owner's node published. Rows and quarantine stay at the node, one link away."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from apps.core.http import TenantRequest
from apps.datasets import selectors, wording
from apps.datasets.models import Dataset
from apps.datasets.selectors import Act
from apps.exchange.links import node_url
from apps.ui.exports import download
from apps.ui.tables import Column, table_of
from apps.ui.templatetags.ui import exact

COLUMNS = (
    Column(gettext_lazy("Dataset"), "title"),
    Column(gettext_lazy("Data domain"), "domain"),
    Column(gettext_lazy("Firms in the file"), "rows", num=True),
    Column(gettext_lazy("Accepted"), "accepted", num=True),
    Column(gettext_lazy("In quarantine"), "quarantined", num=True),
    Column(gettext_lazy("Level")),
    Column(gettext_lazy("Checked"), "measured_at"),
)


@require_safe
def datasets(request: TenantRequest) -> HttpResponse:
    """The organisation's own datasets, newest first."""
    table = table_of(_found(request), columns=COLUMNS, query=request.GET, default_sort="-id", exportable=True)
    if table.form:
        heads = [*table.titles, _("Digest of the sealed body")]
        return download(table.form, "datasets", _("Datasets"), heads, map(_line, table.rows))
    may_upload = request.actor.role in selectors.UPLOADERS
    context = {
        "table": table,
        "rows": [(one, wording.domain_name(one.domain), wording.level_of(one)) for one in table.rows],
        "title_filter": _title(request),
        "upload_url": node_url(request.actor, "/datasets/upload/") if may_upload else "",
        "node_url": node_url(request.actor, "/datasets/"),
    }
    return render(request, "datasets/list.html", context)


def _title(request: TenantRequest) -> str:
    """The part of a title that the address asks for; text that no database takes is no filter."""
    text = request.GET.get("title", "")[:400]
    return "" if "\0" in text else text.strip()


def _found(request: TenantRequest) -> Any:
    title = _title(request)
    found = selectors.owned(request.actor)
    return found.filter(title__icontains=title) if title else found


def _line(dataset: Dataset) -> list[Any]:
    return [
        dataset.title,
        wording.domain_name(dataset.domain),
        dataset.rows,
        dataset.accepted,
        dataset.quarantined,
        wording.level_of(dataset),
        exact(dataset.measured_at),
        dataset.body_digest,
    ]


@require_safe
def dataset(request: TenantRequest, dataset_id: UUID) -> HttpResponse:
    """One dataset: counts that add up, each column's quality, why rows are in quarantine, its digest."""
    found = selectors.get_for(request.actor, dataset_id, to=Act.READ)
    is_own = found.owner == request.actor.organisation_id
    context = {
        "dataset": found,
        "domain": wording.domain_name(found.domain),
        "level": wording.level_of(found),
        "columns": wording.named_columns(found),
        "faults": wording.said_faults(found),
        "node_url": node_url(request.actor, f"/datasets/{found.id}/") if is_own else None,
        "capsule": found.capsules.first(),
        "may_draft": is_own and request.actor.role in selectors.MAY[Act.DRAFT_POLICY],
        "crumbs": [(_("Datasets"), reverse("datasets:list"))],
    }
    return render(request, "datasets/detail.html", context)
