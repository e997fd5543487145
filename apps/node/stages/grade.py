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

from apps.node.resultfile import ResultFile
from apps.node.sealed import Purpose, close
from apps.node.stages.align import Aligned
from apps.node.stages.joint import counts_for_receipt, is_recipient, joined, put_down
from apps.node.stages.names import write_private
from apps.node.stages.rows import PAIRS, read_authorisations, read_dropped
from creditzone.kernel.credit.scorecard import reasons_of
from creditzone.kernel.engine.mpc import OutputShare
from creditzone.kernel.engine.stage import Emit, serve
from creditzone.kernel.sm.sm2 import PublicKey


def work(task: dict[str, Any], emit: Emit) -> dict[str, Any]:
    """Run this party's part of the joint grading."""
    scratch = Path.cwd()
    with joined(task, emit) as done:
        output = done.session.grade(
            done.part,
            cuts=list(done.card.cuts),
            disclosure=task["disclosure"],
            recipient_rank=task["recipient_rank"],
            decision_band=task["decision_band"],
            on_batch=lambda graded, total: emit({"event": "batch", "done": graded, "total": total}),
        )
    emit({"event": "stage", "stage": "seal"})
    codes = done.aligned.codes
    reasons = reasons_of(done.card, task["domain"], done.points) if task["reasons"] else None
    sealed = _deliver(task, scratch, codes, output, reasons)
    result = _result(task, scratch, done.aligned, output, reasons) if is_recipient(task) else None
    return {**counts_for_receipt(task, done), **put_down(task, result, rows=len(codes)), "sealed": sealed}


def _result(
    task: dict[str, Any], scratch: Path, aligned: Aligned, output: Any, reasons: list[list[str]] | None
) -> ResultFile:
    """What a recipient that computes has learned."""
    missing = json.loads((scratch / PAIRS).read_bytes())
    authorisations = read_authorisations(scratch)
    return ResultFile(
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
