"""What every request passes: a name for the log, and words for what goes wrong."""

import time
from collections.abc import Callable
from uuid import UUID

import structlog
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.deprecation import MiddlewareMixin

from apps.core import problems
from apps.core.models import new_id
from apps.core.tenancy import DatabaseRole, tenant_tx

GetResponse = Callable[[HttpRequest], HttpResponseBase]
log = structlog.get_logger("creditzone.request")


class LogMiddleware:
    """One line a request: route, status, time, tenant. No path, query, body, name or address of a person."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request=str(new_id()))
        began = time.perf_counter()
        response = self.get_response(request)
        route = getattr(request.resolver_match, "route", "") if request.resolver_match else ""
        if not route.endswith(("healthz", "readyz")):
            log.info(
                "request",
                method=request.method,
                route=route,
                status=response.status_code,
                ms=round((time.perf_counter() - began) * 1000, 1),
            )
        return response


class DomainErrorMiddleware(MiddlewareMixin):
    """The one switch from domain errors (and the kernel's refusals) to HTTP."""

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Answer with a page or problem document; anything else goes on as a crash."""
        known = problems.as_domain_error(exception)
        return problems.answer(request, known) if known is not None else None


def answer_as(
    request: HttpRequest,
    get_response: GetResponse,
    *,
    organisation_id: UUID | None,
    role: DatabaseRole,
    person_id: UUID | None,
) -> HttpResponseBase:
    """The rest of the request in one transaction as this tenant; what ends in a 5xx is rolled back.

    A refusal (4xx) keeps what was written: its own entry in the ledger must not vanish with it.
    """
    structlog.contextvars.bind_contextvars(organisation=str(organisation_id or ""))
    with tenant_tx(organisation_id, role=role, person_id=person_id):
        response = get_response(request)
        if response.status_code >= 500:
            transaction.set_rollback(True)
    response.headers.setdefault("Cache-Control", "private, no-cache")  # one tenant's page is nobody else's copy
    return response
