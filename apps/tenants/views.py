"""The way to one's node, one's tokens and organisations, and the operator's pages about who takes part."""

from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import msgspec
from csp.decorators import csp_update
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.core.errors import Invalid, NotFound
from apps.core.http import TenantRequest
from apps.tenants import selectors, services
from apps.tenants.forms import OrganisationForm, PersonForm, ResetForm, RoleForm, TokenForm
from apps.tenants.middleware import choose
from apps.tenants.models import Membership, Organisation, Person
from apps.tenants.roles import Capability, Kind, Role
from apps.ui.exports import download
from apps.ui.tables import Column, table_of
from apps.ui.templatetags.ui import called


@require_GET
def handover(request: TenantRequest) -> HttpResponseBase:
    """Issue a ticket and hand the browser over to the node: by a form, so that it stands in no address and no log.

    Only this page may send a form to another origin, only to this node, and only this page tells it where from.
    """
    node = selectors.organisation_by_code(request.GET.get("node", ""))
    ticket = services.issue_ticket(
        actor=request.actor, node=node, state=request.GET.get("state", ""), path=request.GET.get("path", "/")
    )
    console = selectors.console_url(node)
    if console is None:
        raise NotFound(what=_("node"))
    origin = "{0.scheme}://{0.netloc}".format(urlsplit(console))
    context = {"node": node, "action": f"{origin}/arrive/", "ticket": msgspec.json.encode(ticket).decode()}

    @csp_update({"form-action": [origin]})
    def page(request: HttpRequest) -> HttpResponse:
        return render(request, "tenants/handover.html", context)

    response = page(request)
    response["Referrer-Policy"] = "strict-origin"
    response["Cache-Control"] = "no-store"
    return response


@require_http_methods(["GET", "POST"])
def switch(request: TenantRequest) -> HttpResponse:
    """Act for another of one's own organisations."""
    members = selectors.members_of(Person.objects.get(pk=request.actor.person_id))
    if request.method == "POST":
        wanted = request.POST.get("organisation", "")
        if wanted not in {str(one.organisation_id) for one in members}:
            raise NotFound(what=_("organisation"))
        choose(request, UUID(wanted))
        return redirect("/")
    return render(request, "tenants/switch.html", {"members": members})


@require_http_methods(["GET", "POST"])
def tokens(request: TenantRequest) -> HttpResponse:
    """One's own API tokens; a new one's text is shown on the answer to its form, once."""
    form = TokenForm(request.POST or None)
    text = ""
    if form.is_valid():
        _token, text = services.issue_token(actor=request.actor, label=form.cleaned_data["label"])
        form = TokenForm()
    context = {"form": form, "tokens": selectors.tokens_of(request.actor), "text": text}
    response = render(request, "tenants/tokens.html", context, status=422 if form.is_bound else 200)
    response["Cache-Control"] = "no-store"
    return response


@require_POST
def revoke_token(request: TenantRequest, token_id: UUID) -> HttpResponse:
    """End one of one's own tokens."""
    services.revoke_token(actor=request.actor, token_id=token_id)
    messages.success(request, _("The token has ended."))
    return redirect("tenants:tokens")


@require_GET
def organisations(request: TenantRequest) -> HttpResponse:
    """Who takes part, and the state of their cards: the zone's public directory."""
    columns = [
        Column(_("Name")),
        Column(_("Kind")),
        Column(_("Unified social credit code")),
        Column(_("Node")),
        Column(_("Card")),
    ]
    found = selectors.organisations()
    table = table_of(found, columns=columns, query=request.GET, default_sort="id", exportable=True)
    if table.form:
        heads = [*table.titles[:4], _("Card's number"), _("Card's digest")]
        return download(table.form, "organisations", _("Organisations"), heads, map(_organisation_line, table.rows))
    may_add = request.actor.may(Capability.MANAGE_ORGANISATIONS)
    return render(request, "tenants/organisations.html", {"table": table, "may_add": may_add})


def _organisation_line(row: Organisation) -> list[Any]:
    node = _("hosted by %(host)s") % {"host": called(row.hosted_by)} if row.hosted_by else _("its own")
    card = row.current_cards[0] if row.current_cards else None  # type: ignore[attr-defined]
    return [
        called(row),
        str(row.get_kind_display()),
        row.uscc,
        "" if row.kind == Kind.REGULATOR else node,
        card.serial if card else "",
        card.digest if card else "",
    ]


