"""Authorisations that firms gave to others: kept as they came, counted only with the firm's own signature."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from apps.node.node import Node
from apps.node.store import Transaction
from creditzone.kernel.consent import consenting, rests_on_signatures
from creditzone.kernel.documents import Authorisation, Signed, now_ms
from creditzone.kernel.orders import CheckedOrder, Standing, is_withdrawn


def keep(tx: Transaction, document: Signed, given: Authorisation) -> None:
    """Keep an authorisation, whoever brought it: one that its firm did not sign stands in no other's way."""
    tx.run(
        "INSERT INTO authorisation (digest, enquirer, text, at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
        document.digest,
        given.enquirer,
        msgspec.json.encode(document).decode(),
        now_ms(),
    )


def of_job(node: Node, checked: CheckedOrder, standing: Standing) -> dict[str, str] | None:
    """The firms whose rows may enter the job here, each with the digest of the authorisation that lets them; None where
    the job does not rest on firms' signatures."""
    if not rests_on_signatures(checked):
        return None
    rows = node.store.all("SELECT text FROM authorisation WHERE enquirer = ?", checked.request.recipient)
    return consenting((msgspec.json.decode(row["text"], type=Signed) for row in rows), checked, standing)


def is_one_taken_back(node: Node, given: Mapping[str, str], standing: Standing, *, since: int) -> bool:
    """Whether a firm took back, from `since` on, one of these authorisations."""
    firms = {digest: firm for firm, digest in given.items()}
    rows = node.store.all("SELECT DISTINCT authorisation FROM withdrawal WHERE at >= ?", since)
    came = [row["authorisation"] for row in rows if row["authorisation"] in firms]
    return any(is_withdrawn(digest, firms[digest], standing) for digest in came)
