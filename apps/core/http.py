"""Requests as the middleware leaves them, and the marks a view carries for it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

View = TypeVar("View", bound=Callable[..., Any])


@dataclass(frozen=True, kw_only=True)
class Actor:
    """Whoever acts, as far as the layers below `tenants` need to know: see `tenants.members.Member`."""

    person_id: UUID
    person_name: str
    role: Any
    organisation: Any

    @property
    def organisation_id(self) -> UUID:
        """The tenant."""
        raise NotImplementedError


class TenantRequest(HttpRequest):
    """A request of somebody who is signed in, inside the tenant's transaction."""

    actor: Any
    htmx: HtmxDetails


def public(view: View) -> View:
    """Mark a view that demands no sign-in. It runs outside a tenant's transaction; if it needs one it opens it."""
    view.is_public = True  # type: ignore[attr-defined]
    return view


def is_public(view: Callable[..., Any]) -> bool:
    """Whether `view` carries the mark of `public`."""
    return bool(getattr(view, "is_public", False))
