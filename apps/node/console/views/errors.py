"""Errors that Django itself answers: an unknown address, a broken token, a crash."""

from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.utils.translation import gettext as _

from apps.node.console.door import refusal


def not_found(request: HttpRequest, exception: Any = None) -> HttpResponseBase:
    """404: no such page."""
    return refusal(
        request,
        status=404,
        code="not-found",
        title=_("Not found"),
        sentence=_("There is no such page at this node, or it is not yours to see."),
        remedy=_("Check the address, or begin at the overview."),
    )


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponseBase:
    """403: the form's token is missing or of another sign-in."""
    return refusal(
        request,
        status=403,
        code="csrf",
        title=_("The form has expired"),
        sentence=_("Nothing was done: this form belongs to another sign-in or was not sent from this node's page."),
        remedy=_("Load the page again and repeat."),
    )


def crash(request: HttpRequest) -> HttpResponseBase:
    """500: something of ours broke; nothing half done stays, for services write in one transaction."""
    return refusal(
        request,
        status=500,
        code="crash",
        title=_("Something broke here"),
        sentence=_("This node could not finish the page. What was done before stands."),
        remedy=_("Try again; if it stays like this, look at the node's log."),
    )
