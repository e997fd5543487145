"""How the node is: algorithms, scratch, swap, clock, exchange, outbox, keys. Health for machines at /healthz."""

from datetime import datetime

from django.http import HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from apps.node import health, rotation
from apps.node.cards import listing
from apps.node.console.context import language
from apps.node.console.door import NodeRequest, open_to_all
from apps.node.console.words import JOB_STAGES, JOB_STATES
from creditzone.kernel.documents.cards import Card, fingerprint
from creditzone.kernel.engine.link import valid_until
from creditzone.kernel.refusals import Refusal


@require_safe
def page(request: NodeRequest) -> HttpResponse:
    """Everything that decides whether this node can be relied on now; its jobs and the firms it hosts are its
    owner's own matter."""
    is_host = request.acting.organisation == request.node.organisation
    report = health.report(request.node)
    jobs = [
        {
            "job": each,
            "state": JOB_STATES.get(each.state, (each.state, "")),
            "stage": JOB_STAGES.get(each.stage, each.stage),
            "reason": _why(each.reason),
        }
        for each in report.jobs
        if is_host
    ]
    shown = {request.acting.organisation, request.node.organisation}
    own = [
        entry
        for entry in listing(request.node)
        if entry.state == "own" and (is_host or entry.card.organisation in shown)
    ]
    context = {
        "health": report,
        "heartbeat": report.heartbeat,
        "reds": [health.red_sentence(code, language()) for code in report.reds],
        "jobs": jobs,
        "own": [(entry, fingerprint(entry.digest), _link_until(entry.card)) for entry in own],
        "ages": rotation.ages(request.node) if is_host else [],
    }
    return render(request, "node/health.html", context)


def _link_until(card: Card) -> datetime | None:
    return valid_until(card.link_certificate) if card.link_certificate else None


def _why(reason: str | None) -> str:
    if not reason:
        return ""
    return Refusal(reason, {}).sentence("en" if language() == "en" else "zh")


@open_to_all
@require_safe
def healthz(request: NodeRequest) -> JsonResponse:
    """Whether the console answers and its store can be read; nothing else is said to strangers."""
    request.node.store.setting("kept-time")
    return JsonResponse({"status": "ok"})
