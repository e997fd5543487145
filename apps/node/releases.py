"""The moment between alignment and the first share: the set is fixed, and this node counts what the job uses.

A joint stage asks through its pipe and lays the firms' tags into scratch; it goes on only when what is counted is
durable. Whatever ends the job before has used nothing; whatever ends it after has used what stands here.
"""

from __future__ import annotations

from pathlib import Path

from apps.node import firmuses, uses
from apps.node.firmuses import Limit
from apps.node.node import Node
from apps.node.stages.names import FIRMS, USED_UP, write_private
from creditzone.kernel.policy.tags import split_tags
from creditzone.kernel.refusals import Refusal


def tell_used_up(node: Node, limit: Limit | None, scratch: Path) -> None:
    """Lay down, for each firm of the common set in its order, whether it has no use left."""
    tags = list(split_tags((scratch / FIRMS).read_bytes()))
    gone: set[bytes] | None = set()
    if limit is not None:
        with node.store.write() as tx:
            gone = firmuses.used_up(tx, limit)
    write_private(scratch / USED_UP, bytes(gone is None or tag in gone for tag in tags))


def release(node: Node, limit: Limit | None, scratch: Path, *, capsule: str, job: str, rows: int) -> Refusal | None:
    """Count the set's firms in one transaction; a refusal, with nothing counted, where another job was first."""
    with node.store.write() as tx:
        if limit is not None:
            tags = list(split_tags((scratch / FIRMS).read_bytes()))
            gone = firmuses.used_up(tx, limit)
            if gone is None or gone.intersection(tags):
                return Refusal(
                    "uses-a-firm", {"firms": str(len(tags) if gone is None else len(gone.intersection(tags)))}
                )
            firmuses.spend(tx, limit, tags)
        uses.note_rows(tx, capsule=capsule, job=job, rows=rows)
    return None
