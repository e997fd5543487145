"""Stage: align, count together how many firms stand in each band, and seal the counts to the recipient.

Every party feeds only its own points of its own rows. What comes out of the joint computation are the counts of bands,
for the whole set or for each of its groups, each of at least `minimum_group` firms: whether a count is large enough is
decided under secret sharing, so that one that is not never exists outside the shares. Groups with too few firms are put
together until every one has enough, so that the groups' counts and the set's tell nothing by subtraction.

Task: as `grade`, with "minimum_group" and "grouping". Result as there.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from apps.node.config import write_private as write_durably
from apps.node.resultfile import Counted, CountFile, result_data
from apps.node.stages.align import ROOT, Aligned, agreement, align, own_points, share_salt
from apps.node.stages.rows import credentials, endpoint
from creditzone.kernel.credit.groups import groups_of
from creditzone.kernel.documents import Scorecard, parse
from creditzone.kernel.engine.mpc import Session
from creditzone.kernel.engine.stage import Emit, serve
from creditzone.kernel.sm import sm3
from creditzone.kernel.sm.envelope import seal_to
from creditzone.kernel.sm.sm2 import PublicKey


def work(task: dict[str, Any], emit: Emit) -> dict[str, Any]:
    """Run this party's part of the joint statistic."""
    scratch = Path.cwd()
    card = parse(task["model"].encode(), Scorecard)
    with Session(
        task["engine"],
        rank=task["rank"],
        endpoints=[endpoint(one) for one in task["endpoints"]],
        link_id=task["link_id"],
        credentials=credentials(scratch, task["link"]),
        timeout_ms=task["timeout_ms"],
        scratch=scratch,
    ) as session:
        session.agree({"request": task["request"], "job": task["job"], "attempt": task["attempt"]})
        salt = share_salt(session)
        aligned = align(session, task, emit)
        counted = _count(session, task, card, aligned, emit)
    emit({"event": "stage", "stage": "seal"})
    return {
        "matched": len(aligned.codes),
        "common": len(aligned.codes) + len(aligned.left_out),
        "used_up": len(aligned.left_out) if task["recipient_rank"] == task["rank"] else aligned.used_up,
        "agreement": agreement(task, salt, aligned.codes),
        **_seal_result(task, aligned, counted),
        "sealed": [],
    }


def _count(
    session: Session, task: dict[str, Any], card: Scorecard, aligned: Aligned, emit: Emit
) -> list[Counted] | None:
    """The bands of each group, at the recipient; None elsewhere."""
    points = own_points(task, card, aligned.codes)
    part = points.sum(axis=1, dtype=np.int32) + np.int32(card.base if task["rank"] == ROOT else 0)
    groups = groups_of(aligned.codes, grouping=task["grouping"], least=task["minimum_group"])
    counted = []
    for done, (name, places) in enumerate(groups.items(), start=1):
        bands = session.count(
            part[places],
            cuts=list(card.cuts),
            minimum_group=task["minimum_group"],
            recipient_rank=task["recipient_rank"],
            group=name,
        )
        emit({"event": "batch", "done": done, "total": len(groups)})
        if bands is not None:
            counted.append(Counted(group=name, firms=len(places), bands=tuple(bands.tolist())))
    return counted if task["recipient_rank"] == task["rank"] else None


def _seal_result(task: dict[str, Any], aligned: Aligned, counted: list[Counted] | None) -> dict[str, Any]:
    """At the recipient: the counts, sealed to its own key and put down durably."""
    if counted is None:
        return {"output": None, "rows": None}
    result = CountFile(
        job=task["job"],
        attempt=task["attempt"],
        request=task["request"],
        model=task["model"],
        minimum_group=task["minimum_group"],
        grouping=task["grouping"],
        counted=tuple(counted),
    )
    key = PublicKey.from_hex(task["recipient_key"])
    sealed = seal_to(key, msgspec.json.encode(result), associated=result_data(task["zone"], task["job"]))
    write_durably(Path(task["result_path"]), sealed)
    return {"output": sm3.digest(sealed), "rows": len(aligned.codes)}


if __name__ == "__main__":
    serve(work)
