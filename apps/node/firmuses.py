"""Uses of single firms under rules that limit them: counted here by firm, rule and recipient, before points are made.

A firm stands here by a keyed hash of its code; the key is the node's own. A use of a firm counts from the moment at
which the set is fixed and before anything of the joint computation leaves, in one transaction; attempts of one job
share it. Uses whose firms nobody can tell any more, since a restored store lost them, count against every firm.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from apps.node.node import Node
from apps.node.store import Transaction
from creditzone.kernel.policy.tags import tag_key

_KEY: Final = "firm-key"


@dataclass(frozen=True, kw_only=True)
class Limit:
    """What limits a job's firms: at most `uses` of one firm under the rule for the recipient."""

    capsule: str
    rule: str
    recipient: str
    job: str
    uses: int


def key_for(node: Node, *, capsule: str, recipient: str) -> bytes:
    """The key under which firms are remembered for this capsule and recipient."""
    with node.store.write() as tx:
        kept = tx.setting(_KEY)
        if kept is None:
            secret = secrets.token_bytes(32)
            tx.keep(_KEY, node.keys.seal(secret, use=_KEY).hex())
        else:
            secret = node.keys.open_sealed(bytes.fromhex(kept), use=_KEY)
    return tag_key(secret, capsule=capsule, recipient=recipient)


def used_up(tx: Transaction, limit: Limit) -> set[bytes] | None:
    """The tags of the firms that have no use left, other jobs' uses counted; None where that is every firm."""
    left = limit.uses - lost_under(tx, capsule=limit.capsule, rule=limit.rule, but=limit.job)
    if left <= 0:
        return None
    rows = tx.all(
        "SELECT firm FROM firm_use WHERE capsule = ? AND rule = ? AND recipient = ? AND job <> ?"
        " GROUP BY firm HAVING count(*) >= ?",
        limit.capsule,
        limit.rule,
        limit.recipient,
        limit.job,
        left,
    )
    return {bytes(row["firm"]) for row in rows}


def spend(tx: Transaction, limit: Limit, tags: Iterable[bytes]) -> None:
    """Count a use of each firm for the job, once however often it is tried."""
    for tag in tags:
        tx.run(
            "INSERT INTO firm_use (capsule, rule, recipient, firm, job) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            limit.capsule,
            limit.rule,
            limit.recipient,
            tag,
            limit.job,
        )


def lose(tx: Transaction, *, capsule: str, job: str) -> None:
    """The job's use is spent, and nothing here tells of which firms: it counts against each."""
    tx.run("UPDATE use SET firms_lost = 1 WHERE capsule = ? AND job = ?", capsule, job)


def lose_what_is_unknown(tx: Transaction) -> None:
    """Spent uses that matched nobody as far as this store knows may have matched somebody: they count against each."""
    tx.run("UPDATE use SET firms_lost = 1 WHERE state = 'spent' AND rows = 0")


def lost(node: Node) -> int:
    """How many uses count against every firm."""
    row = node.store.one("SELECT count(*) AS number FROM use WHERE firms_lost = 1 AND state = 'spent'")
    return int(row["number"]) if row is not None else 0


def lost_under(tx: Transaction, *, capsule: str, rule: str, but: str) -> int:
    """How many spent uses of a rule nothing tells the firms of any more, those of the job `but` left out."""
    row = tx.one(
        "SELECT count(*) AS number FROM use WHERE capsule = ? AND rule = ? AND job <> ? AND firms_lost = 1"
        " AND state = 'spent'",
        capsule,
        rule,
        but,
    )
    return int(row["number"]) if row is not None else 0
