"""Statements on their way to the portal: numbered, each with its predecessor's digest, kept until acknowledged.

A statement is written in the transaction of what it tells, so that neither exists without the other.
"""

from __future__ import annotations

from typing import Final

import msgspec

from apps.node.node import Node
from apps.node.store import Store, Transaction
from creditzone.kernel.documents import (
    FOR_ONE_READER,
    CardIssued,
    DepositSent,
    Recalled,
    SealedSent,
    ShareReleased,
    Signed,
    Statement,
    StatementBody,
    now_ms,
    read,
    signed,
)
from creditzone.kernel.sm.keys import Signer

_SPEAKS_WITH: Final = "speaks-with"
_ANNOUNCED: Final = "card-announced"
_UNKEPT: Final = tuple(str(body.__struct_config__.tag) for body in FOR_ONE_READER)
_SEALED: Final = tuple(str(body.__struct_config__.tag) for body in (SealedSent, DepositSent, ShareReleased))


def say(node: Node, tx: Transaction, body: StatementBody, *, organisation: str | None = None) -> int:
    """Append a statement for `organisation` (the node's own unless named); its number."""
    before, previous = last(tx)
    number = before + 1
    statement = Statement(
        zone=node.zone,
        node=node.organisation,
        organisation=organisation or node.organisation,
        number=number,
        previous=previous,
        unkept=unkept(tx),
        at=now_ms(),
        body=body,
    )
    document = signed(statement, voice(node, tx), by=node.organisation)
    tx.run(
        "INSERT INTO outbox (number, digest, text, kind, at) VALUES (?, ?, ?, ?, ?)",
        number,
        document.digest,
        msgspec.json.encode(document).decode(),
        str(body.__struct_config__.tag),
        statement.at,
    )
    return number


def announce(node: Node, tx: Transaction, card: Signed, *, known: str) -> None:
    """Say that a card with another key took the place of the one with `known`, which alone the portal knows until it
    has heard so."""
    if tx.setting(_SPEAKS_WITH) is None:
        tx.keep(_SPEAKS_WITH, known)
    tx.keep(_ANNOUNCED, str(say(node, tx, CardIssued(card=card))))


def is_announcing(tx: Store | Transaction) -> bool:
    """Whether the portal has not heard of this node's present card yet."""
    return tx.setting(_SPEAKS_WITH) is not None


def voice(node: Node, tx: Store | Transaction) -> Signer:
    """What signs statements and calls: the key by which the portal knows this node."""
    known = tx.setting(_SPEAKS_WITH)
    return node.keys.signing if known is None else node.keys.signer(known)


def waiting(node: Node, *, most: int = 200, most_bytes: int = 1_500_000) -> list[Signed]:
    """The oldest statements that are not acknowledged: at most `most`, and about `most_bytes` of text."""
    rows = node.store.all("SELECT text FROM outbox WHERE acknowledged = 0 ORDER BY number LIMIT ?", most)
    batch: list[Signed] = []
    size = 0
    for row in rows:
        size += len(row["text"])
        if batch and size > most_bytes:
            break
        batch.append(msgspec.json.decode(row["text"], type=Signed))
    return batch


def is_waiting(node: Node) -> bool:
    """Whether there is something that the portal has not acknowledged."""
    return node.store.one("SELECT 1 FROM outbox WHERE acknowledged = 0 LIMIT 1") is not None


def acknowledge(tx: Transaction, *, up_to: int) -> None:
    """The portal has all statements up to this number; sealed messages, deposits and shares keep only their digest."""
    tx.run(
        f"UPDATE outbox SET acknowledged = 1, text = CASE WHEN kind IN ({_marks(_SEALED)}) THEN '' ELSE text END"  # noqa: S608 (marks only)
        " WHERE acknowledged = 0 AND number <= ?",
        *_SEALED,
        up_to,
    )
    if int(tx.setting(_ANNOUNCED) or up_to + 1) <= up_to:
        tx.forget(_SPEAKS_WITH)
        tx.forget(_ANNOUNCED)


def last_number(node: Node, *, acknowledged: bool = False) -> int:
    """The number of the newest statement, or of the newest that the portal has; 0 where there is none."""
    row = node.store.one("SELECT max(number) AS number FROM outbox WHERE acknowledged >= ?", int(acknowledged))
    return int(row["number"] or 0) if row is not None else 0


def last(tx: Transaction) -> tuple[int, str | None]:
    """Number and digest of the newest statement; (0, None) where there is none."""
    row = tx.one("SELECT number, digest FROM outbox ORDER BY number DESC LIMIT 1")
    return (0, None) if row is None else (int(row["number"]), str(row["digest"]))


def unkept(tx: Transaction) -> int:
    """How many of the newest statements in a row were for one reader, so that the portal keeps only their digests."""
    newest_kept = f"SELECT number FROM outbox WHERE kind NOT IN ({_marks(_UNKEPT)}) ORDER BY number DESC LIMIT 1"  # noqa: S608 (marks only)
    row = tx.one(
        f"SELECT count(*) AS number FROM outbox WHERE number > coalesce(({newest_kept}), 0)",  # noqa: S608 (as above)
        *_UNKEPT,
    )
    return 0 if row is None else int(row["number"])


def take_back(tx: Transaction, recalled: Recalled) -> None:
    """Keep one of this node's own statements that the portal held and this store did not."""
    said = recalled.statement
    kind = _UNKEPT[0] if said is None else str(read(said, Statement).body.__struct_config__.tag)
    tx.run(
        "INSERT INTO outbox (number, digest, text, kind, acknowledged, at) VALUES (?, ?, ?, ?, 1, ?)",
        recalled.number,
        recalled.digest,
        "" if said is None else msgspec.json.encode(said).decode(),
        kind,
        now_ms(),
    )


def _marks(values: tuple[str, ...]) -> str:
    return ", ".join("?" * len(values))
