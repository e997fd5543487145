"""A stage for the tests: one party of a job, from its codes and points to what the engines give it."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Any

import numpy as np

from creditzone.kernel.engine.link import Endpoint, LinkCredentials, meet
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
    common: set[str] | None = None
    for pair in task["psi"]:
        found = intersect(
            task["codes"],
            receiver=task["rank"] == 0,
            me=Endpoint(**pair["me"]),
            peer=Endpoint(**pair["peer"]),
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
    with session_of(task) as session:
        session.agree(task.get("facts", {}))
        die_if(task, "agreed")
        given = so_far.get("common", task.get("common")) if task["rank"] == 0 else None
        codes = session.broadcast_set(given, root=0)
        outputs = [
            session.grade(
                np.array([points[code] for code in codes], dtype=np.int32),
                cuts=cuts,
                disclosure=task.get("disclosure", "grade"),
                decision_band=task.get("decision_band"),
                recipient_rank=task.get("recipient", 0),
                on_batch=lambda done, total: (
                    emit({"event": "batch", "done": done, "total": total}),
                    die_if(task, "batch"),
                ),
            )
            for cuts in task["cuts"]
        ]
    return {"codes": codes, "outputs": [as_json(output) for output in outputs]}


def count_step(task: dict[str, Any], emit: Emit, so_far: dict[str, Any]) -> dict[str, Any]:
    """How many rows stand in each band, for each of several lists of points."""
    with session_of(task) as session:
        session.agree(task.get("facts", {}))
        counted = [
            session.count(
                np.array(points, dtype=np.int32),
                cuts=task["cuts"][0],
                minimum_group=task["minimum_group"],
                recipient_rank=task.get("recipient", 0),
            )
            for points in task["lists"]
        ]
    return {"counted": [as_json(output) for output in counted]}


def plain_step(task: dict[str, Any], emit: Emit, so_far: dict[str, Any]) -> dict[str, Any]:
    """A party that comes to the link without TLS."""
    from spu import libspu

    description = libspu.link.Desc()
    description.recv_timeout_ms = task["timeout_ms"]
    endpoints = [Endpoint(**one) for one in task["endpoints"]]
    for endpoint in endpoints:
        description.add_party(endpoint.party, f"{endpoint.host}:{endpoint.port}")
    meet(endpoints, rank=task["rank"], seconds=10)
    libspu.link.create_brpc(description, task["rank"])
    return {"linked": True}


def hang_step(task: dict[str, Any], emit: Emit, so_far: dict[str, Any]) -> dict[str, Any]:
    """Never ends, and leaves a grandchild of the same group that would not either."""
    if os.fork() == 0:
        time.sleep(600)
    Path("left-behind.csv").write_text(SECRET)
    emit({"event": "hanging", "group": os.getpgid(0)})
    time.sleep(600)
    return {}


def raise_step(task: dict[str, Any], emit: Emit, so_far: dict[str, Any]) -> dict[str, Any]:
    raise ValueError(SECRET)


def abort_step(task: dict[str, Any], emit: Emit, so_far: dict[str, Any]) -> dict[str, Any]:
    os.write(2, SECRET.encode())
    os.abort()


def look_step(task: dict[str, Any], emit: Emit, so_far: dict[str, Any]) -> dict[str, Any]:
    """What a stage can see of its surroundings."""
    import resource
    import tempfile

    print("a library prints", flush=True)
    return {
        "environment": sorted(os.environ),
        "cores": list(resource.getrlimit(resource.RLIMIT_CORE)),
        "temporary": tempfile.gettempdir(),
        "leads_its_session": os.getsid(0) == os.getpid(),
        "task": len(task["padding"]),
    }


def credentials(task: dict[str, Any]) -> LinkCredentials:
    certificate, key = task["credentials"]
    return LinkCredentials(certificate_path=Path(certificate), key_path=Path(key))


def session_of(task: dict[str, Any]) -> Session:
    return Session(
        task["protocol"],
        rank=task["rank"],
        endpoints=[Endpoint(**one) for one in task["endpoints"]],
        link_id=task["link_id"],
        credentials=credentials(task),
        timeout_ms=task["timeout_ms"],
    )


def die_if(task: dict[str, Any], moment: str) -> None:
    if task.get("die_at") == moment:
        os.kill(os.getpid(), signal.SIGKILL)


def as_json(output: Any) -> Any:
    if isinstance(output, OutputShare):
        return output.to_json()
    return None if output is None else output.tolist()


SECRET = "91110000600037341L owes 1234567 fen"
STEPS = {
    "psi": psi_step,
    "grade": grade_step,
    "count": count_step,
    "plain": plain_step,
    "hang": hang_step,
    "raise": raise_step,
    "abort": abort_step,
    "look": look_step,
}

if __name__ == "__main__":
    serve(work)
