"""What the ledger says about one's organisation."""

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from apps.core.http import TenantRequest
from apps.ledger import selectors
from apps.ledger.readers import require_reader


@require_GET
def entries(request: TenantRequest) -> HttpResponse:
    """The entries that name one's organisation, newest first; a page further by the last one's id."""
    require_reader(request.actor)
    found = selectors.entries_of(
        request.actor.organisation_id, before=_id(request.GET.get("before", "")), size=selectors.PAGE + 1
    )
    older = found[selectors.PAGE - 1].id if len(found) > selectors.PAGE else None
    return render(request, "ledger/entries.html", {"entries": found[: selectors.PAGE], "older": older})


def _id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
