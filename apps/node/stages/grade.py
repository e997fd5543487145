"""Stage: align, grade together, and seal what comes out to whoever may read it.

Every party aligns on the common set, checks it, computes its own points in the clear on its own rows, and feeds only
them. The recipient's part of the output is sealed to its own encryption key before this process ends; a recipient
outside the computation gets output shares and reasons sealed to its key, which the runner signs: no private key of the
organisation is here. Nothing plain is written.

Task: see `computation.Computation`. Result: {"matched", "common", "used_up", "agreement", "output", "rows", "sealed":
[[content, size]]}. In scratch: `out-<content>` for each sealed message.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from apps.node.config import write_private as write_durably
from apps.node.resultfile import ResultFile, result_data
from apps.node.sealed import Purpose, close
from apps.node.stages.align import ROOT, Aligned, agreement, align, own_points, share_salt
from apps.node.stages.names import write_private
from apps.node.stages.rows import PAIRS, credentials, endpoint, read_authorisations, read_dropped
from creditzone.kernel.credit.scorecard import reasons_of
from creditzone.kernel.documents import Scorecard, parse
from creditzone.kernel.engine.mpc import OutputShare, Session
from creditzone.kernel.engine.stage import Emit, serve
from creditzone.kernel.sm import sm3
from creditzone.kernel.sm.envelope import seal_to
from creditzone.kernel.sm.sm2 import PublicKey


def work(task: dict[str, Any], emit: Emit) -> dict[str, Any]:
    """Run this party's part of the joint grading."""
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
        codes = aligned.codes
        points = own_points(task, card, codes)
        part = points.sum(axis=1, dtype=np.int32) + np.int32(card.base if task["rank"] == ROOT else 0)
        output = session.grade(
            part,
            cuts=list(card.cuts),
            disclosure=task["disclosure"],
            recipient_rank=task["recipient_rank"],
            decision_band=task["decision_band"],
            on_batch=lambda done, total: emit({"event": "batch", "done": done, "total": total}),
        )
    emit({"event": "stage", "stage": "seal"})
    reasons = reasons_of(card, task["domain"], points) if task["reasons"] else None
    sealed = _deliver(task, scratch, codes, output, reasons)
    return {
        "matched": len(codes),
        "common": len(codes) + len(aligned.left_out),
        "used_up": len(aligned.left_out) if task["recipient_rank"] == task["rank"] else aligned.used_up,
        "agreement": agreement(task, salt, codes),
        **_seal_result(task, scratch, aligned, output, reasons),
        "sealed": sealed,
    }


def _seal_result(
    task: dict[str, Any], scratch: Path, aligned: Aligned, output: Any, reasons: list[list[str]] | None
) -> dict[str, Any]:
    """At a recipient that computes: the result, sealed to its own key and put down durably."""
    if task["recipient_rank"] != task["rank"]:
        return {"output": None, "rows": None}
    missing = json.loads((scratch / PAIRS).read_bytes())
    authorisations = read_authorisations(scratch)
    result = ResultFile(
        job=task["job"],
        attempt=task["attempt"],
        request=task["request"],
        model=task["model"],
        disclosure=task["disclosure"],
        decision_band=task["decision_band"],
        codes=tuple(aligned.codes),
        values=tuple(output.tolist()),
        reasons=None if reasons is None else tuple(tuple(row) for row in reasons),
        unmatched={party: tuple(gone) for party, gone in zip(task["pair_parties"], missing, strict=True)},
        dropped=(*read_dropped(scratch), *((code, "uses-a-firm") for code in aligned.left_out)),
        authorisations=tuple(authorisations[code] for code in aligned.codes),
    )
    key = PublicKey.from_hex(task["recipient_key"])
    sealed = seal_to(key, msgspec.json.encode(result), associated=result_data(task["zone"], task["job"]))
    write_durably(Path(task["result_path"]), sealed)
    return {"output": sm3.digest(sealed), "rows": len(aligned.codes)}


def _deliver(
    task: dict[str, Any], scratch: Path, codes: list[str], output: Any, reasons: list[list[str]] | None
) -> list[str]:
    """Envelopes for a recipient that is not this party, for the runner to sign; their contents' names."""
    if task["recipient"] == task["party"]:
        return []
    messages: dict[str, Any] = {}
    if isinstance(output, OutputShare):
        messages["share"] = {
            "request": task["request"],
            "model": task["model"],
            "disclosure": task["disclosure"],
            "decision_band": task["decision_band"],
            "codes": codes,
            "share": output.to_json(),
        }
    if reasons is not None:
        messages["reasons"] = {"request": task["request"], "codes": codes, "reasons": reasons}
    recipient = PublicKey.from_hex(task["recipient_key"])
    for content, message in messages.items():
        purpose = Purpose(
            zone=task["zone"],
            job=task["job"],
            attempt=task["attempt"],
            sender=task["party"],
            to=task["recipient"],
            content=content,
        )
        write_private(scratch / f"out-{content}", close(purpose, json.dumps(message), recipient=recipient))
    return sorted(messages)


if __name__ == "__main__":
    serve(work)
