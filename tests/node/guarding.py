"""Custodians for tests: whom a node chose, and the portal's part of carrying what the nodes say to each other."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from apps.node import guardians
from apps.node.node import Node
from creditzone.kernel.documents import Signed, Statement, StatementPassed, read
from tests.node.world import Zone

CARRIED = ("deposit", "share-asked", "share", "share-withheld")


def choose(node: Node, *organisations: str, least: int = 2) -> None:
    """Let these guard beside the node."""
    with node.store.write() as tx:
        guardians.keep(node, tx, organisations, least=least, by="test")


def said(node: Node, kind: str) -> list[Signed]:
    """The node's statements of one kind, as it signed them."""
    rows = node.store.all("SELECT text FROM outbox WHERE kind = ? ORDER BY number", kind)
    return [msgspec.json.decode(row["text"], type=Signed) for row in rows]


def carry(zone: Zone, sender: Node, *kinds: str, alter: Callable[[Signed], Signed] = lambda one: one) -> list[Signed]:
    """The portal hands on what `sender` said for others, as often as it is called; what was handed on."""
    passed = []
    for kind in kinds or CARRIED:
        for one in said(sender, kind):
            for to in receivers(zone, one):
                zone.send(to, StatementPassed, statement=alter(one))
                passed.append(one)
    return passed


def receivers(zone: Zone, statement: Signed) -> Sequence[Node]:
    """The node that a statement names."""
    to = read(statement, Statement).body.to
    return [node for organisation, node in zone.nodes.items() if organisation == to]


def pass_to(zone: Zone, node: Node, statement: Signed) -> None:
    """The portal hands one statement to one node."""
    zone.send(node, StatementPassed, statement=statement)
