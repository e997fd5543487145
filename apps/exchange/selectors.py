"""How the nodes are, and what waits for a signature."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Prefetch, QuerySet

from apps.core import clock
from apps.core.finding import NEWEST
from apps.exchange.models import Draft, NodeLine
from apps.tenants import selectors as tenants
from apps.tenants.models import Card, Organisation
from creditzone.kernel import documents
from creditzone.kernel.engine.link import valid_until

AWAY_AFTER = timedelta(seconds=30)
ENDS_SOON = timedelta(days=60)


@dataclass(frozen=True, kw_only=True)
class NodeHealth:
    """One node as its last heartbeat described it."""

    organisation: Organisation
    seen_at: datetime | None
    is_away: bool
    skew_ms: int
    statements: int
    slots_free: int
    running: tuple[str, ...]
    scratch: str
    swap: str
    sm4: str
    sm2: str
    code: str
    card: Card | None
    link_until: datetime | None
    """When the certificate ends that its card shows to other parties' links; None for a node that computes nothing."""
    link_ends: str
    """`later`, `soon` or `over`."""


def nodes() -> list[NodeHealth]:
    """Every node that ever called, by organisation."""
    now = clock.now()
    current = Prefetch("node__cards", queryset=Card.objects.filter(is_current=True), to_attr="current_cards")
    lines = NodeLine.objects.select_related("node").prefetch_related(current).order_by("node__uscc")
    return [_health(line, now) for line in lines]


def _health(line: NodeLine, now: datetime) -> NodeHealth:
    heartbeat: dict[str, Any] = line.heartbeat
    card = next(iter(line.node.current_cards), None)  # type: ignore[attr-defined]
    until = _link_until(card) if card else None
    return NodeHealth(
        organisation=line.node,
        seen_at=line.seen_at,
        is_away=line.seen_at is None or now - line.seen_at > AWAY_AFTER,
        skew_ms=line.skew_ms,
        statements=line.statements,
        slots_free=heartbeat.get("slots_free", 0),
        running=tuple(heartbeat.get("running", ())),
        scratch=heartbeat.get("scratch", "missing"),
        swap=heartbeat.get("swap", "off"),
        sm4=heartbeat.get("sm4", ""),
        sm2=heartbeat.get("sm2", ""),
        code=heartbeat.get("code", ""),
        card=card,
        link_until=until,
        link_ends="later" if until is None or until > now + ENDS_SOON else "soon" if until > now else "over",
    )


def _link_until(card: Card) -> datetime | None:
    certificate = documents.read(tenants.card_document(card), documents.Card).link_certificate
    return valid_until(certificate) if certificate else None


def last_seen(node_ids: list[UUID]) -> dict[UUID, datetime | None]:
    """When each of these nodes last called; a node that never did is absent."""
    return dict(NodeLine.objects.filter(node_id__in=node_ids).values_list("node_id", "seen_at"))


def open_work(organisation_id: UUID) -> int:
    """How many of the organisation's newest drafts wait for its signature. It stands on every page, so it reads no more
    than those, however many were signed before."""
    newest = Draft.objects.filter(organisation_id=organisation_id).order_by("-id")[:NEWEST]
    return sum(state == Draft.State.WAITING for state in newest.values_list("state", flat=True))


def waiting_drafts(organisation_id: UUID) -> QuerySet[Draft]:
    """What waits for this organisation's signature in its node, newest first."""
    return Draft.objects.filter(organisation_id=organisation_id, state=Draft.State.WAITING).order_by("-id")
