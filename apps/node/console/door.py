"""The console's door: who a request comes from, which pages need what of them, and what a refusal looks like.

Every page demands a live sign-in unless its view says otherwise; the exceptions stand at the views themselves
(`@open_to_all`, `@before_factor`). The roster is read again at each request.
"""

import re
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any, TypeVar
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from apps.core.errors import DomainError
from apps.node import factors, roster, tickets
from apps.node.console.forms import BindingForm
from apps.node.console.signins import SIGN_INS, Said, SignIn
from apps.node.errors import NodeError, PasskeyAsked
from apps.node.node import Node, open_node
from creditzone.kernel.documents import now_ms
from creditzone.kernel.sm import sm3

COOKIE = "__Host-node"
NONCE_COOKIE = "__Host-nonce"
PENDING_COOKIE = "__Host-arrived"
NONCE_SECONDS = 600
NONCE = re.compile(r"[A-Za-z0-9_-]{43}")
POLLS_AT_MOST = 60
MACHINES = ("/api/", "/uploads/", "/ceremony/")
"""Paths that answer with problem documents instead of pages."""

View = TypeVar("View", bound=Callable[..., HttpResponseBase])


class NodeRequest(HttpRequest):
    """A request past the door: the node, the sign-in and what the roster says about it."""

    node: Node
    cookie: str
    signed_in: SignIn | None
    acting: roster.Acting
    fresh_cookie: str
    htmx: Any


def open_to_all(view: View) -> View:
    """Mark a view that needs no sign-in: health, arrival, language."""
    view.is_open = True  # type: ignore[attr-defined]
    return view


def before_factor(view: View) -> View:
    """Mark a view for those who arrived with a ticket and have not given the node's factor yet."""
    view.is_before_factor = True  # type: ignore[attr-defined]
    return view


def quiet(view: View) -> View:
    """Mark a view that pages poll by themselves: it keeps no sign-in alive."""
    view.is_quiet = True  # type: ignore[attr-defined]
    return view


@cache
def the_node() -> Node:
    """This console's node, opened once a process."""
    return open_node(settings.NODE_HOME)


class DoorMiddleware:
    """Resolve the sign-in, send strangers to the portal, turn refusals into pages or problem documents."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: NodeRequest) -> HttpResponseBase:
        request.node = the_node()
        request.cookie = request.COOKIES.get(COOKIE, "")
        request.signed_in = SIGN_INS.find(request.cookie, is_life=False)
        request.fresh_cookie = ""
        if request.content_type == "multipart/form-data":
            response: HttpResponseBase = refusal(
                request,
                status=415,
                code="multipart",
                title=_("Files are not taken this way"),
                sentence=_(
                    "A form that carries a file would be written to disk in plain text on its way. "
                    "This node takes files in sealed pieces only; that needs JavaScript in your browser."
                ),
            )
        else:
            response = self.get_response(request)
        if request.fresh_cookie:
            set_cookie(response, COOKIE, request.fresh_cookie)
        response.headers.setdefault("Cache-Control", "no-store")
        return response

    def process_view(
        self, request: NodeRequest, view: Callable[..., Any], _args: Any, _kwargs: Any
    ) -> HttpResponseBase | None:
        """Let in whoever may see this page; everybody else is told where to go."""
        if getattr(view, "is_open", False):
            return None
        is_life = not getattr(view, "is_quiet", False)
        request.signed_in = signed_in = SIGN_INS.find(request.cookie, is_life=is_life)
        wanted = request.GET.get("person", "")
        if signed_in is None or (wanted and wanted != signed_in.person):
            return _sign_in_first(request)
        try:
            request.acting = _acting(request, signed_in)
        except NodeError as error:
            return self.process_exception(request, error)
        if signed_in.factor_at is None and not getattr(view, "is_before_factor", False):
            return _factor_first(request)
        return None

    def process_exception(self, request: NodeRequest, error: Exception) -> HttpResponseBase | None:
        """A refusal in the field's own terms becomes a page, or a problem document for machines."""
        if isinstance(error, PasskeyAsked) and request.acting.asks:
            return JsonResponse(error.question)
        if isinstance(error, NodeError):
            language = get_language() or "zh-hans"
            return refusal(
                request,
                status=error.status,
                code=error.code,
                title="",
                sentence=error.sentence(language),
                remedy=error.remedy(language),
                facts=error.facts,
            )
        if isinstance(error, DomainError):
            return refusal(
                request,
                status=error.status,
                code=error.code,
                title=str(error.title),
                sentence=error.words,
                remedy=error.advice,
            )
        return None


def _acting(request: NodeRequest, signed_in: SignIn) -> roster.Acting:
    """The person as the roster has it, with what its authenticator answered: the script asks first, then sends that."""
    found = roster.acting(
        request.node,
        person=signed_in.person,
        organisation=signed_in.organisation,
        factor_at=signed_in.factor_at or 0,
    )
    return replace(found, answer=request.POST.get("answer", ""), asks=request.headers.get("X-Passkey") == "ask")


def _sign_in_first(request: NodeRequest) -> HttpResponseBase:
    if is_machine(request):
        return refusal(
            request,
            status=401,
            code="not-signed-in",
            title=_("Nobody is signed in"),
            sentence=_("Sign in at this node first: begin at one of its pages."),
        )
    if request.method not in {"GET", "HEAD"}:
        return refusal(
            request,
            status=401,
            code="not-signed-in",
            title=_("Your sign-in at this node has ended"),
            sentence=_("Nothing was done. Sign in again and repeat what you were about to do."),
            again=reverse("node:home"),
        )
    if request.headers.get("HX-Request"):
        return HttpResponse(status=204, headers={"HX-Refresh": "true"})
    return hand_over(request)


