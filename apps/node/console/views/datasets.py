"""Datasets of the organisation: list, upload page, quality report, quarantine, one walk-in applicant."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.core.errors import Words
from apps.node import cards, datasets, derived, roster, uploads
from apps.node.console.context import language
from apps.node.console.door import NodeRequest, quiet, tell
from apps.node.console.forms import UploadForm, WalkInForm, errors_in
from apps.node.console.words import COLUMN_KINDS, DATASET_STATES, GROUNDS
from apps.node.datasets import Dataset
from apps.node.errors import NotFound
from apps.node.roster import Act
from apps.node.uploads import PIECE
from apps.ui.exports import csv_lines, download
from apps.ui.tables import SIZES, Column, table_of_rows
from apps.ui.templatetags.ui import exact
from creditzone.kernel.documents.cards import fingerprint
from creditzone.kernel.domain import Domain, check_row, domain, sentence_of
from creditzone.kernel.intake.words import say_fault, say_note

WALK_IN_DOMAIN = "balance_sheet"
EXPORT_PAGE = 500
MOST_IN_A_WORKBOOK = 20_000


@dataclass(frozen=True)
class Line:
    """A dataset with the words a list shows about it."""

    dataset: Dataset
    domain: str
    state: Words
    tone: str


@dataclass(frozen=True)
class ColumnLine:
    """One column's quality: its name for people, how many rows are filled and valid, out of how many."""

    name: str
    label: str
    kind: Words
    level: int
    ground: Words
    filled: int
    valid: int
    rows: int

    @property
    def filled_ratio(self) -> float:
        """Share of rows that hold a value."""
        return self.filled / self.rows if self.rows else 0.0

    @property
    def valid_ratio(self) -> float:
        """Share of rows whose value passes every check."""
        return self.valid / self.rows if self.rows else 0.0


@require_safe
def listing(request: NodeRequest) -> HttpResponse:
    """All datasets at this node, newest first, and the uploads that are not complete."""
    lines = [_line(each) for each in datasets.listing(request.node, request.acting)]
    columns = [
        Column(_("Dataset"), sort="dataset.title"),
        Column(_("Domain"), sort="domain"),
        Column(_("State")),
        Column(_("Rows"), sort="dataset.rows", num=True),
        Column(_("In quarantine"), sort="dataset.quarantined", num=True),
        Column(_("Uploaded"), sort="dataset.created_at"),
    ]
    table = table_of_rows(
        lines, columns=columns, query=request.GET, default_sort="-dataset.created_at", exportable=True
    )
    if table.form:
        heads = [*table.titles, _("Digest of the sealed body")]
        return download(table.form, "datasets", _("Datasets"), heads, map(_cells, table.rows))
    return render(request, "node/datasets.html", {"table": table, **_doors(request)})


def _cells(line: Line) -> list[Any]:
    found = line.dataset
    is_counted = found.state == "measured"
    return [
        found.title,
        line.domain,
        str(line.state),
        found.rows if is_counted else None,
        found.quarantined if is_counted else None,
        exact(found.created_at),
        found.body_digest,
    ]


def _doors(request: NodeRequest) -> dict[str, Any]:
    may_upload = roster.may(request.acting, Act.UPLOAD)
    is_bank = request.node.config.kind == "bank"
    unfinished = [each for each in uploads.listing(request.node, request.acting) if each.state == "open"]
    return {"may_upload": may_upload, "may_walk_in": may_upload and is_bank, "unfinished": unfinished}


@require_http_methods(["GET", "POST"])
def upload(request: NodeRequest) -> HttpResponseBase:
    """The upload page. Its form carries no file: script sends the pieces; without script nothing is sent at all."""
    roster.require(request.acting, Act.UPLOAD)
    choices = [(each.id, each.label(language())) for each in datasets.domains(request.node)]
    form = UploadForm(request.POST if request.method == "POST" else None, domains=choices)
    context = {
        "form": form,
        "domains": [_described(each) for each in datasets.domains(request.node)],
        "piece": PIECE,
        "is_refused": request.method == "POST",
        "sealer": _sealing_elsewhere(request),
        **_doors(request),
    }
    return render(request, "node/upload.html", context, status=422 if request.method == "POST" else 200)


