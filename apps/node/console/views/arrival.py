"""How a person comes in: a ticket from the portal, the nonce of this browser, the node's own factor."""

from django.conf import settings
from django.http import HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.node import roster, tickets
from apps.node.console.door import (
    COOKIE,
    NONCE_COOKIE,
    PENDING_COOKIE,
    NodeRequest,
    before_factor,
    drop_cookie,
    give_factor,
    open_to_all,
    own_path,
    refusal,
    set_cookie,
)
from apps.node.console.forms import CodeForm, errors_in
from apps.node.console.signins import PENDING_MS, SIGN_INS
from apps.ui.origin import from_elsewhere


@csrf_exempt
@from_elsewhere
@open_to_all
@require_POST
def arrive(request: NodeRequest) -> HttpResponseBase:
    """Take the portal's ticket. The one place where a form of another origin is answered: the portal's, no other."""
    if request.headers.get("Origin", "").lower() != settings.PORTAL_URL.lower():
        return refusal(
            request,
            status=403,
            code="foreign-origin",
            title=_("Not sent by the portal"),
            sentence=_("Tickets are taken from the portal's hand-over page only."),
        )
    arrival = tickets.receive(request.node, request.POST.get("ticket", ""))
    response = redirect("node:arrived")
    response.status_code = 303
    set_cookie(response, PENDING_COOKIE, SIGN_INS.arrive(arrival), seconds=PENDING_MS // 1000)
    return response


@open_to_all
@require_safe
def arrived(request: NodeRequest) -> HttpResponseBase:
    """Compare the ticket's state with this browser's nonce, which only now arrives with the request."""
    arrival = SIGN_INS.claim(request.COOKIES.get(PENDING_COOKIE, ""))
    if arrival is None:
        return refusal(
            request,
            status=403,
            code="no-arrival",
            title=_("Nobody arrived here"),
            sentence=_("No ticket waits in this browser, or it waited too long."),
            again="/",
        )
    tickets.require_match(arrival, request.COOKIES.get(NONCE_COOKIE, ""))
    if _is_in_already(request, arrival):
        response: HttpResponseBase = redirect(own_path(arrival.path))
        drop_cookie(response, PENDING_COOKIE)
        return response
    SIGN_INS.end(request.cookie)
    response = redirect(reverse("node:factor", query={"next": arrival.path}))
    set_cookie(response, COOKIE, SIGN_INS.begin(arrival))
    drop_cookie(response, PENDING_COOKIE)
    return response


def _is_in_already(request: NodeRequest, arrival: tickets.Arrival) -> bool:
    """A second page of somebody who is signed in here: the live sign-in goes on."""
    here = request.signed_in
    return (
        here is not None
        and here.factor_at is not None
        and (here.person, here.organisation) == (arrival.person, arrival.organisation)
    )


@before_factor
@require_http_methods(["GET", "POST"])
def factor(request: NodeRequest) -> HttpResponseBase:
    """Ask this node's own one-time code, once a sign-in and again where something binds."""
    wanted = own_path(request.GET.get("next", "/"))
    form = CodeForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        with errors_in(form):
            give_factor(request, form.cleaned_data["code"])
            return HttpResponseRedirect(wanted)
    context = {
        "form": form,
        "next": wanted,
        "is_enrolled": _has_factor(request),
    }
    return render(request, "node/factor.html", context, status=422 if form.is_bound else 200)


def _has_factor(request: NodeRequest) -> bool:
    own = [each for each in roster.listing(request.node, request.acting) if each.person == request.acting.person]
    return any(each.factor == "enrolled" for each in own)


@before_factor
@require_POST
def leave(request: NodeRequest) -> HttpResponse:
    """End the sign-in at this node."""
    SIGN_INS.end(request.cookie)
    response = HttpResponseRedirect(settings.PORTAL_URL)
    drop_cookie(response, COOKIE)
    return response
