"""What a joint grade and a joint count do alike: meet, align, feed the own part, and seal what the recipient learns."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from apps.node.config import write_private as write_durably
from apps.node.resultfile import CountFile, ResultFile, result_data
from apps.node.stages.align import ROOT, Aligned, agreement, align, own_points, share_salt
from apps.node.stages.rows import credentials, endpoint
from creditzone.kernel.documents import Scorecard, parse
from creditzone.kernel.engine.mpc import Session
from creditzone.kernel.engine.stage import Emit
from creditzone.kernel.sm import sm3
from creditzone.kernel.sm.envelope import seal_to
from creditzone.kernel.sm.sm2 import PublicKey


@dataclass(frozen=True, kw_only=True)
class Joined:
    """A session whose parties agreed and aligned. `points` are this party's: int32[matched, features]; `part` is their
    sum for each firm, with the card's base at one party."""

    session: Session
    card: Scorecard
    salt: bytes
    aligned: Aligned
    points: Any
    part: Any


@contextmanager
def joined(task: dict[str, Any], emit: Emit) -> Iterator[Joined]:
    """Meet the other parties, agree on request and attempt, align, and compute the own points in the clear."""
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
        points = own_points(task, card, aligned.codes)
        part = points.sum(axis=1, dtype=np.int32) + np.int32(card.base if task["rank"] == ROOT else 0)
        yield Joined(session=session, card=card, salt=salt, aligned=aligned, points=points, part=part)


def is_recipient(task: dict[str, Any]) -> bool:
    """Whether this party is the one that learns the outcome."""
    return bool(task["recipient_rank"] == task["rank"])


def counts_for_receipt(task: dict[str, Any], done: Joined) -> dict[str, Any]:
    """What the receipt tells of the set."""
    aligned = done.aligned
    return {
        "matched": len(aligned.codes),
        "common": len(aligned.codes) + len(aligned.left_out),
        "used_up": len(aligned.left_out) if is_recipient(task) else aligned.used_up,
        "agreement": agreement(task, done.salt, aligned.codes),
    }


def put_down(task: dict[str, Any], result: ResultFile | CountFile | None, *, rows: int) -> dict[str, Any]:
    """Seal the recipient's result to its own key and put it down durably; None at a party that gets none."""
    if result is None:
        return {"output": None, "rows": None}
    key = PublicKey.from_hex(task["recipient_key"])
    sealed = seal_to(key, msgspec.json.encode(result), associated=result_data(task["zone"], task["job"]))
    write_durably(Path(task["result_path"]), sealed)
    return {"output": sm3.digest(sealed), "rows": rows}
