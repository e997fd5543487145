"""The one address that nodes call, and the page that says how they are."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from apps.core.http import TenantRequest, public
from apps.exchange import line, selectors
from apps.exchange.errors import CallMalformed
from apps.tenants.roles import Capability
from apps.ui.exports import download
from apps.ui.origin import from_elsewhere
from apps.ui.tables import Column, table_of_rows
from apps.ui.templatetags.ui import called, exact

COLUMNS = (
    Column(gettext_lazy("Node")),
    Column(gettext_lazy("State")),
    Column(gettext_lazy("Last call"), "seen_at"),
    Column(gettext_lazy("Card")),
    Column(gettext_lazy("Link certificate until"), "link_until"),
    Column(gettext_lazy("Running"), num=True),
    Column(gettext_lazy("Free slots"), "slots_free", num=True),
    Column(gettext_lazy("Clock off by"), "skew_ms", num=True),
    Column(gettext_lazy("Statements"), "statements", num=True),
    Column(gettext_lazy("Scratch")),
    Column(gettext_lazy("Swap")),
    Column(gettext_lazy("Ciphers from")),
    Column(gettext_lazy("Program digest")),
)


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
    """How the nodes are, as their last calls and their cards describe them, those that are away first."""
    request.actor.require(Capability.SEE_NODES)
    found = sorted(selectors.nodes(), key=lambda node: not node.is_away)
    table = table_of_rows(found, columns=COLUMNS, query=request.GET, exportable=True)
    if table.form:
        return download(table.form, "nodes", _("Nodes"), table.titles, map(_line, table.rows))
    context = {
        "table": table,
        "away": sum(node.is_away for node in found),
        "ending": [node for node in found if node.link_ends != "later"],
    }
    return render(request, "exchange/nodes.html", context)


def _line(node: selectors.NodeHealth) -> list[Any]:
    return [
        called(node.organisation),
        _("does not call") if node.is_away else _("calls"),
        exact(node.seen_at) if node.seen_at else "",
        f"{node.card.serial} {node.card.digest}" if node.card else "",
        exact(node.link_until) if node.link_until else "",
        len(node.running),
        node.slots_free,
        node.skew_ms,
        node.statements,
        node.scratch,
        node.swap,
        f"{node.sm4} · {node.sm2}",
        node.code,
    ]
