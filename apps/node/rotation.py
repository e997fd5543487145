"""New keys for the node while the old ones still count: what was made before goes on, then the old ones are destroyed.

The next card is signed by the key before, so that every node that believed that one believes it by itself. Until the
portal has heard of it, statements and calls are signed by the key that it knows. The old pair stays for
`key_overlap_days`: it opens what was sealed to it, and others take what it signed before.
"""

from __future__ import annotations

from dataclasses import dataclass

import msgspec
import structlog

from apps.node import cards, outbox
from apps.node.errors import NodeError
from apps.node.keys import Pair
from apps.node.node import Node
from creditzone.kernel.documents import Card, Signed, now_ms, read

log = structlog.get_logger("node.rotation")


@dataclass(frozen=True, kw_only=True)
class KeyAge:
    """A pair by its signing key: since when a card names it, until when it is kept (None for the one in force)."""

    key: str
    since: int
    until: int | None


def rotate(node: Node) -> Signed:
    """Draw new keys and issue the card that puts them in force.

    Raises NodeError: rotation-under-way while the portal has not heard of the last one, rotation-restoring."""
    if outbox.is_announcing(node.store):
        raise NodeError("rotation-under-way")
    if node.is_restoring:
        raise NodeError("rotation-restoring")
    pair = _drawn_before(node) or node.keys.provider.draw()
    with node.store.write() as tx:
        document = cards.issue_next(node, tx, pair)
    log.info("keys-rotated", card=document.digest)
    return document


def destroy_old(node: Node, *, now: int | None = None) -> int:
    """Destroy the pairs whose overlap is over; how many. One whose card this store does not know is left."""
    at = now_ms() if now is None else now
    over = {age.key for age in ages(node) if age.until is not None and age.until <= at}
    gone = [pair for pair in node.keys.provider.pairs() if pair.signing.hex in over]
    for pair in gone:
        node.keys.provider.destroy(pair)
        log.info("keys-destroyed", signing_key=pair.signing.hex[:16])
    return len(gone)


def ages(node: Node) -> list[KeyAge]:
    """The pairs that are here and that a card has named, the newest first."""
    here = {pair.signing.hex for pair in node.keys.provider.pairs()}
    found: dict[str, KeyAge] = {}
    for card, renewed_at in _own_cards(node):
        if card.signing_key in here:
            since = found[card.signing_key].since if card.signing_key in found else card.issued_at
            until = None if renewed_at is None else renewed_at + node.overlap_ms
            found[card.signing_key] = KeyAge(key=card.signing_key, since=since, until=until)
    return list(reversed(found.values()))


def _own_cards(node: Node) -> list[tuple[Card, int | None]]:
    """This node's cards in their order, and when each was replaced by one that its key signed."""
    rows = node.store.all(
        "SELECT text, renewed_at FROM card WHERE organisation = ? AND (state = 'own' OR renewed_at IS NOT NULL)"
        " ORDER BY serial",
        node.organisation,
    )
    return [(read(msgspec.json.decode(row["text"], type=Signed), Card), row["renewed_at"]) for row in rows]


def _drawn_before(node: Node) -> Pair | None:
    """A pair that no card has named yet: an earlier change broke off after drawing it."""
    rows = node.store.all("SELECT text FROM card WHERE organisation = ?", node.organisation)
    named = {read(msgspec.json.decode(row["text"], type=Signed), Card).signing_key for row in rows}
    return next((pair for pair in node.keys.provider.pairs() if pair.signing.hex not in named), None)
