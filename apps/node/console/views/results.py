"""Results: sealed until a person opens one; then shown, exported, and taken into the portal's file by an act."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from apps.core.errors import Words
from apps.node import derived, exports, results, roster
from apps.node.console import count_pages
from apps.node.console.context import language
from apps.node.console.door import POLLS_AT_MOST, NodeRequest, polls, tell
from apps.node.console.forms import BindingForm, errors_in
from apps.node.console.words import DISCLOSURES, DROPPED, RESULT_STATES
from apps.node.counts import OpenedCount
from apps.node.results import OpenedResult, Result, ResultRow
from apps.node.roster import Act
from apps.ui import charts
from apps.ui.charts import Chart
from apps.ui.exports import TYPES, download
from apps.ui.tables import Column, Table, table_of_rows
from apps.ui.templatetags.ui import exact
from creditzone.kernel.credit.reasons import REASONS
from creditzone.kernel.documents import Scorecard
from creditzone.kernel.domain import domain
from creditzone.kernel.refusals import Refusal


@dataclass(frozen=True)
class Line:
    """A result with the words a list shows about it."""

    result: Result
    model: str
    state: Words
    tone: str


@dataclass(frozen=True)
class RowLine:
    """A row of a result with what its table shows about it."""

    row: ResultRow
    tone: str
    decision: Words
    reasons: list["Reason"]


@dataclass(frozen=True)
class Reason:
    """Why a grade is not better: a feature that earned fewer points than usual, and who holds it."""

    code: str
    provider: str
    label: str


@require_safe
def listing(request: NodeRequest) -> HttpResponse:
    """All results that came to this organisation, newest first."""
    lines = [_line(each) for each in results.listing(request.node, request.acting)]
    columns = [
        Column(_("Job"), sort="result.title"),
        Column(_("Scorecard"), sort="model"),
        Column(_("State")),
        Column(_("Firms"), num=True),
        Column(_("Received"), sort="result.received_at"),
        Column(_("Taken into files"), num=True),
    ]
    table = table_of_rows(
        lines, columns=columns, query=request.GET, default_sort="-result.received_at", exportable=True
    )
    if table.form:
        return download(table.form, "results", _("Results"), table.titles, map(_cells, table.rows))
    return render(request, "node/results.html", {"table": table})


def _cells(line: Line) -> list[Any]:
    found = line.result
    return [found.title, line.model, str(line.state), found.rows, exact(found.received_at), found.taken]


@require_safe
def result(request: NodeRequest, job: str) -> HttpResponse:
    """One result: sealed with the way to open it, or open in this sign-in with picture, table and acts."""
    found = results.get(request.node, request.acting, job)
    opened = _opened(request, job)
    if opened is None:
        return _sealed(request, found, form=_open_form(request))
    if isinstance(opened, OpenedCount):
        return render(request, "node/result_count.html", count_pages.shown(request, _line(found), opened))
    if _is_firm(request):
        return render(request, "node/result_own.html", _own(request, found, opened))
    return render(request, "node/result.html", _shown(request, found, opened))


@require_POST
def open_result(request: NodeRequest, job: str) -> HttpResponseBase:
    """Open a sealed result in this node; that it was opened, and by whom, is recorded and told to the portal."""
    form = _open_form(request, request.POST)
    if form.is_valid():
        with errors_in(form):
            opened = results.open_result(request.node, request.acting, job, passphrase=form.passphrase)
            if request.signed_in is not None:
                request.signed_in.keep(opened)
            return redirect("node:result", job=job)
    return _sealed(request, results.get(request.node, request.acting, job), form=form)


@require_POST
def take(request: NodeRequest, job: str) -> HttpResponseBase:
    """Take the chosen grades into the organisation's file at the portal; who sees them there stands at the button."""
    opened = _opened(request, job)
    if not isinstance(opened, OpenedResult):
        tell(request, _("Open the result first."), tone="warning")
        return redirect("node:result", job=job)
    subjects = None if "all" in request.POST else request.POST.getlist("subject")
    if subjects == []:
        tell(request, _("No firm was chosen."), tone="warning")
        return redirect("node:result", job=job)
    taken = results.take_grades(request.node, request.acting, opened, subjects=subjects)
    said = ngettext("%(n)s grade goes into the portal's file.", "%(n)s grades go into the portal's file.", taken)
    tell(request, said % {"n": f"{taken:,}"})
    return redirect("node:result", job=job)


