"""Pages of a bank's file of grades, and of a firm's own credit."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from apps.compute.services import draft_enquiry
from apps.contracts.services import withdraw_authorisation
from apps.core.errors import Invalid
from apps.core.http import TenantRequest
from apps.lending import credit, files
from apps.lending.forms import AskForm, AuthoriseForm
from apps.tenants.roles import Role
from apps.ui.exports import download
from apps.ui.tables import Column, table_of
from apps.ui.templatetags.ui import exact

COLUMNS = (
    Column(gettext_lazy("Firm"), "subject_code"),
    Column(gettext_lazy("Score grade"), "grade"),
    Column(gettext_lazy("Scorecard")),
    Column(gettext_lazy("Job")),
    Column(gettext_lazy("Taken by")),
    Column(gettext_lazy("Taken at"), "taken_at"),
)


# A bank's file ----------------------------------------------------------------------------------------------


@require_safe
def file(request: TenantRequest) -> HttpResponse:
    """The grades that officers took into the file, each an explicit act at their node."""
    filters = _filters(request)
    found = files.grades(request.actor, **filters)
    table = table_of(found, columns=COLUMNS, query=request.GET, default_sort="-id", exportable=True)
    rows = files.rows_of(table.rows)
    if table.form:
        heads = [_("Unified social credit code"), *table.titles]
        return download(table.form, "grades", _("Loan files"), heads, map(_line, rows))
    context = {
        "table": table,
        "rows": rows,
        "filters": filters,
        "is_filtered": any(filters.values()),
    }
    return render(request, "lending/file.html", context)


def _line(row: files.FileRow) -> list[Any]:
    taken = row.taken
    return [taken.subject_code, row.firm, taken.grade, row.card, taken.job.title, row.person, exact(taken.taken_at)]


def _filters(request: TenantRequest) -> dict[str, str]:
    """What the address asks for; what cannot be a code, a grade or a job is no filter."""
    given = {name: request.GET.get(name, "")[:60] for name in ("q", "job", "grade")}
    try:
        given["job"] = str(UUID(given["job"])) if given["job"] else ""
    except ValueError:
        given["job"] = ""
    return {name: "" if "\0" in text else text.strip() for name, text in given.items()}


# A firm's credit --------------------------------------------------------------------------------------------


@require_safe
def my_credit(request: TenantRequest) -> HttpResponse:
    """The way to one's own grade, who used one's data, and what one authorised."""
    return _credit_page(request, AskForm())


def _credit_page(
    request: TenantRequest, form: AskForm, authorise_form: AuthoriseForm | None = None, status: int = 200
) -> HttpResponse:
    found = credit.credit_of(request.actor)
    context: dict[str, Any] = {
        "credit": found,
        "form": form,
        "authorise_form": authorise_form or AuthoriseForm(),
        "say": _say(found),
        "kinds": credit.facts_of_kinds(),
        "impacts": [
            _("You sign the withdrawal in your node; it goes to each provider named, whose node refuses from then on."),
            _("Nothing new is computed under it; an enquiry that is waiting is refused, one that runs is ended."),
            _("What was computed before stays with whom it was sealed to."),
        ],
        "may_ask": request.actor.role in {Role.OWNER, Role.OFFICER},
    }
    return render(request, "lending/credit.html", context, status=status)


def _say(found: credit.Credit) -> str:
    if found.latest:
        return _("Your grade of %(when)s is sealed to you and opens in your node; the portal does not have it.") % {
            "when": exact(found.latest.job.ended_at)
        }
    if found.waiting:
        return _("An enquiry about your firm is on its way.")
    return _("You have not asked for your grade yet. Nobody can see one here, the portal least of all.")


@require_POST
def ask(request: TenantRequest) -> HttpResponse:
    """Draft the enquiry about oneself: authorisation and request, both to be signed in the own node."""
    credit.require_firm(request.actor)
    form = AskForm(request.POST)
    disclosures = ["grade", "reasons"] if form.is_valid() and form.cleaned_data["reasons"] else ["grade"]
    card = credit.require_public_card()
    try:
        job = draft_enquiry(actor=request.actor, model=card.digest, disclosures=disclosures)  # type: ignore[arg-type]
    except Invalid as error:
        form.add_error(None, error.words)
        return _credit_page(request, form, status=422)
    return redirect("compute:detail", job_id=job.id)


@require_POST
def authorise(request: TenantRequest) -> HttpResponse:
    """Draft an authorisation for a bank, to be signed in the own node."""
    credit.require_firm(request.actor)
    form = AuthoriseForm(request.POST)
    if not form.is_valid():
        return _credit_page(request, AskForm(), form, status=422)
    credit.authorise(request.actor, **form.cleaned_data)
    messages.info(request, _("The authorisation is drafted. It holds once you have signed it in your node."))
    return redirect(f"{reverse('lending:credit')}#authorisations")


@require_POST
def withdraw(request: TenantRequest, authorisation_id: UUID) -> HttpResponse:
    """Withdraw an authorisation: one in force by the firm's signature in its node, one that is unsigned at once."""
    credit.require_firm(request.actor)
    found = withdraw_authorisation(actor=request.actor, authorisation_id=authorisation_id)
    if found.state == found.State.WITHDRAWN:
        messages.success(request, _("Taken back before it was signed: nothing was ever permitted by it."))
    else:
        messages.info(request, _("The withdrawal is drafted. It holds once you have signed it in your node."))
    return redirect(f"{reverse('lending:credit')}#authorisations")
