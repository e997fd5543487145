"""Uses of capsules, counted here and nowhere else: reserved at acceptance, spent before the first byte leaves.

The key is capsule and job, so that the attempts of one job share a use and counting is exact under crashes; counts
hang on a rule's id and go on when the policy is edited.
"""

from __future__ import annotations

import datetime
from typing import Final
from zoneinfo import ZoneInfo

from apps.node.node import Node
from apps.node.store import Transaction
from creditzone.kernel.documents import now_ms
from creditzone.kernel.policy.use import Counts

_SHANGHAI: Final = ZoneInfo("Asia/Shanghai")


class UseLost(Exception):
    """The use that this attempt was to spend is not reserved (any more)."""


def reserve(tx: Transaction, *, capsule: str, job: str, rule: str, at: int | None = None) -> None:
    """Reserve a use for the job, now or as of `at`; one that the job spent already stays spent, under the rule that it
    spent."""
    tx.run(
        "INSERT INTO use (capsule, job, rule, state, changed_at) VALUES (?, ?, ?, 'reserved', ?)"
        " ON CONFLICT (capsule, job) DO UPDATE SET state = 'reserved', rule = excluded.rule,"
        " changed_at = excluded.changed_at WHERE use.state <> 'spent'",
        capsule,
        job,
        rule,
        now_ms() if at is None else at,
    )


def count_under(tx: Transaction, *, capsule: str, job: str, rule: str) -> bool:
    """Let the job's use, if it is not spent yet, count under this rule; whether it does."""
    return bool(
        tx.run(
            "UPDATE use SET rule = ? WHERE capsule = ? AND job = ? AND (state = 'reserved' OR rule = ?)",
            rule,
            capsule,
            job,
            rule,
        )
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


def spend_again(tx: Transaction, *, capsule: str, job: str, at: int) -> int:
    """Make a use spent that was spent at `at`, after this store's backup; 1 where that was not known here."""
    return tx.run(
        "UPDATE use SET state = 'spent', changed_at = ? WHERE capsule = ? AND job = ? AND state <> 'spent'",
        at,
        capsule,
        job,
    )


def spend_what_is_open(tx: Transaction) -> int:
    """Count every reserved use as spent: nothing tells whether it was. How many there were."""
    return tx.run("UPDATE use SET state = 'spent' WHERE state = 'reserved'")


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


def counted(node: Node, capsule: str, *, but: str) -> dict[str, Counts]:
    """Uses reserved or spent by rule, those of the job `but` left out; a day begins at midnight in Shanghai."""
    rows = node.store.all(
        "SELECT rule, count(*) AS total, sum(changed_at >= ?) AS today,"
        " sum(CASE WHEN changed_at >= ? THEN rows ELSE 0 END) AS rows_today"
        " FROM use WHERE capsule = ? AND job <> ? AND state IN ('reserved', 'spent') GROUP BY rule",
        midnight(now_ms()),
        midnight(now_ms()),
        capsule,
        but,
    )
    return {row["rule"]: Counts(total=row["total"], today=row["today"], rows_today=row["rows_today"]) for row in rows}


def note_rows(tx: Transaction, *, capsule: str, job: str, rows: int) -> None:
    """How many firms the job's use matched: known once the parties have aligned."""
    tx.run("UPDATE use SET rows = ? WHERE capsule = ? AND job = ?", rows, capsule, job)


def midnight(at: int) -> int:
    """The beginning of an instant's day in Shanghai, in milliseconds UTC."""
    local = datetime.datetime.fromtimestamp(at / 1000, _SHANGHAI)
    return int(local.replace(hour=0, minute=0, second=0, microsecond=0).timestamp() * 1000)


def by_state(node: Node, capsule: str) -> dict[tuple[str, str], int]:
    """Numbers of uses by (rule, state)."""
    rows = node.store.all(
        "SELECT rule, state, count(*) AS number FROM use WHERE capsule = ? GROUP BY rule, state", capsule
    )
    return {(row["rule"], row["state"]): row["number"] for row in rows}
