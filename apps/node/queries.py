"""The history of statistics at the provider's node: by recipient and capsule, sealed in the store.

Asked between alignment and the first share (`releases`), in the transaction that lets the job go on, so that of two
jobs at once the second sees the first. The firms stand here as keyed hashes, and those under the keystore's key.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import Final

from apps.node.firmuses import lost_under
from apps.node.node import Node
from apps.node.store import Transaction
from creditzone.kernel.documents import now_ms
from creditzone.kernel.policy.history import Asked, Budget, Part, budget_of, judge
from creditzone.kernel.policy.tags import split_tags
from creditzone.kernel.refusals import Refusal

_NO_SETS: Final = ""


@dataclass(frozen=True, kw_only=True)
class Query:
    """A statistic that a recipient asks of a capsule here."""

    capsule: str
    rule: str
    recipient: str
    job: str
    minimum_group: int


def ask(node: Node, tx: Transaction, query: Query, parts: Sequence[Part]) -> Refusal | None:
    """Judge the sets against the history and write them into it; a refused question stays in it only as probing. A
    restored store that lost some of the history judges nothing."""
    lost = lost_under(tx, capsule=query.capsule, rule=query.rule, but=query.job)
    if lost:
        return Refusal("query-lost", {"uses": str(lost)})
    history = list(_history(node, tx, capsule=query.capsule, recipient=query.recipient))
    refusal = judge(history, parts, job=query.job, minimum_group=query.minimum_group, now=now_ms())
    if refusal is None:
        for part in parts:
            _keep(node, tx, query, part)
    elif refusal.clause == "minimum-group":
        _write(tx, query, _NO_SETS, told=False, sealed=b"")
    return refusal


def budgets(node: Node, capsule: str) -> dict[str, Budget]:
    """What each recipient has used of its window, by recipient."""
    rows = node.store.all("SELECT recipient, job, told, at FROM query WHERE capsule = ? ORDER BY recipient", capsule)
    return {
        recipient: budget_of([Asked(row["job"], row["at"], bool(row["told"])) for row in found], now=now_ms())
        for recipient, found in groupby(rows, key=itemgetter("recipient"))
    }


def _history(node: Node, tx: Transaction, *, capsule: str, recipient: str) -> Iterator[Asked]:
    for row in tx.all("SELECT * FROM query WHERE capsule = ? AND recipient = ?", capsule, recipient):
        parts: tuple[Part, ...] = ()
        if row["told"]:
            firms = node.keys.open_sealed(row["firms"], use=_use(capsule, recipient, row["job"]))
            parts = (Part(row["question"], frozenset(split_tags(firms))),)
        yield Asked(row["job"], row["at"], bool(row["told"]), parts)


def _keep(node: Node, tx: Transaction, query: Query, part: Part) -> None:
    sealed = node.keys.seal(b"".join(sorted(part.firms)), use=_use(query.capsule, query.recipient, query.job))
    _write(tx, query, part.question, told=True, sealed=sealed)


def _write(tx: Transaction, query: Query, question: str, *, told: bool, sealed: bytes) -> None:
    tx.run(
        "INSERT INTO query (capsule, recipient, job, question, told, firms, at) VALUES (?, ?, ?, ?, ?, ?, ?)",
        query.capsule,
        query.recipient,
        query.job,
        question,
        int(told),
        sealed,
        now_ms(),
    )


def _use(capsule: str, recipient: str, job: str) -> str:
    return f"query {capsule} {recipient} {job}"
