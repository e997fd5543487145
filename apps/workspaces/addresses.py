"""Links from a home to the rooms of the zone: a page's address, and the reader's own node."""

from typing import Any

from django.urls import NoReverseMatch, reverse

from apps.tenants import selectors as tenants
from apps.tenants.members import Member


def page(name: str, *args: Any) -> str:
    """The address of a page by its name; empty where this zone has no such page."""
    try:
        return reverse(name, args=args)
    except NoReverseMatch:
        return ""


def at_node(actor: Member, path: str = "/") -> str:
    """The address of a page at the reader's own node; empty while no card says where it is."""
    console = tenants.console_url(actor.organisation)
    return f"{console.rstrip('/')}{path}?person={actor.person_id}" if console else ""
