"""Shares of a capsule's secret that this provider asks its custodians for: at an order, for one attempt of one job.

A release counts only as the custodian's own signed statement, for just this attempt, and where it fits what the header
says of that share; it stays sealed as it came until the capsule is opened, and goes when the attempt ends.
"""

from __future__ import annotations

import base64
import sqlite3
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import msgspec

from apps.node import custody, outbox, sealed
from apps.node.node import Node
from apps.node.program import code_digest
from apps.node.store import Transaction
from creditzone.kernel.custody.shares import SALT, Share
from creditzone.kernel.documents import (
    CapsuleHeader,
    Holder,
    Order,
    ShareAsked,
    ShareReleased,
    ShareWithheld,
    Signed,
    Statement,
    now_ms,
)
from creditzone.kernel.refusals import Refusal, Refused

if TYPE_CHECKING:
    from apps.node.attempts import Attempt

Answer = ShareReleased | ShareWithheld


def needs_others(header: CapsuleHeader) -> bool:
    """Whether the provider's own part does not suffice."""
    return header.custody.threshold > 1


def ask(node: Node, tx: Transaction, *, header: CapsuleHeader, order: Order, document: Signed) -> None:
    """Ask every custodian's node for its share under this order."""
    for holder in custodians(header):
        tx.run(
            "INSERT INTO share_ask (job, fence, holder, capsule, version, state, asked_at)"
            " VALUES (?, ?, ?, ?, ?, 'asked', ?)",
            order.job,
            order.fence,
            holder.organisation,
            header.capsule,
            header.version,
            now_ms(),
        )
        body = ShareAsked(
            capsule=header.capsule,
            version=header.version,
            to=holder.organisation,
            job=order.job,
            attempt=order.attempt,
            fence=order.fence,
            order=document,
            program=code_digest(),
        )
        outbox.say(node, tx, body)


def custodians(header: CapsuleHeader) -> list[Holder]:
    """The holders whose nodes can be asked."""
    return [holder for holder in header.custody.holders if holder.kind == "node"]


def hear(node: Node, tx: Transaction, said: Statement, body: Answer, *, header: CapsuleHeader) -> None:
    """Note a custodian's answer; the first one to what was asked stands, others change nothing."""
    row = tx.one("SELECT * FROM share_ask WHERE job = ? AND fence = ? AND holder = ?", body.job, body.fence, said.node)
    if row is None or row["state"] != "asked" or body.to != node.organisation:
        return
    state, clause, facts = "withheld", "", {}
    if isinstance(body, ShareWithheld):
        clause, facts = body.refusal.clause, dict(body.refusal.facts)
    else:
        state = _judged(node, said, body, row, header)
    tx.run(
        "UPDATE share_ask SET state = ?, clause = ?, facts = ?, body = ?, expires_at = ?, answered_at = ?"
        " WHERE job = ? AND fence = ? AND holder = ?",
        state,
        clause,
        msgspec.json.encode(facts).decode(),
        body.body if isinstance(body, ShareReleased) else "",
        body.expires_at if isinstance(body, ShareReleased) else 0,
        now_ms(),
        body.job,
        body.fence,
        said.node,
    )


def _judged(
    node: Node, said: Statement, body: ShareReleased, row: sqlite3.Row, header: CapsuleHeader
) -> Literal["released", "wrong"]:
    holder = next((one for one in custodians(header) if one.organisation == said.node), None)
    about = (body.capsule, body.version) == (row["capsule"], row["version"]) == (header.capsule, header.version)
    if holder is None or not about:
        return "wrong"
    share = _opened(node, holder, header, body.body, purpose_of(node, said.node, node.organisation, body))
    return "wrong" if share is None else "released"


def purpose_of(node: Node, sender: str, to: str, body: ShareReleased) -> sealed.Purpose:
    """What the envelope of a release is for: one holder's share of one version, for one attempt, until an instant."""
    return _purpose(
        node,
        sender=sender,
        to=to,
        job=body.job,
        attempt=body.attempt,
        about=f"{body.capsule} {body.version} {body.fence} {body.expires_at}",
    )


def _purpose(node: Node, *, sender: str, to: str, job: str, attempt: int, about: str) -> sealed.Purpose:
    return sealed.Purpose(zone=node.zone, job=job, attempt=attempt, sender=sender, to=to, content=f"key-share {about}")