def _sealing_elsewhere(request: NodeRequest) -> dict[str, str]:
    """What the sealer has to be told: this node's card, and whose rows they are where a host keeps them."""
    is_firm = request.acting.organisation != request.node.organisation
    return {
        "fingerprint": fingerprint(cards.own(request.node).digest),
        "organisation": request.acting.organisation if is_firm else "",
    }


def _described(known: Domain) -> dict[str, Any]:
    columns = [
        {"column": each, "label": each.label(language()), "kind": COLUMN_KINDS[each.type]} for each in known.columns
    ]
    return {"id": known.id, "label": known.label(language()), "columns": columns}


@require_safe
def dataset(request: NodeRequest, dataset: str) -> HttpResponse:
    """What was found in a dataset: counts that add up, quality by column, the quarantine."""
    found = datasets.get(request.node, request.acting, dataset)
    context = {"line": _line(found), "dataset": found, "portal_page": f"/datasets/{found.id}/", **_doors(request)}
    context["uploaded_by"] = _name_of(request, found.uploaded_by)
    context["lineage"] = derived.lineage_of(request.node, found.id)
    context["package"] = fingerprint(found.package) if found.package else ""
    if found.state == "measured":
        context |= _quality(request, found)
    elif found.state == "refused":
        context["refusal"] = datasets.refusal_sentence(found, language())
    return render(request, "node/dataset.html", context)


@quiet
@require_safe
def dataset_state(request: NodeRequest, dataset: str) -> HttpResponse:
    """The part of a dataset's page that changes while it is checked; a finished one makes the page reload."""
    found = datasets.get(request.node, request.acting, dataset)
    response = render(request, "node/_dataset_state.html", {"line": _line(found), "dataset": found})
    if found.state in {"measured", "refused"}:
        response["HX-Refresh"] = "true"
    return response


def _quality(request: NodeRequest, found: Dataset) -> dict[str, Any]:
    known = domain(found.domain)
    columns = [
        ColumnLine(
            name=each.name,
            label=known.column(each.name).label(language()),
            kind=COLUMN_KINDS[each.kind],
            level=each.level,
            ground=GROUNDS.get(each.ground, each.ground),
            filled=each.filled,
            valid=each.valid,
            rows=found.rows,
        )
        for each in found.columns
    ]
    return {
        "columns": columns,
        "level": known.level,
        "faults": [(say_fault(code, language()), count) for code, count in found.faults],
        "notes": [(say_note(code, language()), count) for code, count in found.notes],
        "quarantine": _quarantine(request, found, known),
        "may_read_rows": roster.may(request.acting, Act.READ_ROWS),
    }


def _name_of(request: NodeRequest, person: str) -> str:
    """The name of somebody who is, or was not yet taken off, the roster; else the number."""
    names = {each.person: each.person_name for each in roster.listing(request.node, request.acting)}
    return names.get(person, person)


def _quarantine(request: NodeRequest, found: Dataset, known: Domain) -> dict[str, Any] | None:
    if not found.quarantined or not roster.may(request.acting, Act.READ_ROWS):
        return None
    size = int(request.GET["size"]) if request.GET.get("size") in {str(each) for each in SIZES} else SIZES[0]
    after = request.GET.get("after", "")
    start = int(after) if after.isdecimal() and int(after) < found.quarantined else 0
    page = datasets.quarantine(request.node, request.acting, found.id, offset=start, limit=size)
    rows = [
        {"number": row.number, "faults": list(_said(known, row.faults)), "cells": " │ ".join(row.cells)}
        for row in page.rows
    ]
    return {
        "rows": rows,
        "total": page.total,
        "first": start + 1,
        "last": start + len(rows),
        "fits_a_workbook": page.total <= MOST_IN_A_WORKBOOK,
        "next": f"?after={start + size}&size={size}#quarantine" if start + size < page.total else "",
        "begin": f"?size={size}#quarantine" if start else "",
    }


def _said(known: Domain, faults: Any) -> Iterator[tuple[str, str]]:
    for column, reason in faults:
        label = known.column(column).label(language()) if column in known.names else (column or _("the row"))
        yield label, say_fault(reason, language())


