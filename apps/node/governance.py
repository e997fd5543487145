"""The zone-wide rules as this node knows them: those of the organisation that its officer said governs the zone.

Whatever comes is kept; a version counts once the governor's confirmed key signed it, and then for good. The newest one
that counts is in force here, whatever the portal shows later: it can withhold a version, and neither alter one nor take
one back. Of two documents with one number the first to count stays.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import msgspec

from apps.node.errors import Forbidden, IllegalMove, NodeError, NotFound, Refused
from apps.node.node import Node
from apps.node.passkeys import bind
from apps.node.roster import Act, Acting
from apps.node.store import Transaction
from creditzone.kernel.documents import (
    DocumentError,
    Policy,
    SignatureInvalid,
    Signed,
    ZoneRules,
    now_ms,
    read,
)
from creditzone.kernel.policy.floors import require_above_floors, template_undercuts
from creditzone.kernel.refusals import Refusal
from creditzone.kernel.refusals import Refused as KernelRefused

_GOVERNOR: Final = "governor"


@dataclass(frozen=True, kw_only=True)
class HeldRules:
    """A version that counts here, and when it came."""

    digest: str
    rules: ZoneRules
    came_at: int


def governor(node: Node) -> str | None:
    """The organisation that governs the zone by this node's officers' word; None where nobody said so yet."""
    return node.store.setting(_GOVERNOR)


def confirm(node: Node, acting: Acting, organisation: str) -> None:
    """An officer says which organisation governs the zone, once. What it signed and came before counts from now on.

    Raises what `bind` raises, IllegalMove where it was said before, NotFound without its confirmed card."""
    if acting.organisation != node.organisation:
        raise Forbidden("forbidden", role=acting.role, act=Act.CONFIRM_CARD.value)
    bind(node, acting, Act.CONFIRM_CARD, what="governor", organisation=organisation)
    with node.store.write() as tx:
        node.act(tx)
        settle(node, tx, organisation)


def settle(node: Node, tx: Transaction, organisation: str) -> None:
    """Keep who governs, inside a transaction; the same again changes nothing. Raises IllegalMove, NotFound."""
    said = tx.setting(_GOVERNOR)
    if said not in (None, organisation):
        raise IllegalMove("confirmed")
    card = node.card_of(organisation)
    if card is None or card.host is not None:
        raise NotFound
    tx.keep(_GOVERNOR, organisation)
    sift(node, tx)


def take(node: Node, tx: Transaction, document: Signed) -> None:
    """Keep zone-wide rules that the portal carries; they count if the governor signed them. What this node's own
    officer signed says who governs here: so a node whose store is a backup knows it again before it signs the next."""
    rules = read(document, ZoneRules)
    tx.run(
        "INSERT INTO zone_rules (digest, governor, version, text, at) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (digest) DO UPDATE SET text = excluded.text WHERE NOT counts",
        document.digest,
        rules.governor,
        rules.version,
        msgspec.json.encode(document).decode(),
        now_ms(),
    )
    if (
        tx.setting(_GOVERNOR) is None
        and rules.governor == node.organisation
        and _counts(node, document, rules.governor)
    ):
        tx.keep(_GOVERNOR, node.organisation)
    sift(node, tx)


def in_force(node: Node) -> HeldRules | None:
    """The newest version of the governor's that counts here."""
    found = history(node)
    return found[0] if found else None


def history(node: Node) -> list[HeldRules]:
    """Every version of the governor's that counts here, newest first."""
    rows = node.store.all(
        "SELECT * FROM zone_rules WHERE counts AND governor = ? ORDER BY version DESC", governor(node) or ""
    )
    return [HeldRules(digest=row["digest"], rules=_rules(row["text"]), came_at=row["at"]) for row in rows]


def find(node: Node, digest: str) -> ZoneRules | None:
    """The rules with this digest, if they count here."""
    row = node.store.one("SELECT text FROM zone_rules WHERE digest = ? AND counts", digest)
    return None if row is None else _rules(row["text"])


def require_within(node: Node, policy: Policy, *, threshold: int) -> None:
    """Raises NodeError unless the policy was written under the rules in force here and undercuts none of them."""
    held = in_force(node)
    if policy.zone_rules != (held.digest if held else None):
        if held is not None and (policy.zone_rules is None or find(node, policy.zone_rules) is not None):
            raise Refused(Refusal("zone-rules-old", {"version": str(held.rules.version)}))
        raise Refused(Refusal("zone-rules-unknown", {"digest": (policy.zone_rules or "")[:16]}))
    if held is None:
        return
    try:
        require_above_floors(policy, held.rules, threshold=threshold)
    except KernelRefused as below:
        raise Refused(below.refusal) from None


def require_next(node: Node, rules: ZoneRules, organisation: str) -> None:
    """Raises NodeError unless this node's organisation may sign these rules as the zone's next version."""
    if rules.governor != organisation or organisation != node.organisation:
        raise NodeError("not-ours")
    if governor(node) not in (None, organisation):
        raise Refused(Refusal("not-governor", {"organisation": node.name_of(governor(node) or "")}))
    held = in_force(node)
    expected = (held.rules.version + 1, held.digest) if held else (1, None)
    if (rules.version, rules.previous) != expected:
        raise Refused(Refusal("zone-rules-version", {"expected": str(expected[0])}))
    below = [refusal for one in rules.templates for refusal in template_undercuts(one, rules)]
    if below:
        raise Refused(below[0])


def sift(node: Node, tx: Transaction) -> None:
    """Let what the governor signed count, each version once: after rules came, and after a card was believed."""
    said = tx.setting(_GOVERNOR)
    for row in tx.all(
        "SELECT digest, text FROM zone_rules WHERE NOT counts AND governor = ? ORDER BY rowid", said or ""
    ):
        rules = _counts(node, _signed(row["text"]), said or "")
        taken = "SELECT 1 FROM zone_rules WHERE counts AND governor = ? AND version = ?"
        if rules is not None and not tx.one(taken, said, rules.version):
            tx.run("UPDATE zone_rules SET counts = 1 WHERE digest = ?", row["digest"])


def _counts(node: Node, document: Signed, by: str) -> ZoneRules | None:
    """The rules, if a key of the organisation's confirmed card signed them, or one that it replaced not long ago."""
    try:
        return node.require_signed(document, ZoneRules, by=by, dated=read(document, ZoneRules).drafted_at, now=now_ms())
    except (DocumentError, SignatureInvalid):
        return None


def _rules(text: str) -> ZoneRules:
    return read(_signed(text), ZoneRules)


def _signed(text: str) -> Signed:
    return msgspec.json.decode(text, type=Signed)
