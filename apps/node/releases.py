"""The moment between alignment and the first share: the set is fixed, and this node counts what the job uses.

A joint stage asks through its pipe and lays the firms' tags into scratch; it goes on only when what is counted is
durable. Whatever ends the job before has used nothing; whatever ends it after has used what stands here.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path

from apps.node import firmuses, queries, uses
from apps.node.firmuses import Limit
from apps.node.node import Node
from apps.node.queries import Query
from apps.node.stages.names import FIRMS, PARTS, USED_UP, write_private
from creditzone.kernel.policy.constraints.base import Scope
from creditzone.kernel.policy.constraints.count import Count
from creditzone.kernel.policy.history import Part
from creditzone.kernel.policy.tags import split_tags
from creditzone.kernel.policy.use import Use
from creditzone.kernel.refusals import Refusal


@dataclass(frozen=True, kw_only=True)
class Release:
    """What a job is judged by at this moment: its rule's counts as they stand now, a limit of uses of one firm, the
    history of statistics.

    `question` is what a statistic counts by: its scorecard and the least number of firms."""

    capsule: str
    job: str
    use: Use
    count: Count
    limit: Limit | None = None
    query: Query | None = None
    question: str = ""


def tell_used_up(node: Node, release: Release, scratch: Path) -> None:
    """Lay down, for each firm of the common set in its order, whether it has no use left."""
    tags = _tags(scratch)
    gone: set[bytes] | None = set()
    if release.limit is not None:
        with node.store.write() as tx:
            gone = firmuses.used_up(tx, release.limit)
    write_private(scratch / USED_UP, bytes(gone is None or tag in gone for tag in tags))


def let_go_on(node: Node, release: Release, scratch: Path, *, rows: int) -> Refusal | None:
    """Judge the set and count what it uses, in one transaction; a refusal counts nothing but that it was asked."""
    limit, query = release.limit, release.query
    tags = _tags(scratch) if limit or query else []
    with node.store.write() as tx:
        counts = uses.counted(node, release.capsule, but=release.job)
        refusal = release.count.check(replace(release.use, scope=Scope.RELEASE, rows=rows, counts=counts))
        if refusal is not None:
            return refusal
        if limit is not None:
            gone = firmuses.used_up(tx, limit)
            over = len(tags) if gone is None else len(gone.intersection(tags))
            if over:
                return Refusal("uses-a-firm", {"firms": str(over)})
        if query is not None:
            refusal = queries.ask(node, tx, query, _parts(scratch, tags, question=release.question))
            if refusal is not None:
                return refusal
        if limit is not None:
            firmuses.spend(tx, limit, tags)
        uses.note_rows(tx, capsule=release.capsule, job=release.job, rows=rows)
    return None


def _tags(scratch: Path) -> list[bytes]:
    return list(split_tags((scratch / FIRMS).read_bytes()))


def _parts(scratch: Path, tags: list[bytes], *, question: str) -> list[Part]:
    """The sets over which a statistic counts, as tags."""
    parts = json.loads((scratch / PARTS).read_bytes())
    return [Part(f"{question} {name}", frozenset(tags[place] for place in places)) for name, places in parts]
