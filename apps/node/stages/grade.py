"""Stage: align, grade together, and seal what comes out to whoever may read it.

Every party aligns on the common set, checks it, computes its own points in the clear on its own rows, and feeds only
them. The recipient's part of the output is sealed to its own encryption key before this process ends; a recipient
outside the computation gets output shares and reasons sealed to its key, which the runner signs: no private key of the
organisation is here. Nothing plain is written.

Task: see `computation.Computation`. Result: {"matched", "agreement", "output", "rows", "sealed": [[content, size]]}. In
scratch: `out-<content>` for each sealed message.
"""

from __future__ import annotations

import json
import secrets
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np

from apps.node.config import write_private as write_durably
from apps.node.resultfile import ResultFile, result_data
from apps.node.sealed import Purpose, close
from apps.node.stages.rows import (
    COMMON,
    PAIRS,
    credentials,
    endpoint,
    read_authorisations,
    read_codes,
    read_dropped,
    read_values,
    write_private,
)
from creditzone.kernel.credit.scorecard import features_of, points_of, reasons_of
from creditzone.kernel.documents import Policy, Scorecard, now_ms, parse
from creditzone.kernel.engine.faults import EngineFault
from creditzone.kernel.engine.mpc import OutputShare, Session
from creditzone.kernel.engine.stage import Emit, serve
from creditzone.kernel.orders import require_sound_set
from creditzone.kernel.policy.constraints.base import Scope
from creditzone.kernel.policy.evaluation import require_still_allowed
from creditzone.kernel.policy.use import Use
from creditzone.kernel.refusals import Refused
from creditzone.kernel.sm import sm3
from creditzone.kernel.sm.envelope import seal_to
from creditzone.kernel.sm.sm2 import PublicKey

SALT: Final = 32
_ROOT: Final = 0


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
        salt = _share_salt(session)
        codes = _align(session, task, scratch, emit)
        emit({"event": "aligned", "matched": len(codes)})
        points = _own_points(task, card, scratch, codes)
        part = points.sum(axis=1, dtype=np.int32) + np.int32(card.base if task["rank"] == _ROOT else 0)
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
        "agreement": _agreement(task, salt, codes),
        **_seal_result(task, scratch, codes, output, reasons),
        "sealed": sealed,
    }


def _share_salt(session: Session) -> bytes:
    """A salt that only the parties know: the agreement in a receipt then tells a reader nothing about the set."""
    if session.rank == _ROOT:
        salt = secrets.token_bytes(SALT)
        for peer in session.link.peers:
            session.link.send(peer, salt)
        return salt
    salt = session.link.receive(_ROOT)
    if len(salt) != SALT:
        raise EngineFault("set-damaged")
    return salt


def _align(session: Session, task: dict[str, Any], scratch: Path, emit: Emit) -> list[str]:
    """The common set as the root tells it, checked by everyone that holds rows. Raises Refused through `serve`."""
    brings = session.rank == _ROOT
    subject = task["subject"]
    own = ([subject] if subject else read_codes(scratch, COMMON)) if brings else None
    codes = session.broadcast_set(own, root=_ROOT)
    held = set(read_codes(scratch))
    try:
        require_sound_set(codes, held=held.__contains__)
        if subject is not None and codes != [subject]:
            raise Refused("set-foreign")
        _require_released(task, codes)
    except Refused as refused:
        emit({"event": "refused", "clause": refused.refusal.clause, "facts": refused.refusal.facts})
        raise EngineFault("set-damaged") from None
    return codes


def _require_released(task: dict[str, Any], codes: list[str]) -> None:
    """The set is known and nothing of the joint computation has run: the rule that permits the job is judged once more.
    Raises Refused."""
    use = replace(msgspec.convert(task["use"], Use), rows=len(codes), at=now_ms())
    require_still_allowed(parse(task["policy"].encode(), Policy), use, Scope.RELEASE, rule=task["rule"])


def _own_points(task: dict[str, Any], card: Scorecard, scratch: Path, codes: list[str]) -> Any:
    """This party's points for the common set: int32[matched, features]."""
    place = {code: at for at, code in enumerate(read_codes(scratch))}
    values = read_values(scratch)[[place[code] for code in codes]]
    names = [feature.column for feature in features_of(card, task["domain"])]
    return points_of(card, task["domain"], {name: values[:, at] for at, name in enumerate(names)})


def _agreement(task: dict[str, Any], salt: bytes, codes: list[str]) -> str:
    """What all receipts must agree on: request, attempt, set, counts and engine settings, under the salt."""
    facts = {
        "request": task["request"],
        "attempt": task["attempt"],
        "codes": sm3.digest("\n".join(codes).encode()),
        "matched": len(codes),
        "engine": task["engine"],
        "disclosure": task["disclosure"],
        "model": sm3.digest(task["model"].encode()),
    }
    return sm3.digest(salt + json.dumps(facts, sort_keys=True).encode())


def _seal_result(
    task: dict[str, Any], scratch: Path, codes: list[str], output: Any, reasons: list[list[str]] | None
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
        codes=tuple(codes),
        values=tuple(output.tolist()),
        reasons=None if reasons is None else tuple(tuple(row) for row in reasons),
        unmatched={party: tuple(gone) for party, gone in zip(task["pair_parties"], missing, strict=True)},
        dropped=tuple(read_dropped(scratch)),
        authorisations=tuple(authorisations[code] for code in codes),
    )
    key = PublicKey.from_hex(task["recipient_key"])
    sealed = seal_to(key, msgspec.json.encode(result), associated=result_data(task["zone"], task["job"]))
    write_durably(Path(task["result_path"]), sealed)
    return {"output": sm3.digest(sealed), "rows": len(codes)}


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
