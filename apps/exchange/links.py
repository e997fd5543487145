"""Links from portal pages to the reader's own node."""

from apps.tenants import selectors
from apps.tenants.members import Member


def node_url(actor: Member, path: str) -> str | None:
    """The address of `path` at the actor's own node (a hosted firm's: at its host's); None where it has no node."""
    console = selectors.console_url(selectors.node_owner(actor.organisation))
    return f"{console}{path}?person={actor.person_id}" if console else None


def sign_url(actor: Member, digest: str) -> str | None:
    """Where the actor reads and signs the document with this digest."""
    return node_url(actor, f"/sign/{digest.removeprefix('sm3:')}/") if digest else None
