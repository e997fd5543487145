"""The portal's word for who comes to this node: one zone-signed ticket, two minutes, once, in the browser that asked.

A ticket gives a name and nothing else: what the person may do here is in the roster, and the node asks for its own
factor. So a forged one would open nothing even if it passed.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from hmac import compare_digest
from typing import Final

import msgspec

from apps.node.errors import TicketRefused
from apps.node.node import Node
from creditzone.kernel.documents import (
    DocumentError,
    SignatureInvalid,
    Signed,
    Ticket,
    now_ms,
    require_signature,
)
from creditzone.kernel.orders import SKEW_MS
from creditzone.kernel.sm import sm3

IDLE_MS: Final = 15 * 60 * 1000
SESSION_MS: Final = 8 * 60 * 60 * 1000
LONGEST_MS: Final = 2 * 60 * 1000


@dataclass(frozen=True)
class Beginning:
    """What the node draws before it sends a browser to the portal: the nonce stays in its cookie."""

    nonce: str
    state: str


@dataclass(frozen=True, kw_only=True)
class Arrival:
    """Somebody with a good ticket, not yet known to be in the browser that asked for it."""

    ticket: str
    person: str
    person_name: str
    organisation: str
    path: str
    state: str
    expires_at: int


def begin() -> Beginning:
    """Draw a nonce; its SM3 goes to the portal as `state`."""
    nonce = secrets.token_urlsafe(32)
    return Beginning(nonce, sm3.digest(nonce.encode()))


def receive(node: Node, text: str, *, now: int | None = None) -> Arrival:
    """Take a ticket as the hand-over page posts it (JSON of a signed document) and mark it used.

    Raises TicketRefused: ticket-invalid, ticket-elsewhere, ticket-expired, ticket-used."""
    at = now_ms() if now is None else now
    ticket = _signed_by_zone(node, text)
    if ticket.node != node.organisation or ticket.organisation not in node.organisations():
        raise TicketRefused("ticket-elsewhere")
    if not ticket.issued_at - SKEW_MS <= at < ticket.expires_at:
        raise TicketRefused("ticket-expired")
    if ticket.expires_at - ticket.issued_at > LONGEST_MS:
        raise TicketRefused("ticket-invalid")
    if ticket.path.startswith("//"):
        raise TicketRefused("ticket-invalid")
    with node.store.write() as tx:
        tx.run("DELETE FROM used_ticket WHERE at < ?", at - LONGEST_MS - 2 * SKEW_MS)
        if not tx.run("INSERT INTO used_ticket (id, at) VALUES (?, ?) ON CONFLICT DO NOTHING", ticket.id, at):
            raise TicketRefused("ticket-used")
    return Arrival(
        ticket=ticket.id,
        person=ticket.person,
        person_name=ticket.person_name,
        organisation=ticket.organisation,
        path=ticket.path,
        state=ticket.state,
        expires_at=ticket.expires_at,
    )


def require_match(arrival: Arrival, nonce: str, *, now: int | None = None) -> None:
    """At the GET after the redirect: this browser holds the nonce whose SM3 the ticket names. Raises TicketRefused."""
    if not compare_digest(sm3.digest(nonce.encode()), arrival.state):
        raise TicketRefused("ticket-not-yours")
    if (now_ms() if now is None else now) >= arrival.expires_at:
        raise TicketRefused("ticket-expired")


def _signed_by_zone(node: Node, text: str) -> Ticket:
    try:
        document = msgspec.json.decode(text.encode(), type=Signed)
        ticket = require_signature(document, Ticket, by=node.zone_card.organisation, key=node.zone_key)
    except (msgspec.DecodeError, DocumentError, SignatureInvalid):
        raise TicketRefused("ticket-invalid") from None
    if ticket.zone != node.zone:
        raise TicketRefused("ticket-invalid")
    return ticket
