"""Authorisations that their firms took back: kept as they came, counted only with the firm's own signature."""

from __future__ import annotations

import msgspec

from apps.node.node import Node
from apps.node.store import Transaction
from creditzone.kernel.documents import AuthorisationWithdrawal, Signed, now_ms


def keep(tx: Transaction, document: Signed, withdrawal: AuthorisationWithdrawal) -> None:
    """Keep a withdrawal, whoever brought it: one that its firm did not sign stands in no other's way."""
    tx.run(
        "INSERT INTO withdrawal (authorisation, text, at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        withdrawal.authorisation,
        msgspec.json.encode(document).decode(),
        now_ms(),
    )


def of(node: Node, authorisation: str) -> list[Signed]:
    """What came here as a withdrawal of the authorisation with this digest."""
    rows = node.store.all("SELECT text FROM withdrawal WHERE authorisation = ?", authorisation)
    return [msgspec.json.decode(row["text"], type=Signed) for row in rows]
