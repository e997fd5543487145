"""Pages of jobs: the list, a new one in three steps, one job with its live part, its proofs, its end."""

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any
from uuid import UUID

from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe
from django_htmx.http import HttpResponseStopPolling, reswap, retarget

from apps.compute import listing, offers, pages, selectors, services, wording
from apps.compute.drafting import compose_job
from apps.compute.forms import CancelForm, JobForm, source_field
from apps.compute.selectors import Act
from apps.core.errors import Invalid
from apps.core.http import TenantRequest
from apps.scoring import selectors as scoring
from apps.scoring.model_card import InvalidModelCard
from apps.tenants.roles import Kind
from apps.ui.exports import download
from apps.ui.tables import Column, Table, table_of
from apps.ui.templatetags.ui import called, exact
from creditzone.kernel.policy.purposes import say_purpose
from creditzone.kernel.refusals import Refused

View = Callable[..., HttpResponse]
COLUMNS = (
    Column(gettext_lazy("Job")),
    Column(gettext_lazy("State")),
    Column(gettext_lazy("Scorecard")),
    Column(gettext_lazy("Parties")),
    Column(gettext_lazy("Matched"), num=True),
    Column(gettext_lazy("Drafted")),
    Column(gettext_lazy("Ended")),
)
STEPS = (gettext_lazy("Scorecard"), gettext_lazy("Data"), gettext_lazy("Confirm in the node"))


def for_parties(name: str) -> Callable[[View], View]:
    """A regulator is led to its own page of the same thing, where each look is written to the ledger."""

    def guard(view: View) -> View:
        @wraps(view)
        def guarded(request: TenantRequest, **given: Any) -> HttpResponse:
            if request.actor.kind == Kind.REGULATOR:
                target = {"job_id": given["job_id"]} if "job_id" in given else {}
                return redirect(name, **target)
            return view(request, **given)

        return guarded

    return guard


# The list ---------------------------------------------------------------------------------------------------


@require_safe
@for_parties("supervision:jobs")
def jobs(request: TenantRequest) -> HttpResponse:
    """The jobs that the reader's organisation takes part in, newest first."""
    found = listing.jobs(request.actor, **_filters(request))
    table = table_of(
        found, columns=COLUMNS, query=request.GET, default_sort=listing.sort_of(request.actor), exportable=True
    )
    rows = listing.rows_of(table.rows, request.actor)
    if table.form:
        return file_of(table, rows)
    context = {
        "table": table,
        "rows": rows,
        "groups": [(name, words) for name, (words, _states) in listing.GROUPS.items()],
        "cards": [(card.digest, scoring.name_of(card)) for card in scoring.cards()],
        "filters": _filters(request),
        "is_filtered": any(_filters(request).values()),
        "language": wording.language(),
        "may_draft": selectors.may_draft(request.actor),
    }
    return render(request, "compute/list.html", context)


def _filters(request: TenantRequest) -> dict[str, str]:
    """What the address asks for; text that no database takes is no filter."""
    given = {name: request.GET.get(name, "") for name in ("state", "model", "title")}
    return {name: "" if "\0" in text else text[:400] for name, text in given.items()}


def file_of(table: Table, rows: Sequence[listing.JobRow]) -> HttpResponse:
    """A list of jobs as a file, the regulator's too."""
    heads = [*table.titles, _("Purpose"), _("Digest of the request")]
    return download(table.form, "jobs", _("Jobs"), heads, map(_line, rows))


def _line(row: listing.JobRow) -> list[Any]:
    job = row.job
    return [
        job.title,
        str(job.get_state_display()),
        row.card,
        wording.listed(called(one) for one in row.parties),
        row.matched,
        exact(job.created_at),
        exact(job.ended_at) if job.ended_at else "",
        say_purpose(job.purpose, wording.language()),
        job.digest,
    ]


# A new job --------------------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: TenantRequest) -> HttpResponse:
    """Steps one and two: the scorecard, then data, purpose and result form; sending it drafts the request."""
    selectors.require_role(request.actor, Act.DRAFT)
    if request.actor.kind == Kind.SME:
        return redirect("lending:credit")
    model = request.GET.get("model", "")
    if not model:
        return _choose_card(request)
    offer = offers.offer_of(request.actor, model)
    if offer.misses:
        return _choose_card(request)
    if request.method == "POST":
        return _draft(request, offer)
    form = JobForm(offer, request.GET if source_field(offer.card.domains[0]) in request.GET else None)
    return _data_page(request, offer, form)


def _choose_card(request: TenantRequest) -> HttpResponse:
    found = offers.offers(request.actor)
    rows = [(offer, _measured(offer)) for offer in found]
    return render(request, "compute/new_card.html", {"rows": rows, "steps": STEPS, "crumbs": _new_crumbs()})


def _measured(offer: offers.Offer) -> scoring.Profile | None:
    """What the card's page says of it; None where its model card is one that this version cannot read."""
    try:
        return scoring.profile(offer.registration)
    except InvalidModelCard:
        return None


def _data_page(request: TenantRequest, offer: offers.Offer, form: JobForm, status: int = 200) -> HttpResponse:
    context = {
        "offer": offer,
        "form": form,
        "steps": STEPS,
        "crumbs": _new_crumbs(),
        "checks": _checks(request, offer, form),
        "action": f"{reverse('compute:new')}?model={offer.registration.digest}",
    }
    return render(request, "compute/new_data.html", context, status=status)


def _new_crumbs() -> list[tuple[str, str]]:
    return [(_("Scoring jobs"), reverse("compute:list"))]


