"""Health, language, and the pages of what went wrong."""

import sys
from urllib.parse import urlsplit

import structlog
from django.conf import settings
from django.db import DatabaseError, OperationalError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from apps.core import limits, problems
from apps.core.errors import NotFound, TooManyRequests, Unavailable, Words
from apps.core.http import public

log = structlog.get_logger("creditzone.errors")


@public
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """The process answers."""
    return JsonResponse({"status": "ok"})


@public
@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """The process can work: PostgreSQL answers and its migrations are in."""
    from django.db.migrations.executor import MigrationExecutor

    try:
        with connection.cursor() as cursor:
            cursor.execute("select 1")
        executor = MigrationExecutor(connection)
        waiting = len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
    except DatabaseError:
        return JsonResponse({"status": "waiting", "database": "away"}, status=503)
    if waiting:
        return JsonResponse({"status": "waiting", "migrations": waiting}, status=503)
    return JsonResponse({"status": "ok"})


@public
@require_POST
def language(request: HttpRequest) -> HttpResponse:
    """Keep the reader's choice of language in a cookie and go back to the page they came from."""
    target = redirect(_own_path(request.POST.get("next", "/")))
    chosen = request.POST.get("language", "")
    if chosen in dict(settings.LANGUAGES):
        target.set_cookie(
            settings.LANGUAGE_COOKIE_NAME,
            chosen,
            max_age=365 * 24 * 3600,
            secure=True,
            httponly=True,
            samesite="Lax",
        )
    return target


def _own_path(address: str) -> str:
    """`address` reduced to a path of this site."""
    parts = urlsplit(address)
    path = parts.path if parts.path.startswith("/") and not parts.path.startswith(("//", "/\\")) else "/"
    return f"{path}?{parts.query}" if parts.query else path


def _answer(request: HttpRequest, *, status: int, code: str, title: str, sentence: str, remedy: str) -> HttpResponse:
    if problems.wants_problem(request):
        return problems.problem(problems.bare_document(status, code, sentence))
    context = {"status": status, "title": title, "why": sentence, "remedy": remedy}
    return render(request, "ui/error.html", context, status=status)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400: the request itself is broken."""
    return _answer(
        request,
        status=400,
        code="bad-request",
        title=_("The request is broken"),
        sentence=_("This request cannot be read."),
        remedy=_("Go back and try again from the page."),
    )


def csrf_refused(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403: a form without the token of our own page."""
    return _answer(
        request,
        status=403,
        code="csrf",
        title=_("This form is too old"),
        sentence=_("The form was not sent from a page of this session, so nothing was done."),
        remedy=_("Reload the page and send it again."),
    )


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """403 from the framework; refusals of our own name act and role (`errors.Forbidden`)."""
    return _answer(
        request,
        status=403,
        code="forbidden",
        title=_("Not allowed"),
        sentence=_("This is not for you to see or do."),
        remedy=_("Ask an owner of your organisation."),
    )


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404, in the same words as for what exists but is not yours."""
    return problems.answer(request, NotFound())


def too_many_tries(request: HttpRequest) -> HttpResponse:
    """429 of the pages of sign-in and factors; a program that asks them for JSON gets a problem document."""
    if request.accepts("text/html"):
        response = render(request, "429.html", status=429)
    else:
        response = problems.problem(problems.document(TooManyRequests(seconds=limits.WINDOW_SECONDS)))
    response["Retry-After"] = str(limits.WINDOW_SECONDS)
    return response


def server_error(request: HttpRequest) -> HttpResponse:
    """500 with an incident's name and nothing else: the reason is in the log under that name.

    A database that is away for the moment is no crash: 503, and the reader may try again."""
    incident = problems.incident()
    if isinstance(sys.exc_info()[1], OperationalError):
        log.error("database-away", incident=incident, reason=type(sys.exc_info()[1]).__name__)
        away = Unavailable(what=_("the zone's database"))
        if problems.wants_problem(request):
            return problems.problem(problems.document(away, incident_id=incident))
        return _bare_page(away.status, away.title, away.words, away.advice, incident)
    log.error("crash", incident=incident, exc_info=True)
    if problems.wants_problem(request):
        return problems.problem(problems.bare_document(500, "crash", "Nothing was changed.", incident_id=incident))
    title, why = _("Something broke on our side"), _("What you sent was not carried out; nothing was changed.")
    return _bare_page(500, title, why, _("Try again in a minute."), incident)


def _bare_page(status: int, title: Words, why: str, remedy: str, incident: str) -> HttpResponse:
    """An error page made without the request: whatever broke, its page must not touch the database again."""
    context = {"status": int(status), "title": title, "why": why, "remedy": remedy, "incident": incident}
    return HttpResponse(render_to_string("ui/error.html", context), status=status)
