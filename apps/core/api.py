"""What every endpoint of the API shares: who asks, pages by keyset, and the shape of refusals."""

from typing import Any

from django.http import HttpRequest
from django.middleware.csrf import CsrfViewMiddleware
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import ParseError, PermissionDenied
from rest_framework.pagination import CursorPagination
from rest_framework.parsers import JSONParser
from rest_framework.permissions import BasePermission
from rest_framework.request import Request


class ActorAuthentication(BaseAuthentication):
    """The member whom the tenant middleware found, by session or by token.

    A session's unsafe request needs the CSRF token of our pages; a token is nothing a browser sends by itself.
    """

    def authenticate(self, request: Request) -> tuple[Any, None] | None:
        """The actor as DRF's `request.user`; None where nobody is signed in."""
        plain: HttpRequest = request._request
        actor = getattr(plain, "actor", None)
        if actor is None:
            return None
        if not getattr(plain, "by_token", False):
            _require_csrf(plain)
        return actor, None

    def authenticate_header(self, request: Request) -> str:
        """What a 401 tells the program to send."""
        return 'Bearer realm="CreditZone"'


class _Csrf(CsrfViewMiddleware):
    def _reject(self, request: HttpRequest, reason: str) -> Any:
        return reason


def _require_csrf(request: HttpRequest) -> None:
    def get_response(_request: HttpRequest) -> Any:
        raise AssertionError("only checked, never answered")

    check = _Csrf(get_response)
    check.process_request(request)
    reason = check.process_view(request, get_response, (), {})
    if reason:
        raise PermissionDenied(f"CSRF: {reason}")


class SignedIn(BasePermission):
    """Somebody is signed in; what they may do is decided by the services."""

    def has_permission(self, request: Request, view: Any) -> bool:
        """Whether there is an actor."""
        return getattr(request._request, "actor", None) is not None


class Json(JSONParser):
    """JSON of a depth that can be read; what is nested without end is malformed like any other."""

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        """The parsed body; raises ParseError."""
        try:
            return super().parse(stream, media_type, parser_context)
        except RecursionError as error:
            raise ParseError("JSON parse error - nested too deep") from error


class NewestFirst(CursorPagination):
    """Pages along UUIDv7 keys, newest first: no count, no offset."""

    page_size = 50
    page_size_query_param = "size"
    max_page_size = 200
    ordering = "-id"
