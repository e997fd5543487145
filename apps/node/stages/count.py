"""Stage: align, count together how many firms stand in each band, and seal the counts to the recipient.

Every party feeds only its own points of its own rows. What comes out of the joint computation are the counts of bands,
for the whole set or for each of its groups, each of at least `minimum_group` firms: whether a count is large enough is
decided under secret sharing, so that one that is not never exists outside the shares. Groups with too few firms are put
together until every one has enough, so that the groups' counts and the set's tell nothing by subtraction.

Task: as `grade`, with "minimum_group" and "grouping". Result as there.
"""

from __future__ import annotations

from typing import Any

from apps.node.resultfile import Counted, CountFile
from apps.node.stages.joint import Joined, counts_for_receipt, is_recipient, joined, put_down
from creditzone.kernel.credit.groups import groups_of
from creditzone.kernel.engine.stage import Emit, serve


def work(task: dict[str, Any], emit: Emit) -> dict[str, Any]:
    """Run this party's part of the joint statistic."""
    with joined(task, emit) as done:
        counted = _count(task, done, emit)
    emit({"event": "stage", "stage": "seal"})
    result = _result(task, counted) if is_recipient(task) else None
    return {**counts_for_receipt(task, done), **put_down(task, result, rows=len(done.aligned.codes)), "sealed": []}


def _count(task: dict[str, Any], done: Joined, emit: Emit) -> list[Counted]:
    """The bands of each group, at the recipient; none elsewhere."""
    groups = groups_of(done.aligned.codes, grouping=task["grouping"], least=task["minimum_group"])
    counted = []
    for number, (name, places) in enumerate(groups.items(), start=1):
        bands = done.session.count(
            done.part[places],
            cuts=list(done.card.cuts),
            minimum_group=task["minimum_group"],
            recipient_rank=task["recipient_rank"],
            group=name,
        )
        emit({"event": "batch", "done": number, "total": len(groups)})
        if bands is not None:
            counted.append(Counted(group=name, firms=len(places), bands=tuple(bands.tolist())))
    return counted


def _result(task: dict[str, Any], counted: list[Counted]) -> CountFile:
    return CountFile(
        job=task["job"],
        attempt=task["attempt"],
        request=task["request"],
        model=task["model"],
        minimum_group=task["minimum_group"],
        grouping=task["grouping"],
        counted=tuple(counted),
    )


if __name__ == "__main__":
    serve(work)