@require_safe
def quarantine_export(request: NodeRequest, dataset: str, form: str) -> HttpResponseBase:
    """The quarantine as a file: row, column, reason, and the row's cells, none of which a spreadsheet would compute.

    A long one is CSV alone, which is sent as it is read: a workbook is built in memory."""
    roster.require(request.acting, Act.READ_ROWS)
    found = datasets.get(request.node, request.acting, dataset)
    known = domain(found.domain)
    head = [_("Row"), _("Column"), _("Reason"), _("The row's cells as they came")]
    rows = _quarantined(request, found, known)
    if form == "xlsx":
        if found.quarantined > MOST_IN_A_WORKBOOK:
            raise NotFound
        return download(form, f"quarantine-{found.id}", _("Quarantine"), head, rows)
    lines = csv_lines(head, rows)
    response = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="quarantine-{found.id}.csv"'
    return response


def _quarantined(request: NodeRequest, found: Dataset, known: Domain) -> Iterator[list[str]]:
    offset = 0
    while True:
        page = datasets.quarantine(request.node, request.acting, found.id, offset=offset, limit=EXPORT_PAGE)
        for row in page.rows:
            said = list(_said(known, row.faults))
            columns, reasons = "; ".join(label for label, _r in said), "; ".join(reason for _l, reason in said)
            yield [str(row.number), columns, reasons, *row.cells]
        offset += len(page.rows)
        if not page.rows or offset >= page.total:
            return


@require_POST
def delete(request: NodeRequest, dataset: str) -> HttpResponse:
    """Delete a dataset no capsule stands on; its title must be typed."""
    found = datasets.get(request.node, request.acting, dataset)
    if request.POST.get("name", "").strip() != found.title:
        tell(request, _("Nothing was deleted: the title typed was another one."), tone="error")
        return redirect("node:dataset", dataset=dataset)
    datasets.delete(request.node, request.acting, dataset)
    tell(request, _("The dataset “%(title)s” is deleted.") % {"title": found.title})
    return redirect("node:datasets")


@require_http_methods(["GET", "POST"])
def walk_in(request: NodeRequest) -> HttpResponseBase:
    """One applicant at the counter: a dataset of one row, sealed and checked by the same road as a file."""
    roster.require(request.acting, Act.UPLOAD)
    if request.node.config.kind != "bank":
        raise NotFound
    known = domain(WALK_IN_DOMAIN)
    data = request.POST if request.method == "POST" else None
    form = WalkInForm(data, domain=known, in_english=language() == "en")
    if form.is_valid() and _is_sound(form, known):
        with errors_in(form):
            values = {name: str(form.cleaned_data[name]).strip() for name in known.names}
            title = _("Walk-in %(code)s") % {"code": values[known.key]}
            made = uploads.walk_in(request.node, request.acting, domain=known.id, title=title, values=values)
            return redirect("node:dataset", dataset=made)
    groups = _groups(form, known)
    context = {"form": form, "groups": groups, "list_url": reverse("node:datasets")}
    return render(request, "node/walk_in.html", context, status=422 if form.is_bound else 200)


def _is_sound(form: WalkInForm, known: Domain) -> bool:
    row = [str(form.cleaned_data[name]) for name in known.names]
    for fault in check_row(known, row):
        form.add_error(fault.column or None, sentence_of(fault.reason, language()))
    return form.is_valid()


def _groups(form: WalkInForm, known: Domain) -> list[tuple[str, list[Any]]]:
    """The form's fields as a person fills them in: who, then the ratios, then the authorisation."""
    who = [known.key, *(column.name for column in known.columns if column.required and column.name != known.key)]
    consent = [name for name in known.names if name.startswith("authorisation_")]
    rest = [name for name in known.names if name not in {*who, *consent}]
    titles: Mapping[str, list[str]] = {
        _("The applicant"): who,
        _("The firm's authorisation"): consent,
        _("From the balance sheet"): rest,
    }
    return [(title, [form[name] for name in names]) for title, names in titles.items() if names]


def _line(found: Dataset) -> Line:
    state, tone = DATASET_STATES[found.state]
    return Line(dataset=found, domain=domain(found.domain).label(language()), state=state, tone=tone)
