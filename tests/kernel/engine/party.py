"""A stage for the tests: one party of a job, from its codes and points to what the engines give it."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Any

import numpy as np

from creditzone.kernel.engine.link import Endpoint, LinkCredentials
from creditzone.kernel.engine.mpc import OutputShare, Session
from creditzone.kernel.engine.psi import intersect
from creditzone.kernel.engine.stage import Emit, serve


def work(task: dict[str, Any], emit: Emit) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for step in task["steps"]:
        emit({"event": "step", "step": step})
        result |= STEPS[step](task, emit, result)
    return result


def psi_step(task: dict[str, Any], emit: Emit, so_far: dict[str, Any]) -> dict[str, Any]:
    """Towards the first party, pairwise; the receiver keeps what all others hold."""
    me, others = task["rank"], task["psi"]
    common: set[str] | None = None
    for pair in others:
        own, peer = (Endpoint(**pair["me"]), Endpoint(**pair["peer"]))
        found = intersect(
            task["codes"],
            receiver=me == 0,
            me=own,
            peer=peer,
            link_id=pair["link_id"],
            credentials=credentials(task),
            scratch=Path.cwd(),
            protocol=task.get("psi_protocol", "rr22"),
            timeout_ms=task["timeout_ms"],
        )
        if found is not None:
            common = set(found) if common is None else common & set(found)
    return {"common": sorted(common) if common is not None else None}


def grade_step(task: dict[str, Any], emit: Emit, so_far: dict[str, Any]) -> dict[str, Any]:
    points = dict(zip(task["codes"], task["points"], strict=True))
    with Session(
        task["protocol"],
        rank=task["rank"],
        endpoints=[Endpoint(**one) for one in task["endpoints"]],
        link_id=task["link_id"],
        credentials=credentials(task),
        timeout_ms=task["timeout_ms"],
    ) as session:
        session.agree(task.get("facts", {}))
        emit({"event": "linked"})
        given = so_far.get("common", task.get("common")) if task["rank"] == 0 else None
        codes = session.broadcast_set(given, root=0)
        output = session.grade(
            np.array([points[code] for code in codes], dtype=np.int32),
            cuts=task["cuts"],
            disclosure=task.get("disclosure", "grade"),
            decision_band=task.get("decision_band"),
            recipient_rank=task.get("recipient", 0),
            on_batch=lambda done, total: emit({"event": "batch", "done": done, "total": total}),
        )
    if isinstance(output, OutputShare):
        return {"codes": codes, "share": output.to_json()}
    return {"codes": codes, "output": output.tolist() if output is not None else None}


def die_step(task: dict[str, Any], emit: Emit, so_far: dict[str, Any]) -> dict[str, Any]:
    os.kill(os.getpid(), signal.SIGKILL)
    return {}


def hang_step(task: dict[str, Any], emit: Emit, so_far: dict[str, Any]) -> dict[str, Any]:
    """Never ends, and leaves a grandchild of the same group that would not either."""
    if os.fork() == 0:
        time.sleep(600)
    emit({"event": "hanging", "pid": os.getpid()})
    Path("left-behind.csv").write_text("91110000600037341L\n")
    time.sleep(600)
    return {}


def raise_step(task: dict[str, Any], emit: Emit, so_far: dict[str, Any]) -> dict[str, Any]:
    raise ValueError("91110000600037341L owes 1234567 fen")


def abort_step(task: dict[str, Any], emit: Emit, so_far: dict[str, Any]) -> dict[str, Any]:
    os.write(2, b"91110000600037341L owes 1234567 fen\n")
    os.abort()


def credentials(task: dict[str, Any]) -> LinkCredentials:
    certificate, key = task["credentials"]
    return LinkCredentials(certificate_path=Path(certificate), key_path=Path(key))


STEPS = {
    "psi": psi_step,
    "grade": grade_step,
    "die": die_step,
    "hang": hang_step,
    "raise": raise_step,
    "abort": abort_step,
}

if __name__ == "__main__":
    serve(work)
