"""Whom the node's own organisation chose to guard its capsules beside itself: other organisations' nodes, by card.

What is chosen holds for every policy that is signed from then on; what was sealed before keeps its holders. A firm that
a node hosts has no node that could ask for its shares: its capsules are guarded by its host's node alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import rfc8785

from apps.node import documents, sheets
from apps.node.errors import NodeError
from apps.node.node import Node
from apps.node.passkeys import bind
from apps.node.roster import Act, Acting
from apps.node.store import Transaction
from creditzone.kernel.custody.split import Guardian, Plan
from creditzone.kernel.documents import Card, key_id
from creditzone.kernel.sm import sm3
from creditzone.kernel.sm.sm2 import PublicKey

ALONE = 1


@dataclass(frozen=True, kw_only=True)
class Custodian:
    """An organisation whose node is to hold a share; `card` is None where its card is trusted no more."""

    organisation: str
    card: Card | None
    chosen_by: str
    chosen_at: int


def listing(node: Node) -> list[Custodian]:
    """The chosen custodians, in the order in which they were chosen."""
    rows = node.store.all("SELECT * FROM custodian ORDER BY chosen_at, organisation")
    return [
        Custodian(
            organisation=row["organisation"],
            card=node.card_of(row["organisation"]),
            chosen_by=row["chosen_by"],
            chosen_at=row["chosen_at"],
        )
        for row in rows
    ]


def threshold(node: Node) -> int:
    """How many holders it takes, the node itself among them."""
    return max(ALONE, node.store.number("custody-threshold"))


def eligible(node: Node) -> list[Card]:
    """The cards of those who can be chosen: confirmed, of other organisations, with a node of their own."""
    return sorted(
        (card for card in node.cards().values() if card.organisation != node.organisation and card.host is None),
        key=lambda card: card.organisation,
    )


def choose(node: Node, acting: Acting, organisations: Sequence[str], *, least: int) -> None:
    """Choose who guards, and how many it takes. Raises what `bind` raises, NodeError."""
    bind(node, acting, Act.CHOOSE_CUSTODIANS, custodians=list(organisations), threshold=least)
    if acting.organisation != node.organisation:
        raise NodeError("not-ours")
    with node.store.write() as tx:
        keep(node, tx, organisations, least=least, by=acting.person)


def keep(node: Node, tx: Transaction, organisations: Sequence[str], *, least: int, by: str) -> None:
    """Put these custodians in the place of those before; raises NodeError."""
    fit = {card.organisation for card in eligible(node)}
    for organisation in organisations:
        if organisation not in fit:
            raise NodeError("custodian-unfit", organisation=organisation)
    lowest = ALONE + 1 if organisations else ALONE
    if len(set(organisations)) != len(organisations) or not lowest <= least <= ALONE + len(organisations):
        raise NodeError("custody-threshold", least=lowest, most=ALONE + len(organisations))
    now = node.act(tx)
    tx.run("DELETE FROM custodian")
    for organisation in organisations:
        tx.run("INSERT INTO custodian (organisation, chosen_by, chosen_at) VALUES (?, ?, ?)", organisation, by, now)
    tx.keep("custody-threshold", str(least))


def plan(node: Node, provider: str) -> Plan:
    """Who is to guard the next version of a capsule; raises NodeError where a custodian's card is trusted no more."""
    owner = documents.own_encryption_key(node, provider)
    own = Guardian(kind="provider", organisation=provider, name=node.name_of(provider), key=key_id(owner))
    if provider != node.organisation:
        return Plan(threshold=ALONE, provider=own)
    custodians = [_guardian(node, one) for one in listing(node)]
    escrow = [_on_paper(one) for one in sheets.serving(node) if one.kind == "regulator"] if custodians else []
    return Plan(threshold=threshold(node), provider=own, others=(*custodians, *escrow))


def digest_of_plan(plan: Plan) -> str:
    """What stands for exactly these holders, keys and threshold in what people approve."""
    holders = [[one.kind, one.organisation, one.key] for one in (plan.provider, *plan.others)]
    return sm3.digest(rfc8785.dumps({"holders": holders, "threshold": plan.threshold}))


def _guardian(node: Node, custodian: Custodian) -> Guardian:
    if custodian.card is None:
        raise NodeError("card-unconfirmed", organisation=custodian.organisation)
    return Guardian(
        kind="node",
        organisation=custodian.organisation,
        name=node.name_of(custodian.organisation),
        key=key_id(PublicKey.from_hex(custodian.card.encryption_key)),
    )


def _on_paper(sheet: sheets.Sheet) -> Guardian:
    return Guardian(kind="regulator", organisation=sheet.organisation, name=sheet.name, key=sheet.id)
