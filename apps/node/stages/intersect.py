"""Stage: private set intersection towards the recipient, pairwise where there are three parties.

Task: {"me": endpoint, "receiver": bool, "pairs": [{"me", "peer", "link_id"}], "link": {"certificate", "key"},
"protocol", "timeout_ms"}. Result at the receiver: {"matched": n, "known": [n a pair]}; elsewhere {"matched": null}. In
scratch: `common`, the codes that all hold, and `pairs`, for each pair the receiver's codes that the other lacks.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from apps.node.stages.names import write_private
from apps.node.stages.rows import COMMON, PAIRS, credentials, endpoint, read_codes
from creditzone.kernel.engine.faults import EngineFault
from creditzone.kernel.engine.psi import intersect
from creditzone.kernel.engine.stage import Emit, serve


def work(task: dict[str, Any], emit: Emit) -> dict[str, Any]:
    """Run the intersections of this party, one after the other."""
    scratch = Path.cwd()
    codes = read_codes(scratch)
    own = credentials(scratch, task["link"])
    common, known, missing = set(codes), [], []
    for pair in task["pairs"]:
        found = intersect(
            codes,
            receiver=task["receiver"],
            me=endpoint(pair["me"]),
            peer=endpoint(pair["peer"]),
            link_id=pair["link_id"],
            credentials=own,
            scratch=scratch,
            protocol=task["protocol"],
            timeout_ms=task["timeout_ms"],
        )
        if task["receiver"]:
            held = set(found or ())
            known.append(len(held))
            missing.append(sorted(set(codes) - held))
            common &= held
        emit({"event": "pair", "done": len(known)})
    if not task["receiver"]:
        return {"matched": None, "known": []}
    if not common:
        emit({"event": "refused", "clause": "set-empty", "facts": {}})
        raise EngineFault("empty-set")
    write_private(scratch / COMMON, "\n".join(sorted(common)).encode("ascii"))
    write_private(scratch / PAIRS, json.dumps(missing).encode())
    return {"matched": len(common), "known": known}


if __name__ == "__main__":
    serve(work)
