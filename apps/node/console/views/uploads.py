"""The upload API: pieces of 8 MiB by PATCH at an offset, each sealed by the service before it touches the disk."""

import json
from typing import Any

from django.http import HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from apps.node import uploads
from apps.node.console.door import NodeRequest, refusal
from apps.node.uploads import PIECE, Upload

BODY_TYPE = "application/offset+octet-stream"
JSON_MOST = 8 * 1024


def _bad(request: NodeRequest, sentence: str, *, status: int = 422, code: str = "invalid") -> HttpResponseBase:
    return refusal(request, status=status, code=code, title=_("The upload was not understood"), sentence=sentence)


def as_json(upload: Upload) -> dict[str, Any]:
    """An upload as its own API says it."""
    return {
        "id": upload.id,
        "filename": upload.filename,
        "size": upload.size,
        "offset": upload.offset,
        "piece": PIECE,
        "domain": upload.domain,
        "title": upload.title,
        "state": upload.state,
        "url": reverse("node:upload", args=[upload.id]),
    }


@require_POST
def create(request: NodeRequest) -> HttpResponseBase:
    """Begin an upload: name, size, title and (but for a sealed package) domain; answers where its pieces go."""
    try:
        wanted = json.loads(request.read(JSON_MOST))
        filename, size = str(wanted["filename"]), int(wanted["size"])
        domain, title = str(wanted.get("domain", "")), str(wanted["title"])
        f"{filename}{title}".encode()  # JSON can name half a character, which no text holds
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
        return _bad(request, _("Name, size, domain and title are needed, as JSON."))
    upload = uploads.create(request.node, request.acting, filename=filename, size=size, domain=domain, title=title)
    response = JsonResponse(as_json(upload), status=201)
    response["Location"] = reverse("node:upload", args=[upload.id])
    return response


@require_http_methods(["GET", "HEAD", "PATCH", "DELETE"])
def upload(request: NodeRequest, upload: str) -> HttpResponseBase:
    """One upload: where it stands (GET, HEAD), its next piece (PATCH), or give it up (DELETE)."""
    if request.method == "PATCH":
        return _append(request, upload)
    if request.method == "DELETE":
        uploads.cancel(request.node, request.acting, upload)
        return HttpResponse(status=204)
    found = uploads.get(request.node, request.acting, upload)
    return _with_offset(JsonResponse(as_json(found)), found)


def _append(request: NodeRequest, upload: str) -> HttpResponseBase:
    if request.content_type != BODY_TYPE:
        return _bad(request, _("A piece has the content type %(type)s.") % {"type": BODY_TYPE}, status=415)
    try:
        offset, length = int(request.headers["Upload-Offset"]), int(request.headers["Content-Length"])
    except (KeyError, ValueError):
        return _bad(request, _("A piece needs the headers Upload-Offset and Content-Length."))
    if not 0 < length <= PIECE:
        return _bad(request, _("A piece holds 1 byte to 8 MiB."), status=413)
    piece = request.read(length)
    if len(piece) != length:
        return _bad(request, _("The piece ended before its announced length."), status=400)
    found = uploads.append(request.node, request.acting, upload, offset=offset, piece=piece)
    return _with_offset(HttpResponse(status=204), found)


@require_POST
def finish(request: NodeRequest, upload: str) -> HttpResponseBase:
    """All pieces are here: have the file checked; answers the dataset's address."""
    dataset = uploads.finish(request.node, request.acting, upload)
    return JsonResponse({"dataset": dataset, "url": reverse("node:dataset", args=[dataset])}, status=202)


@require_POST
def abandon(request: NodeRequest, upload: str) -> HttpResponse:
    """Give an upload up, from a page without script."""
    uploads.cancel(request.node, request.acting, upload)
    return redirect("node:upload-new")


def _with_offset(response: HttpResponse, upload: Upload) -> HttpResponse:
    response["Upload-Offset"] = str(upload.offset)
    response["Upload-Length"] = str(upload.size)
    return response
