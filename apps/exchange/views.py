"""The one address that nodes call."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from apps.core.http import public
from apps.exchange import line
from apps.exchange.errors import CallMalformed
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