@require_POST
def make_input(request: NodeRequest, job: str) -> HttpResponseBase:
    """Make a dataset of the opened result, so that a later job can use it under its sources' policies."""
    opened = _opened(request, job)
    if not isinstance(opened, OpenedResult):
        tell(request, _("Open the result first."), tone="warning")
        return redirect("node:result", job=job)
    dataset = derived.make_dataset(request.node, request.acting, opened)
    return redirect("node:dataset", dataset=dataset)


@require_safe
def export(request: NodeRequest, job: str, form: str) -> HttpResponseBase:
    """The open result as a file; text stays text in every spreadsheet."""
    opened = _opened(request, job)
    if opened is None:
        return redirect("node:result", job=job)
    body = (exports.csv_bytes if form == "csv" else exports.xlsx_bytes)(opened, language())
    response = HttpResponse(body, content_type=TYPES[form])
    response["Content-Disposition"] = f'attachment; filename="result-{job}.{form}"'
    return response


def _opened(request: NodeRequest, job: str) -> OpenedResult | OpenedCount | None:
    """The result if it was opened during this sign-in and the roster still lets this person read it."""
    roster.require(request.acting, Act.OPEN_RESULT)
    if request.signed_in is None or results.get(request.node, request.acting, job).state == "deleted":
        return None
    return request.signed_in.opened.get(job)


def _is_firm(request: NodeRequest) -> bool:
    return request.acting.organisation != request.node.organisation


def _open_form(request: NodeRequest, data: object = None) -> BindingForm:
    return BindingForm(data, needs_code=False, needs_passphrase=_is_firm(request))


def _sealed(request: NodeRequest, found: Result, *, form: BindingForm) -> HttpResponse:
    polled = polls(request)
    context = {
        "line": _line(found),
        "result": found,
        "why": Refusal(found.why).sentence("zh" if language().startswith("zh") else "en") if found.why else "",
        "form": form,
        "polled": polled + 1,
        "is_polling": found.state == "waiting" and polled < POLLS_AT_MOST,
        "may_open": roster.may(request.acting, Act.OPEN_RESULT),
    }
    return render(request, "node/result_sealed.html", context, status=422 if form.is_bound else 200)


def _shown(request: NodeRequest, found: Result, opened: OpenedResult) -> dict[str, Any]:
    wanted = request.GET.get("q", "").strip().upper()
    grade = request.GET.get("grade", "")
    rows = [row for row in opened.rows if wanted in row.uscc and grade in {"", row.grade}]
    return {
        "line": _line(found),
        "result": found,
        "opened": opened,
        "table": _table(request, opened, rows),
        "chart": _chart(opened) if opened.distribution else None,
        "card_name": _card_name(opened.scorecard),
        "disclosures": [DISCLOSURES[each] for each in opened.disclosures],
        "q": wanted,
        "grade": grade,
        "firms": len(opened.rows),
        "unmatched": len(opened.unmatched),
        "dropped": _dropped(opened),
        "may_take": roster.may(request.acting, Act.TAKE_GRADES) and "grade" in _columns_of(opened),
        "shows": _columns_of(opened),
        "made": derived.dataset_of(request.node, opened.job),
        "may_make": roster.may(request.acting, Act.UPLOAD),
    }


def _columns_of(opened: OpenedResult) -> set[str]:
    given = set(opened.disclosures)
    return given | {"grade"} if given & {"reasons", "score"} and any(row.grade for row in opened.rows) else given


def _table(request: NodeRequest, opened: OpenedResult, rows: Sequence[ResultRow]) -> Table:
    shows = _columns_of(opened)
    columns = [Column(_("Choose")), Column(_("Unified social credit code"), sort="uscc")]
    if "grade" in shows:
        columns.append(Column(_("Score grade"), sort="band"))
    if "decision" in shows:
        columns.append(Column(_("Decision")))
    if "score" in shows:
        columns.append(Column(_("Score"), sort="score", num=True))
    if "reasons" in shows:
        columns.append(Column(_("Reasons")))
    columns.append(Column(_("Registration")))
    default = "-band" if "grade" in shows else "uscc"
    table = table_of_rows(rows, columns=columns, query=request.GET, default_sort=default)
    return replace(table, rows=[_row_line(request, opened, row) for row in table.rows])


