"""The regulator's pages: events of the ledger, jobs, and one job's trace. Each look writes its own entry."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from apps.compute import listing, pages, wording
from apps.compute.views import COLUMNS as JOB_COLUMNS
from apps.compute.views import file_of
from apps.core.http import TenantRequest
from apps.scoring import selectors as scoring
from apps.supervision import selectors, trace
from apps.supervision.acts import GROUPS
from apps.supervision.services import note_look
from apps.tenants.models import Organisation
from apps.ui.exports import download
from apps.ui.tables import Column, Table, table_of
from apps.ui.templatetags.ui import called, exact

EVENT_COLUMNS = (
    Column(gettext_lazy("When")),
    Column(gettext_lazy("Act")),
    Column(gettext_lazy("By")),
    Column(gettext_lazy("Concerns")),
    Column(gettext_lazy("About")),
    Column(gettext_lazy("Facts")),
    Column(gettext_lazy("Entry")),
)


@require_safe
def events(request: TenantRequest) -> HttpResponse:
    """The ledger's events, newest first, narrowed by act, organisation and day."""
    selectors.require_regulator(request.actor, ledger=True)
    filters = selectors.filters_of(request.GET)
    table = table_of(
        selectors.events(filters), columns=EVENT_COLUMNS, query=request.GET, default_sort="-id", exportable=True
    )
    note_look(
        actor=request.actor,
        act="events",
        subject_type="ledger",
        subject_id="events",
        facts=filters.facts() | _as_file(table),
        of=[filters.organisation] if filters.organisation else [],
    )
    rows = selectors.rows_of(table.rows)
    if table.form:
        heads = [*table.titles, _("Name of the act")]
        return download(table.form, "events", _("Events"), heads, map(_event_line, rows))
    context = {
        "table": table,
        "rows": rows,
        "groups": list(GROUPS.items()),
        "organisations": [(str(one.id), called(one)) for one in Organisation.objects.order_by("id")],
        "query": request.GET,
        "is_filtered": bool(filters.facts()),
    }
    return render(request, "supervision/events.html", context)


def _as_file(table: Table) -> dict[str, str]:
    """What a look's entry says where the list was taken as a file."""
    return {"file": table.form} if table.form else {}


def _event_line(row: selectors.EventRow) -> list[Any]:
    return [
        exact(row.entry.at),
        str(row.act),
        called(row.by) if row.by else "",
        wording.listed(called(one) for one in row.organisations),
        f"{row.entry.subject_type} {row.entry.subject_id}",
        " · ".join(f"{name} {value}" for name, value in row.facts),
        row.entry.digest,
        row.entry.act,
    ]


@require_safe
def jobs(request: TenantRequest) -> HttpResponse:
    """All jobs of the zone, newest first."""
    selectors.require_regulator(request.actor)
    filters = {name: request.GET.get(name, "").replace("\0", "")[:400] for name in ("state", "model", "title")}
    asked = {name: value for name, value in filters.items() if value}
    found = listing.jobs(request.actor, **filters)
    table = table_of(found, columns=JOB_COLUMNS, query=request.GET, default_sort="-id", exportable=True)
    facts = asked | _as_file(table)
    note_look(actor=request.actor, act="jobs", subject_type="job-list", subject_id="jobs", facts=facts)
    rows = listing.rows_of(table.rows, request.actor)
    if table.form:
        return file_of(table, rows)
    context = {
        "table": table,
        "rows": rows,
        "groups": [(name, words) for name, (words, _states) in listing.GROUPS.items()],
        "cards": [(card.digest, scoring.name_of(card)) for card in scoring.cards()],
        "filters": filters,
        "is_filtered": bool(asked),
        "language": wording.language(),
    }
    return render(request, "supervision/jobs.html", context)


@require_safe
def job(request: TenantRequest, job_id: UUID) -> HttpResponse:
    """One job from its sealed inputs to the use of its result, every proof checked while this is read."""
    found = _look(request, job_id, act="job")
    context = {
        "trace": found,
        "view": found.view,
        "step": trace.choose(found, request.GET.get("step", "")),
        "events": [step.event for step in found.steps],
        "entries": selectors.rows_of(found.entries),
        "crumbs": [(_("Jobs and receipts"), reverse("supervision:jobs"))],
        "title": _title(found),
        "receipts": f"{len(found.view.page.receipts)} / {found.view.page.receipts_expected}",
    }
    return render(request, "supervision/job.html", context)


@require_safe
def evidence(request: TenantRequest, job_id: UUID) -> HttpResponse:
    """The job's documents and entries as a file; taking it is an entry of its own."""
    found = _look(request, job_id, act="evidence")
    response = JsonResponse(trace.evidence(found), json_dumps_params={"ensure_ascii": False, "indent": 1})
    response["Content-Disposition"] = f'attachment; filename="evidence-{found.view.job.id}.json"'
    response["Cache-Control"] = "no-store"
    return response


def _look(request: TenantRequest, job_id: UUID, *, act: str) -> trace.Trace:
    """The trace, once the look stands in the ledger, where the job's parties read it."""
    selectors.require_regulator(request.actor)
    view = pages.view_of(request.actor, job_id)
    parties = [row.organisation.id for row in view.page.parties]
    facts: dict[str, Any] = {"request": view.job.digest}
    note_look(actor=request.actor, act=act, subject_type="job", subject_id=view.job.id, facts=facts, of=parties)
    return trace.trace_of(view)


def _title(found: trace.Trace) -> str:
    job = found.view.job
    kind = _("Self-enquiry") if job.subject_code else _("Joint scoring")
    return f"{kind} · {called(job.recipient)} · {exact(job.created_at)[:16]}"