def _draft(request: TenantRequest, offer: offers.Offer) -> HttpResponse:
    """Draft the job; what a rule refuses stands in the check beforehand, what is wrong at its field."""
    form = JobForm(offer, request.POST)
    if form.is_valid():
        try:
            job = services.draft_job(actor=request.actor, model=offer.registration.digest, **form.wish())
            return redirect("compute:detail", job_id=job.id)
        except Refused as refused:
            form.add_error(None, refused.refusal.sentence(wording.language()))
        except Invalid as error:
            for name, sentences in error.errors.items():
                form.add_error(name if name in form.fields else None, [str(one) for one in sentences])
    return _data_page(request, offer, form, status=422)


@require_safe
def check(request: TenantRequest) -> HttpResponse:
    """The check beforehand of what stands in the form of step two, party by party."""
    selectors.require_role(request.actor, Act.DRAFT)
    offer = offers.offer_of(request.actor, request.GET.get("model", ""))
    form = JobForm(offer, request.GET)
    return render(request, "compute/_check.html", {"checks": _checks(request, offer, form), "offer": offer})


def _checks(request: TenantRequest, offer: offers.Offer, form: JobForm) -> list[dict[str, Any]]:
    """Party by party; empty while something is not chosen yet. A title is no condition of a check."""
    filled = _with_title(form, offer)
    if not filled.is_valid():
        return []
    wish = compose_job(actor=request.actor, model=offer.registration.digest, **filled.wish())
    return [
        {
            "one": one,
            "domain": wording.domain_name(one.input.domain),
            "lesson": wording.lesson(one.refusal, request.actor) if one.refusal else None,
        }
        for one in offers.checked(wish, offer, request.actor)
    ]


def _with_title(form: JobForm, offer: offers.Offer) -> JobForm:
    data = {name: form[name].value() for name in form.fields}
    return JobForm(offer, {**data, "title": data["title"] or "—"})


# One job ----------------------------------------------------------------------------------------------------


@require_safe
@for_parties("supervision:job")
def job(request: TenantRequest, job_id: UUID) -> HttpResponse:
    """One job: stages while it runs, who saw what, the sealed result, receipts, usage; or why it was refused."""
    return render(request, "compute/job.html", _context(request, job_id))


def _context(request: TenantRequest, job_id: UUID) -> dict[str, Any]:
    view = pages.view_of(request.actor, job_id)
    return {
        "view": view,
        "crumbs": pages.crumbs(request.actor),
        "facts": pages.facts(view),
        "steps": STEPS,
        "differing": pages.differing(view) if len(view.agreements) > 1 else [],
        "is_firm": request.actor.kind == Kind.SME,
        "may_draft": selectors.may_draft(request.actor),
    }


@require_safe
@for_parties("supervision:job")
def live(request: TenantRequest, job_id: UUID) -> HttpResponse:
    """The part that is asked for while a job goes on: its stages alone, or everything once something has changed.

    Answers 286 when the job is over, which ends the asking."""
    context = _context(request, job_id)
    view: pages.View = context["view"]
    has_changed = request.GET.get("seen", "") != view.mark
    response = render(request, "compute/_job.html" if has_changed else "compute/_live.html", context)
    if view.job.is_final:
        response = HttpResponseStopPolling(response.content)
    return reswap(retarget(response, "#job"), "outerHTML") if has_changed else response


@require_safe
@for_parties("supervision:job")
def verify(request: TenantRequest, job_id: UUID) -> HttpResponse:
    """Check every receipt's signature again, now, and say what that proves."""
    view = pages.view_of(request.actor, job_id)
    context = {"view": view, "proofs": pages.proofs(view), "crumbs": _job_crumbs(request, view)}
    return render(request, "compute/_verified.html" if request.htmx else "compute/verify.html", context)


def _job_crumbs(request: TenantRequest, view: pages.View) -> list[tuple[Any, str]]:
    return [*pages.crumbs(request.actor), (view.job.title, reverse("compute:detail", args=[view.job.id]))]


@require_safe
@for_parties("supervision:job")
def receipts(request: TenantRequest, job_id: UUID) -> HttpResponse:
    """The signed receipts as a file."""
    view = pages.view_of(request.actor, job_id)
    response = JsonResponse(pages.receipts_json(view), json_dumps_params={"ensure_ascii": False, "indent": 1})
    response["Content-Disposition"] = f'attachment; filename="receipts-{view.job.id}.json"'
    return response


@require_safe
@for_parties("supervision:job")
def sheet(request: TenantRequest, job_id: UUID) -> HttpResponse:
    """The job on paper: whole digests, no acts."""
    context = _context(request, job_id)
    context["proofs"] = pages.proofs(context["view"])
    return render(request, "compute/print.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def cancel(request: TenantRequest, job_id: UUID) -> HttpResponse:
    """Say what cancelling does and ask why; then do it."""
    found = selectors.get_for(request.actor, job_id, to=Act.CANCEL)
    if found.is_final and request.method != "POST":
        return redirect("compute:detail", job_id=job_id)
    form = CancelForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        services.cancel_job(actor=request.actor, job_id=job_id, reason=form.cleaned_data["reason"])
        return redirect("compute:detail", job_id=job_id)
    context = {"job": found, "form": form, "crumbs": _cancel_crumbs(request, found), "is_out": found.state in found.OUT}
    return render(request, "compute/cancel.html", context, status=422 if form.is_bound else 200)


def _cancel_crumbs(request: TenantRequest, found: Any) -> list[tuple[Any, str]]:
    return [*pages.crumbs(request.actor), (found.title, reverse("compute:detail", args=[found.id]))]
