"""Who takes in what a node says: one handler a kind, registered by the app that it concerns.

An app above registers in its `statements.py`, which its `AppConfig.ready` imports; two handlers of one kind stop the
start. The exchange itself knows no app above it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from apps.tenants.models import Organisation
from creditzone.kernel.documents import Document, Signature, Signed

Handler = TypeVar("Handler", bound=Callable[..., Any])


@dataclass(frozen=True, kw_only=True)
class Sender:
    """Whose word it is: the node that spoke, the organisation it spoke for (its own or a firm it hosts), and when."""

    node: Organisation
    organisation: Organisation
    now: datetime
    """The portal's clock, which counts."""
    statement: Signed | None = None
    """The statement as it was signed, to hand on; none where a heartbeat speaks."""


@dataclass(frozen=True, kw_only=True)
class SignedDraft:
    """A draft that an officer of `by` signed in its node; the signature was checked against its card."""

    document: Document
    digest: str
    text: str
    by: Organisation
    signature: Signature
    person: str
    now: datetime


@dataclass(frozen=True, kw_only=True)
class DeclinedDraft:
    """A draft that an officer of `by` returned unsigned."""

    document: Document
    digest: str
    by: Organisation
    reason: str
    person: str
    now: datetime


STATEMENTS: dict[type, Callable[[Sender, Any], None]] = {}
SIGNED: dict[type, Callable[[SignedDraft], None]] = {}
DECLINED: dict[type, Callable[[DeclinedDraft], None]] = {}
RESTORED: list[Callable[[Organisation], None]] = []
HEARTBEATS: list[Callable[[Sender, Any], None]] = []


def on_statement(kind: type) -> Callable[[Handler], Handler]:
    """Register the one handler of statements whose body is a `kind`."""
    return _register(STATEMENTS, kind)


def on_signed(kind: type[Document]) -> Callable[[Handler], Handler]:
    """Register the one handler of signatures under drafts of the document `kind`."""
    return _register(SIGNED, kind)


def on_declined(kind: type[Document]) -> Callable[[Handler], Handler]:
    """Register the one handler of declined drafts of the document `kind`."""
    return _register(DECLINED, kind)


def on_restored(handler: Handler) -> Handler:
    """Register a handler that tells a node, whose store is a backup, again what it was told since; safe twice."""
    RESTORED.append(handler)
    return handler


def on_heartbeat(handler: Handler) -> Handler:
    """Register a handler of every node's heartbeat, within the call that brought it."""
    HEARTBEATS.append(handler)
    return handler


def _register(table: dict[type, Any], kind: type) -> Callable[[Handler], Handler]:
    def register(handler: Handler) -> Handler:
        if kind in table:
            raise ValueError(f"{kind.__name__} has a handler already: {table[kind].__qualname__}")
        table[kind] = handler
        return handler

    return register
