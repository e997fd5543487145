"""Stage: put output shares together at a recipient outside the computation.

Task: {"shares": [OutputShare.to_json(), ...]}. Result: {"values": [int, ...]}.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from creditzone.kernel.engine.link import quiet_engine_log
from creditzone.kernel.engine.mpc import OutputShare, reconstruct
from creditzone.kernel.engine.stage import Emit, serve


def work(task: dict[str, Any], emit: Emit) -> dict[str, Any]:
    quiet_engine_log(Path.cwd())
    values = reconstruct([OutputShare.from_json(share) for share in task["shares"]])
    return {"values": values.tolist()}


if __name__ == "__main__":
    serve(work)
