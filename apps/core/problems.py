"""Errors on their way out: a page for people, a problem document (RFC 9457) for programs."""

import secrets
from http import HTTPStatus
from typing import Any

import structlog
from django.db import DatabaseError, transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from psycopg.errors import InsufficientPrivilege
from rest_framework.exceptions import APIException, ValidationError
from rest_framework.response import Response
from rest_framework.views import exception_handler as drf_exception_handler

from apps.core.errors import DomainError, Forbidden, Invalid, Refused, TooManyRequests
from creditzone.kernel import refusals

log = structlog.get_logger("creditzone.errors")
PROBLEM = "application/problem+json"


def wants_problem(request: HttpRequest) -> bool:
    """Whether a program asks: below the API and the nodes' exchange."""
    return request.path_info.startswith(("/api/", "/node/"))


def incident() -> str:
    """A short name for one failure, shown to the reader and written to the log."""
    return secrets.token_hex(5)


def document(error: DomainError, *, incident_id: str = "") -> dict[str, Any]:
    """The problem document of a domain error; `facts` speak the reader's language."""
    body: dict[str, Any] = {
        "type": f"urn:creditzone:error:{error.code}",
        "code": error.code,
        "title": str(error.title),
        "status": int(error.status),
        "detail": error.words,
    }
    if error.advice:
        body["remedy"] = error.advice
    if isinstance(error, Invalid):
        body["errors"] = {name: [str(word) for word in words] for name, words in error.errors.items()}
    elif error.facts:
        body["facts"] = {name: _plain(value) for name, value in error.facts.items()}
    if incident_id:
        body["incident"] = incident_id
    return body


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, Promise) or not isinstance(value, (str, int, bool, type(None))) else value


def bare_document(status: int, code: str, detail: str, *, incident_id: str = "") -> dict[str, Any]:
    """A problem document for what is no domain error: a bad request, a missing sign-in, a crash."""
    body = {
        "type": f"urn:creditzone:error:{code}",
        "code": code,
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
    }
    return body | ({"incident": incident_id} if incident_id else {})


def problem(body: dict[str, Any]) -> HttpResponse:
    """A problem document as an answer."""
    return JsonResponse(body, status=body["status"], content_type=PROBLEM, json_dumps_params={"ensure_ascii": False})


def answer(request: HttpRequest, error: DomainError) -> HttpResponse:
    """The page or the problem document of `error`."""
    response = _answer(request, error)
    if isinstance(error, TooManyRequests):
        response["Retry-After"] = str(error.seconds)
    return response


def _answer(request: HttpRequest, error: DomainError) -> HttpResponse:
    if wants_problem(request):
        return problem(document(error))
    context: dict[str, Any] = {
        "status": int(error.status),
        "title": error.title,
        "why": error.words,
        "remedy": error.advice,
    }
    if isinstance(error, Invalid):
        context["errors"] = [word for words in error.errors.values() for word in words]
    if isinstance(error, Refused):
        context |= {"clause": error.refusal.clause, "facts": sorted(error.refusal.facts.items())}
    if isinstance(error, Forbidden):
        context["whom"] = error.advice
    return render(request, "ui/error.html", context, status=error.status)


def as_domain_error(error: BaseException) -> DomainError | None:
    """What is known about `error` in the field's terms; None for a crash.

    Where the database itself refuses a role (an operator asks for business rows, a row would become somebody
    else's), services should have refused before it: the reader is told so, and the log says where.
    """
    if isinstance(error, refusals.Refused):
        return Refused(refusal=error.refusal)
    if isinstance(error, DatabaseError) and isinstance(error.__cause__, InsufficientPrivilege):
        log.warning("database-refused", reason=str(error.__cause__).splitlines()[0])
        transaction.set_rollback(True)
        return Forbidden(act=_("read or change these rows"), ask=_("the zone's operator"))
    return error if isinstance(error, DomainError) else None


def exception_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's way in: every refusal of the API is a problem document; what is not known stays an exception."""
    if known_error := as_domain_error(error):
        return _response(document(known_error))
    known = drf_exception_handler(error, context)
    if known is None:
        return None
    if isinstance(error, ValidationError):
        body = bare_document(422, "invalid", "The request's fields do not fit.") | {"errors": known.data}
    else:
        code = error.default_code if isinstance(error, APIException) else "not-found"
        body = bare_document(known.status_code, code.replace("_", "-"), str(_detail(known.data)))
    headers = {name: known[name] for name in ("WWW-Authenticate", "Retry-After", "Allow") if name in known}
    return _response(body, headers=headers)


def _detail(data: Any) -> Any:
    return data.get("detail", "") if isinstance(data, dict) else data


def _response(body: dict[str, Any], headers: dict[str, str] | None = None) -> Response:
    return Response(body, status=body["status"], headers=headers, content_type=PROBLEM)