@require_http_methods(["GET", "POST"])
def add_organisation(request: TenantRequest) -> HttpResponse:
    """Take an organisation into the zone."""
    request.actor.require(Capability.MANAGE_ORGANISATIONS)
    form = OrganisationForm(request.POST or None)
    if form.is_valid() and _carried_out(
        form, lambda: services.register_organisation(actor=request.actor, **form.cleaned_data)
    ):
        messages.success(request, _("The organisation takes part from now on."))
        return redirect("tenants:organisations")
    return _form_page(request, form, "tenants/add_organisation.html")


@require_GET
def people(request: TenantRequest) -> HttpResponse:
    """Who may sign in, where and as what."""
    request.actor.require(Capability.MANAGE_PEOPLE)
    columns = [
        Column(_("Person")),
        Column(_("Sign-in name")),
        Column(_("Organisation")),
        Column(_("Role")),
        Column(_("Acts")),
    ]
    table = table_of(selectors.memberships(), columns=columns, query=request.GET, default_sort="id", exportable=True)
    if table.form:
        heads = [*table.titles[:4], _("State"), _("Person's id")]
        return download(table.form, "people", _("People"), heads, map(_person_line, table.rows))
    return render(request, "tenants/people.html", {"table": table, "roles": Role.choices})


def _person_line(row: Membership) -> list[Any]:
    state = pgettext("membership", "open") if row.is_active else _("closed")
    person = row.person
    return [
        person.name, person.username, called(row.organisation), str(row.get_role_display()), state, str(person.id)
    ]  # fmt: skip


@require_http_methods(["GET", "POST"])
def add_person(request: TenantRequest) -> HttpResponse:
    """Add somebody with a first password."""
    request.actor.require(Capability.MANAGE_PEOPLE)
    form = PersonForm(request.POST or None)
    if form.is_valid() and _carried_out(form, lambda: services.add_person(actor=request.actor, **form.cleaned_data)):
        messages.success(request, _("They can sign in now and will be asked to enrol their second factor."))
        return redirect("tenants:people")
    return _form_page(request, form, "tenants/add_person.html")


@require_http_methods(["GET", "POST"])
def reset_sign_in(request: TenantRequest, membership_id: UUID) -> HttpResponse:
    """Let somebody who lost a factor begin anew."""
    request.actor.require(Capability.MANAGE_PEOPLE)
    membership = selectors.membership(membership_id)
    form = ResetForm(request.POST or None)
    if form.is_valid() and _carried_out(
        form,
        lambda: services.reset_sign_in(actor=request.actor, membership_id=membership_id, **form.cleaned_data),
    ):
        messages.success(request, _("They can sign in now and will be asked to enrol their second factor."))
        return redirect("tenants:people")
    context = {"form": form, "membership": membership}
    return render(request, "tenants/reset_sign_in.html", context, status=422 if form.is_bound else 200)


@require_POST
def change_role(request: TenantRequest, membership_id: UUID) -> HttpResponse:
    """Give a member another role."""
    form = RoleForm(request.POST)
    if not form.is_valid():
        raise Invalid(errors={name: [str(word) for word in words] for name, words in form.errors.items()})
    services.change_role(actor=request.actor, membership_id=membership_id, role=form.cleaned_data["role"])
    messages.success(request, _("The role has changed."))
    return redirect("tenants:people")


@require_POST
def set_active(request: TenantRequest, membership_id: UUID) -> HttpResponse:
    """Close or reopen a membership."""
    services.set_member_active(
        actor=request.actor, membership_id=membership_id, active=request.POST.get("active") == "yes"
    )
    messages.success(request, _("Done: it holds from the next request on."))
    return redirect("tenants:people")


def _carried_out(form: Any, act: Any) -> bool:
    """Run `act`; what it finds invalid lands at its field."""
    try:
        act()
    except Invalid as error:
        for name, sentences in error.errors.items():
            form.add_error(name if name in form.fields else None, [str(one) for one in sentences])
        return False
    return True


def _form_page(request: HttpRequest, form: Any, template: str) -> HttpResponse:
    return render(request, template, {"form": form}, status=422 if form.is_bound else 200)