def _opened(node: Node, holder: Holder, header: CapsuleHeader, body: str, purpose: sealed.Purpose) -> Share | None:
    """The released share; None where it is damaged, was for another place, or is not the one of the header."""
    try:
        message = base64.b64decode(body, validate=True)
        sender = next(
            (
                key
                for key in node.keys_of(holder.organisation, now=now_ms())
                if sealed.is_by(purpose, message, sender=key)
            ),
            None,
        )
        if sender is None:
            return None
        plain = bytes.fromhex(sealed.unseal(purpose, message, key=node.keys.encryption, sender=sender))
    except (sealed.MessageDamaged, ValueError):
        return None
    share = Share(holder.index, plain[:SALT], plain[SALT:])
    return share if share.fits(holder.commitment, header.capsule, header.version) else None


def settled(tx: Transaction, *, job: str, fence: int, header: CapsuleHeader) -> bool:
    """Whether enough shares are here; False while answers are awaited that can still make it enough.

    Raises Refused, naming the holder, where it cannot become enough any more."""
    rows = _rows(tx, job, fence)
    needed = header.custody.threshold - 1
    here = sum(row["state"] == "released" for row in rows)
    if here >= needed:
        return True
    if here + sum(row["state"] == "asked" for row in rows) >= needed:
        return False
    raise _refused(rows, header)


def overdue(tx: Transaction, *, job: str, fence: int, header: CapsuleHeader) -> Refused:
    """Why the attempt ends, now that nobody waits for more answers: what was answered, or who was silent."""
    return _refused(_rows(tx, job, fence), header)


def _refused(rows: list[sqlite3.Row], header: CapsuleHeader) -> Refused:
    names = {holder.organisation: holder.name for holder in header.custody.holders}
    for row in rows:
        if row["state"] == "wrong":
            return Refused("share-wrong", holder=names[row["holder"]])
    for row in rows:
        if row["state"] == "withheld":
            facts = msgspec.json.decode(row["facts"], type=dict[str, str])
            return Refused("share-withheld", **{**facts, "holder": names[row["holder"]], "why": row["clause"]})
    silent = [names[row["holder"]] for row in rows if row["state"] == "asked"]
    return Refused("share-missing", holder=", ".join(silent) or header.custody.holders[0].name)


def secret_of(node: Node, attempt: Attempt, header: CapsuleHeader) -> bytes:
    """The header's secret, from the own part and what was released for this attempt; raises Refused."""
    return custody.secret_of(node, header, _released(node, attempt, header))


def _released(node: Node, attempt: Attempt, header: CapsuleHeader) -> list[Share]:
    """The shares that were released for this attempt and still may be used."""
    rows = node.store.all(
        "SELECT * FROM share_ask WHERE job = ? AND fence = ? AND state = 'released' AND version = ? AND expires_at > ?",
        attempt.job,
        attempt.fence,
        header.version,
        now_ms(),
    )
    kept = {row["holder"]: row for row in rows}
    found = []
    for holder in custodians(header):
        if (row := kept.get(holder.organisation)) is None:
            continue
        purpose = _purpose(
            node,
            sender=holder.organisation,
            to=node.organisation,
            job=attempt.job,
            attempt=attempt.attempt,
            about=f"{row['capsule']} {row['version']} {attempt.fence} {row['expires_at']}",
        )
        share = _opened(node, holder, header, row["body"], purpose)
        if share is None:
            raise Refused("share-wrong", holder=holder.name)
        found.append(share)
    return found


@dataclass(frozen=True, kw_only=True)
class Heard:
    """What a custodian last did when it was asked: released, withheld, wrong, or (still) silent since `at`."""

    capsule: str
    holder: str
    state: str
    at: int
    refusal: Refusal | None


def heard(node: Node) -> dict[tuple[str, str], Heard]:
    """The newest answer of each custodian about each capsule, by capsule and organisation."""
    found: dict[tuple[str, str], Heard] = {}
    for row in node.store.all("SELECT * FROM share_ask ORDER BY asked_at, fence"):
        facts = msgspec.json.decode(row["facts"], type=dict[str, str])
        found[row["capsule"], row["holder"]] = Heard(
            capsule=row["capsule"],
            holder=row["holder"],
            state=row["state"],
            at=row["answered_at"] or row["asked_at"],
            refusal=Refusal(row["clause"], facts) if row["clause"] else None,
        )
    return found


def forget(tx: Transaction, *, job: str, fence: int) -> None:
    """The attempt is over: what was released for it goes."""
    if tx.run("UPDATE share_ask SET body = '' WHERE job = ? AND fence = ? AND body <> ''", job, fence):
        tx.deleted_secrets()


def _rows(tx: Transaction, job: str, fence: int) -> list[sqlite3.Row]:
    return tx.all("SELECT * FROM share_ask WHERE job = ? AND fence = ? ORDER BY holder", job, fence)
