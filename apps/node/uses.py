"""Uses of capsules, counted here and nowhere else: reserved at acceptance, spent before the first byte leaves.

The key is capsule and job, so that the attempts of one job share a use and counting is exact under crashes; counts
hang on a rule's id and go on when the policy is edited.
"""

from __future__ import annotations

from collections import Counter

from apps.node.node import Node
from apps.node.store import Transaction
from creditzone.kernel.documents import now_ms


class UseLost(Exception):
    """The use that this attempt was to spend is not reserved (any more)."""


def reserve(tx: Transaction, *, capsule: str, job: str, rule: str) -> None:
    """Reserve a use for the job; one that the job spent already stays spent, under the rule that it spent."""
    tx.run(
        "INSERT INTO use (capsule, job, rule, state, changed_at) VALUES (?, ?, ?, 'reserved', ?)"
        " ON CONFLICT (capsule, job) DO UPDATE SET state = 'reserved', rule = excluded.rule,"
        " changed_at = excluded.changed_at WHERE use.state <> 'spent'",
        capsule,
        job,
        rule,
        now_ms(),
    )


def spend(tx: Transaction, *, capsule: str, job: str) -> None:
    """Make the reserved use spent; spent before is spent. Raises UseLost where none is reserved."""
    changed = tx.run(
        "UPDATE use SET state = 'spent', changed_at = ? WHERE capsule = ? AND job = ? AND state <> 'released'",
        now_ms(),
        capsule,
        job,
    )
    if not changed:
        raise UseLost


def spend_again(tx: Transaction, *, capsule: str, job: str) -> int:
    """Make a use spent that was spent before this store's backup was put back; 1 where it was not known here."""
    return tx.run(
        "UPDATE use SET state = 'spent', changed_at = ? WHERE capsule = ? AND job = ? AND state <> 'spent'",
        now_ms(),
        capsule,
        job,
    )


def release(tx: Transaction, *, capsule: str, job: str) -> None:
    """Give a reserved use back; a spent one stays spent."""
    tx.run(
        "UPDATE use SET state = 'released', changed_at = ? WHERE capsule = ? AND job = ? AND state = 'reserved'",
        now_ms(),
        capsule,
        job,
    )


def is_spent(node: Node, *, capsule: str, job: str) -> bool:
    """Whether the job's use is spent."""
    row = node.store.one("SELECT state FROM use WHERE capsule = ? AND job = ?", capsule, job)
    return row is not None and row["state"] == "spent"


def counted(node: Node, capsule: str, *, but: str) -> dict[str, int]:
    """Uses reserved or spent by rule, those of the job `but` left out."""
    rows = node.store.all(
        "SELECT rule FROM use WHERE capsule = ? AND job <> ? AND state IN ('reserved', 'spent')", capsule, but
    )
    return dict(Counter(row["rule"] for row in rows))


def by_state(node: Node, capsule: str) -> dict[tuple[str, str], int]:
    """Numbers of uses by (rule, state)."""
    rows = node.store.all(
        "SELECT rule, state, count(*) AS number FROM use WHERE capsule = ? GROUP BY rule, state", capsule
    )
    return {(row["rule"], row["state"]): row["number"] for row in rows}
