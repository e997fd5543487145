"""Who is spoken to and from where: one host name a process, and every change from a page of its own origin.

Portal and node consoles share this. `settings.OWN_URL` is the process's address; `settings.LOOPBACK_PATHS` are
answered under a loopback name too (health, API, the nodes' exchange).
"""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponsePermanentRedirect

SAFE = {"GET", "HEAD", "OPTIONS", "TRACE"}
LOOPBACK = {"127.0.0.1", "localhost", "[::1]"}


def from_elsewhere(view: Callable[..., Any]) -> Callable[..., Any]:
    """Mark a view that checks by itself who calls (a ticket's arrival, the signed exchange)."""
    view.from_elsewhere = True  # type: ignore[attr-defined]
    return view


class OriginMiddleware:
    """Redirect other host names here, refuse changes from other origins, and close the door to framing scripts."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response
        self.own_url: str = settings.OWN_URL  # type: ignore[misc]
        parts = urlsplit(self.own_url)
        self.own_host = parts.netloc.lower()
        self.own_origin = f"{parts.scheme}://{self.own_host}"

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not self.is_for_us(request):
            if request.method not in SAFE:
                return HttpResponse("This host name is not served here.", status=421, content_type="text/plain")
            response: HttpResponseBase = HttpResponsePermanentRedirect(self.own_url + request.get_full_path())
            response.status_code = 308
        else:
            response = self.get_response(request)
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        return response

    def is_for_us(self, request: HttpRequest) -> bool:
        """Whether the request names our host, or a loopback name on a path that answers there."""
        host = request.META.get("HTTP_HOST", "").lower()
        if host == self.own_host:
            return True
        name = host.rpartition(":")[0] if ":" in host.rpartition("]")[2] else host
        return name in LOOPBACK and request.path_info.startswith(tuple(settings.LOOPBACK_PATHS))

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], _args: Any, _kwargs: Any
    ) -> HttpResponse | None:
        """Demand our own `Origin` on every unsafe request that a browser's cookies could carry."""
        if request.method in SAFE or getattr(view, "from_elsewhere", False):
            return None
        if request.headers.get("Authorization", "").startswith("Bearer "):
            return None
        if request.headers.get("Origin", "").lower() == self.own_origin:
            return None
        return HttpResponse("This page was not sent from here.", status=403, content_type="text/plain")