def _row_line(request: NodeRequest, opened: OpenedResult, row: ResultRow) -> RowLine:
    decision: Words = ""
    if row.decision is not None:
        decision = _("above the line") if row.decision else _("below the line")
    return RowLine(row=row, tone=_tone(opened, row), decision=decision, reasons=_reasons(request, opened, row))


def _tone(opened: OpenedResult, row: ResultRow) -> str:
    """Green for the best third of the card's grades, red for the worst."""
    if row.grade not in opened.grades:
        return ""
    place = list(opened.grades).index(row.grade) / len(opened.grades)
    return "good" if place < 1 / 3 else "bad" if place >= 2 / 3 else ""


def _chart(opened: OpenedResult) -> Chart:
    counts = dict(opened.distribution)
    total = sum(counts.values())
    most = max(counts, key=lambda name: counts[name])
    caption = _("%(total)s firms by score grade, best on the left; most of them, %(most)s, have %(grade)s.") % {
        "total": f"{total:,}",
        "most": f"{counts[most]:,}",
        "grade": most,
    }
    return charts.bars(
        labels=[grade for grade in opened.grades if grade in counts],
        values=[counts[grade] for grade in opened.grades if grade in counts],
        x_title=_("Score grade"),
        y_title=_("Number of firms"),
        caption=caption,
    )


def _own(request: NodeRequest, found: Result, opened: OpenedResult) -> dict[str, Any]:
    """A firm's own result: one grade on the ladder, what it rests on, what stays hidden."""
    row = next((each for each in opened.rows if each.uscc == request.acting.organisation), None)
    return {
        "line": _line(found),
        "result": found,
        "opened": opened,
        "row": row,
        "reasons": _reasons(request, opened, row) if row else [],
        "bands": _bands(opened.scorecard, row),
        "parts": _parts(request, opened.scorecard),
        "card_name": _card_name(opened.scorecard),
        "disclosures": [DISCLOSURES[each] for each in opened.disclosures],
    }


def _bands(card: Scorecard, row: ResultRow | None) -> list[dict[str, Any]]:
    """The card's grades with the totals they stand for, best first."""
    bounds: list[int | None] = [None, *card.cuts, None]
    bands = [
        {
            "grade": grade,
            "least": bounds[at],
            "below": bounds[at + 1],
            "top": (bounds[at + 1] or 0) - 1,
            "is_own": row is not None and row.grade == grade,
        }
        for at, grade in enumerate(card.grades)
    ]
    return bands[::-1]


def _parts(request: NodeRequest, card: Scorecard) -> list[dict[str, Any]]:
    """How much of the total each domain can decide: least and most points of its features."""
    parts = []
    for name in card.domains:
        features = [each for each in card.features if each.domain == name]
        points = [[bin.points for bin in each.bins] + [each.missing] for each in features]
        parts.append(
            {
                "domain": domain(name).label(language()),
                "features": [each.label_en if language() == "en" else each.label for each in features],
                "least": sum(min(each) for each in points),
                "most": sum(max(each) for each in points),
            }
        )
    return parts


def _reasons(request: NodeRequest, opened: OpenedResult, row: ResultRow) -> list[Reason]:
    return [
        Reason(
            code=code,
            provider=request.node.name_of(provider, language()),
            label=REASONS[code].sentence(language()) if code in REASONS else code,
        )
        for provider, code in row.reasons
    ]


def _dropped(opened: OpenedResult) -> list[tuple[Words, int]]:
    counts = Counter(reason for _uscc, reason in opened.dropped)
    return [(DROPPED.get(reason, reason), count) for reason, count in sorted(counts.items())]


def _card_name(card: Scorecard) -> str:
    name = card.name_en if language() == "en" else card.name
    best, worst = card.grades[-1], card.grades[0]
    return _("%(name)s v%(version)s (%(best)s to %(worst)s)") % {
        "name": name,
        "version": card.version,
        "best": best,
        "worst": worst,
    }


def _line(found: Result) -> Line:
    state, tone = RESULT_STATES["opened" if found.opened_at and found.state == "sealed" else found.state]
    return Line(result=found, model=found.model_name(language()), state=state, tone=tone)
