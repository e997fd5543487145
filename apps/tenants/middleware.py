"""Who asks, decided before any page runs: sign-in, second factor, ages, membership, and the tenant's transaction.

Nothing here reads a tenant or a role from address, header or form: the tenant is the session's or token's
membership, and stays it to the end of the request.
"""

import time
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.core.exceptions import MiddlewareNotUsed
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.urls import Resolver404, resolve, reverse
from django.utils.translation import gettext as _

from apps.core import limits, problems
from apps.core.errors import Forbidden, TooManyRequests
from apps.core.http import is_public
from apps.core.middleware import GetResponse, answer_as
from apps.core.tenancy import tenant_tx
from apps.ledger.services import append_entry
from apps.tenants import selectors
from apps.tenants.adapters import SIGNED_IN_AT
from apps.tenants.members import Member
from apps.tenants.models import Person
from apps.tenants.roles import database_role

SEEN_AT = "seen_at"
ORGANISATION = "organisation"


class TenantMiddleware:
    """Who asks is found in a transaction of the sign-in's role; the page runs in another, as that member. Public views
    run outside."""

    def __init__(self, get_response: GetResponse) -> None:
        if not settings.DATABASES:
            raise MiddlewareNotUsed
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        request.actor = None  # type: ignore[attr-defined]
        place = _place(request)
        if place == "public":
            return self.get_response(request)
        with tenant_tx(None, role="signin"):
            if place == "accounts":
                return self._account_page(request)
            token = _bearer(request)
            found = _by_token(token) if token else _by_session(request)
            if isinstance(found, HttpResponseBase):
                return found
        if request.path_info.startswith("/api/"):
            try:
                limits.count("api", token or str(found.person_id))
            except TooManyRequests as error:
                return problems.answer(request, error)
        request.actor = found  # type: ignore[attr-defined]
        request.by_token = bool(token)  # type: ignore[attr-defined]
        response = answer_as(
            request,
            self.get_response,
            organisation_id=found.organisation_id,
            role=database_role(found.kind),
            person_id=found.person_id,
        )
        if response.status_code == HTTPStatus.FORBIDDEN:
            _write_down(request, found)
        return response

    def _account_page(self, request: HttpRequest) -> HttpResponseBase:
        """Sign-in and one's own factors: before there is a tenant, in the role that may read accounts."""
        if request.user.is_authenticated and _too_old(request):
            logout(request)
        response = self.get_response(request)
        if response.status_code >= 500:
            transaction.set_rollback(True)
        return response


def _write_down(request: HttpRequest, member: Member) -> None:
    """A refused access in the ledger, in a transaction of its own: the refused one may have been rolled back."""
    match = request.resolver_match
    with tenant_tx(member.organisation_id, role=database_role(member.kind), person_id=member.person_id):
        append_entry(
            actor=member,
            act="access.refused",
            subject_type="address",
            subject_id=(match.view_name if match else "")[:80],
            facts={"method": request.method},
        )


def _place(request: HttpRequest) -> str:
    """`public`, `accounts` or `tenant`; an address that leads nowhere is public, its page is the 404."""
    try:
        match = resolve(request.path_info)
    except Resolver404:
        return "public"
    if match.route.startswith("accounts/"):
        return "accounts"
    return "public" if is_public(match.func) else "tenant"


def _bearer(request: HttpRequest) -> str:
    """The API token of a request below /api/; nowhere else is one looked at."""
    if not request.path_info.startswith("/api/"):
        return ""
    scheme, _space, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme == "Bearer" else ""


def _by_token(token: str) -> Member | HttpResponse:
    return selectors.member_of_token(token) or _unauthorised()


def _by_session(request: HttpRequest) -> Member | HttpResponse:
    """The session's member, or the page that has to come first."""
    if not request.user.is_authenticated:
        return _to_sign_in(request)
    if _too_old(request):
        logout(request)
        messages.info(request, _("You were signed out after a time without acting. Sign in again."))
        return _to_sign_in(request)
    person = request.user
    assert isinstance(person, Person)
    if not Authenticator.objects.filter(user_id=person.pk, type=Authenticator.Type.TOTP).exists():
        return _to(request, reverse("mfa_activate_totp"))
    if person.must_change_password:
        messages.info(request, _("Choose a password of your own: somebody else knows the first one."))
        return _to(request, reverse("account_change_password"))
    return _chosen(request, selectors.members_of(person)) or _no_organisation(request)


def _chosen(request: HttpRequest, members: list[Member]) -> Member | None:
    """The membership chosen in this session, else the first."""
    wanted = request.session.get(ORGANISATION)
    return next((one for one in members if str(one.organisation_id) == wanted), members[0] if members else None)


def choose(request: HttpRequest, organisation_id: UUID) -> None:
    """Act for another of one's organisations from the next request on; a stranger's changes nothing."""
    request.session[ORGANISATION] = str(organisation_id)


def _too_old(request: HttpRequest) -> bool:
    """Whether the sign-in is past its idle or absolute age; a live one is marked as seen (once a minute)."""
    now = int(time.time())
    signed_in, seen = request.session.get(SIGNED_IN_AT), request.session.get(SEEN_AT)
    if signed_in is None or now - signed_in > settings.SIGN_IN_ABSOLUTE_SECONDS:
        return True
    if seen is not None and now - seen > settings.SIGN_IN_IDLE_SECONDS:
        return True
    if seen is None or now - seen >= 60:
        request.session[SEEN_AT] = now
    return False


def _unauthorised() -> HttpResponse:
    body = problems.bare_document(401, "not-signed-in", _("Sign in, or send a live token."))
    response = problems.problem(body)
    response["WWW-Authenticate"] = 'Bearer realm="CreditZone"'
    return response


def _to_sign_in(request: HttpRequest) -> HttpResponse:
    if problems.wants_problem(request):
        return _unauthorised()
    safe = request.method in {"GET", "HEAD"}
    target = reverse("account_login")
    return _to(request, f"{target}?{urlencode({'next': request.get_full_path()})}" if safe else target)


def _to(request: HttpRequest, target: str) -> HttpResponse:
    """A redirect that htmx follows with the whole page, and programs read as a problem."""
    if problems.wants_problem(request):
        return _unauthorised()
    if getattr(request, "htmx", False):
        return HttpResponse(status=204, headers={"HX-Redirect": target})
    return HttpResponseRedirect(target)


def _no_organisation(request: HttpRequest) -> Any:
    return problems.answer(
        request, Forbidden(act=_("enter the portal without an organisation"), ask=_("the zone's operator"))
    )
