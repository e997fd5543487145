"""The one address that nodes call, and the page that says how they are."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from apps.core.http import TenantRequest, public
from apps.exchange import line, selectors
from apps.exchange.errors import CallMalformed
from apps.tenants.roles import Capability
from apps.ui.origin import from_elsewhere


@public
@from_elsewhere
@csrf_exempt
@require_POST
def exchange(request: HttpRequest) -> HttpResponse:
    """Take in a node's call and answer it; the call's own signature says who calls, so no session is read."""
    body = request.read(line.LARGEST_CALL + 1)
    if len(body) > line.LARGEST_CALL:
        raise CallMalformed(what="too large")
    return HttpResponse(line.answer_call(body), content_type="application/json")


@require_GET
def nodes(request: TenantRequest) -> HttpResponse:
    """How the nodes are, as their last calls described them, those that are away first."""
    request.actor.require(Capability.SEE_NODES)
    found = sorted(selectors.nodes(), key=lambda node: not node.is_away)
    away = sum(node.is_away for node in found)
    return render(request, "exchange/nodes.html", {"nodes": found, "away": away})
