"""The node's own API for a signed-in person: datasets, and the rows of a result that was opened."""

from typing import Any

from django.http import HttpResponseBase, JsonResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from apps.node import datasets, results, roster
from apps.node.console.door import NodeRequest, refusal
from apps.node.counts import OpenedCount
from apps.node.datasets import Dataset
from apps.node.results import OpenedResult
from apps.node.roster import Act


@require_safe
def dataset_list(request: NodeRequest) -> JsonResponse:
    """All datasets of the organisation, with counts and faults."""
    found = datasets.listing(request.node, request.acting)
    return JsonResponse({"results": [_dataset(each) for each in found]})


@require_safe
def dataset(request: NodeRequest, dataset: str) -> JsonResponse:
    """One dataset."""
    return JsonResponse(_dataset(datasets.get(request.node, request.acting, dataset)))


@require_safe
def result_list(request: NodeRequest) -> JsonResponse:
    """All results of the organisation, none of their rows."""
    found = results.listing(request.node, request.acting)
    rows = [
        {
            "job": each.job,
            "title": each.title,
            "state": each.state,
            "opened_at": each.opened_at,
            "received_at": each.received_at,
            "taken": each.taken,
        }
        for each in found
    ]
    return JsonResponse({"results": rows})


@require_http_methods(["GET", "POST"])
def result(request: NodeRequest, job: str) -> HttpResponseBase:
    """The rows of one result. POST opens it (recorded), GET reads what was opened in this sign-in."""
    roster.require(request.acting, Act.OPEN_RESULT)
    opened = request.signed_in.opened.get(job) if request.signed_in is not None else None
    if request.method == "POST":
        opened = results.open_result(
            request.node, request.acting, job, passphrase=request.POST.get("passphrase") or None
        )
        if request.signed_in is not None:
            request.signed_in.keep(opened)
    elif opened is None:
        results.get(request.node, request.acting, job)
        return refusal(
            request,
            status=409,
            code="result-sealed",
            title=_("The result is sealed"),
            sentence=_("It was not opened in this sign-in."),
            remedy=_("POST to this address opens it; that is recorded."),
        )
    return JsonResponse(_counts(opened) if isinstance(opened, OpenedCount) else _rows(opened))


def _dataset(found: Dataset) -> dict[str, Any]:
    return {
        "id": found.id,
        "title": found.title,
        "domain": found.domain,
        "state": found.state,
        "progress": found.progress,
        "rows": found.rows,
        "accepted": found.accepted,
        "quarantined": found.quarantined,
        "package": found.package,
        "faults": [{"reason": reason, "count": count} for reason, count in found.faults],
        "refusal": found.refusal,
        "body_digest": found.body_digest,
        "capsule": found.capsule,
        "created_at": found.created_at,
    }


def _counts(opened: OpenedCount) -> dict[str, Any]:
    """A statistic; a count that is held back is null."""
    return {
        "job": opened.job,
        "title": opened.title,
        "scorecard": {"id": opened.scorecard.id, "version": opened.scorecard.version},
        "disclosures": list(opened.disclosures),
        "minimum_group": opened.minimum_group,
        "grades": list(opened.grades),
        "groups": [{"group": one.name, "firms": one.firms, "counts": list(one.counts)} for one in opened.groups],
    }


def _rows(opened: OpenedResult) -> dict[str, Any]:
    rows = [
        {
            "uscc": row.uscc,
            "grade": row.grade,
            "band": row.band,
            "decision": row.decision,
            "score": row.score,
            "reasons": [{"provider": provider, "code": code} for provider, code in row.reasons],
        }
        for row in opened.rows
    ]
    return {
        "job": opened.job,
        "title": opened.title,
        "scorecard": {"id": opened.scorecard.id, "version": opened.scorecard.version},
        "disclosures": list(opened.disclosures),
        "grades": list(opened.grades),
        "distribution": [{"grade": grade, "count": count} for grade, count in opened.distribution],
        "rows": rows,
        "unmatched": list(opened.unmatched),
        "dropped": [{"uscc": uscc, "reason": reason} for uscc, reason in opened.dropped],
    }