def _factor_first(request: NodeRequest) -> HttpResponseBase:
    if is_machine(request) or request.method not in {"GET", "HEAD"}:
        return refusal(
            request,
            status=401,
            code="factor-missing",
            title=_("Your one-time code is missing"),
            sentence=_("Give this node's one-time code first."),
            again=reverse("node:factor"),
        )
    query = urlencode({"next": request.get_full_path()})
    return HttpResponseRedirect(f"{reverse('node:factor')}?{query}")


def hand_over(request: NodeRequest) -> HttpResponseRedirect:
    """Send the browser to the portal for a ticket; the nonce stays here, its digest goes along as `state`.

    Two pages opened at once share one nonce, or the first to come back would find it replaced."""
    nonce = request.COOKIES.get(NONCE_COOKIE, "")
    beginning = tickets.Beginning(nonce, sm3.digest(nonce.encode())) if NONCE.fullmatch(nonce) else tickets.begin()
    query = request.GET.copy()
    query.pop("person", None)
    path = request.path + (f"?{query.urlencode()}" if query else "")
    wanted = {"node": request.node.config.organisation, "state": beginning.state, "path": path[:400]}
    response = HttpResponseRedirect(f"{settings.PORTAL_URL}/handover/?{urlencode(wanted)}")
    set_cookie(response, NONCE_COOKIE, beginning.nonce, seconds=NONCE_SECONDS)
    return response


def give_factor(request: NodeRequest, code: str) -> None:
    """Check the node's one-time code and act with it from here on; raises FactorWrong or FactorLocked."""
    person, organisation = request.acting.person, request.acting.organisation
    factor_at = factors.check(request.node, person=person, organisation=organisation, code=code)
    request.cookie = request.fresh_cookie = SIGN_INS.confirm_factor(request.cookie, factor_at=factor_at)
    request.signed_in = SIGN_INS.find(request.cookie, is_life=True)
    request.acting = replace(request.acting, factor_at=factor_at)


def take_code(request: NodeRequest, form: BindingForm) -> None:
    """Use the form's code if it asked for one. Once it counted it is not asked for again if the act then fails."""
    if form.code:
        give_factor(request, form.code)
        form.fields.pop("code", None)


def needs_code(request: NodeRequest) -> bool:
    """Whether what binds asks for a fresh one-time code, at a node where one binds: not of whoever uses a passkey."""
    acting, by_code = request.acting, request.node.config.one_time_codes_bind
    is_stale = now_ms() - acting.factor_at > roster.FRESH_MS
    return by_code and is_stale and not (acting.asks or acting.answer)


def tell(request: NodeRequest, words: str, *, tone: str = "success") -> None:
    """Say something on the next page this person sees."""
    if request.signed_in is not None:
        request.signed_in.said.append(Said(words, tone))


def polls(request: NodeRequest) -> int:
    """How often the page asked for itself again, waiting for something from the portal; it gives up after a minute,
    so that a forgotten page keeps no sign-in alive."""
    polled = request.GET.get("polled", "")
    return min(int(polled), POLLS_AT_MOST) if polled.isdecimal() and len(polled) < 4 else 0


def own_path(path: str) -> str:
    """`path` where it leads to a page of this node, else the home page: tickets and links choose no other host."""
    is_ours = path.startswith("/") and url_has_allowed_host_and_scheme(path, allowed_hosts=None)
    return path if is_ours else reverse("node:home")


def set_cookie(response: HttpResponseBase, name: str, value: str, *, seconds: int | None = None) -> None:
    """A `__Host-` cookie: this host name alone, secure, out of scripts' reach, not on foreign posts."""
    response.set_cookie(name, value, max_age=seconds, path="/", secure=True, httponly=True, samesite="Lax")


def drop_cookie(response: HttpResponseBase, name: str) -> None:
    """Delete a cookie of ours; `__Host-` names need their attributes at deletion too."""
    set_cookie(response, name, "", seconds=0)


def is_machine(request: HttpRequest) -> bool:
    """Whether the caller reads JSON: our scripts and the API."""
    return request.path.startswith(MACHINES)


def refusal(
    request: HttpRequest,
    *,
    status: int,
    code: str,
    title: str,
    sentence: str,
    remedy: str = "",
    facts: dict[str, str] | None = None,
    again: str = "",
) -> HttpResponseBase:
    """What was not done, why, and what to do next: a page, or an RFC 9457 problem document."""
    title = title or _titles().get(int(status), _("This cannot be done"))
    if is_machine(request):
        problem = {"type": f"urn:creditzone:{code}", "title": title, "status": int(status), "detail": sentence}
        body = {**problem, "remedy": remedy, "facts": facts or {}}
        return JsonResponse(body, status=int(status), content_type="application/problem+json")
    context = {
        "title": title,
        "code": code,
        "sentence": sentence,
        "remedy": remedy,
        "again": again,
        "status": int(status),
    }
    return render(request, "node/refusal.html", context, status=int(status))


def _titles() -> dict[int, str]:
    return {
        403: _("Not for you"),
        404: _("Not found"),
        409: _("Not in this state"),
        422: _("Something entered cannot be right"),
        429: _("Locked for a while"),
    }
