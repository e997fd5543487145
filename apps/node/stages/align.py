"""What every joint stage does first: one salt, one common set that everybody checked, own points on its rows.

The set is fixed in two steps. Each party leaves out the firms that its own node says have no use left; then its node,
which alone holds the store, judges what remains, counts the uses and says whether to go on. Nothing of the joint
computation has left anybody before. Raises EngineFault; a Refused is told first.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import msgspec

from apps.node.stages.names import FIRMS, PARTS, USED_UP, write_private
from apps.node.stages.rows import COMMON, read_codes, read_values
from creditzone.kernel.common_set import require_sound_set
from creditzone.kernel.credit.groups import groups_of
from creditzone.kernel.credit.scorecard import features_of, points_of
from creditzone.kernel.documents import Policy, Scorecard, now_ms, parse
from creditzone.kernel.engine.faults import EngineFault
from creditzone.kernel.engine.mpc import Session
from creditzone.kernel.engine.stage import Emit, ask
from creditzone.kernel.policy.constraints.base import Scope
from creditzone.kernel.policy.evaluation import require_still_allowed
from creditzone.kernel.policy.tags import tags_of
from creditzone.kernel.policy.use import Use
from creditzone.kernel.refusals import Refused
from creditzone.kernel.sm import sm3

ROOT: Final = 0
_SALT: Final = 32


@dataclass(frozen=True, kw_only=True)
class Aligned:
    """The firms of the job in their order, those that some party left out, and how many this party itself did."""

    codes: list[str]
    left_out: list[str]
    used_up: int


def share_salt(session: Session) -> bytes:
    """A salt that only the parties know: the agreement in a receipt then tells a reader nothing about the set."""
    if session.rank == ROOT:
        salt = secrets.token_bytes(_SALT)
        for peer in session.link.peers:
            session.link.send(peer, salt)
        return salt
    salt = session.link.receive(ROOT)
    if len(salt) != _SALT:
        raise EngineFault("set-damaged")
    return salt


def align(session: Session, task: dict[str, Any], emit: Emit) -> Aligned:
    """The set that all parties feed, checked by everyone that holds rows."""
    scratch = Path.cwd()
    brings, subject = session.rank == ROOT, task["subject"]
    own = ([subject] if subject else read_codes(scratch, COMMON)) if brings else None
    common = session.broadcast_set(own, root=ROOT)
    held = set(read_codes(scratch))
    try:
        require_sound_set(common, held=held.__contains__)
        if subject is not None and common != [subject]:
            raise Refused("set-foreign")
        gone = _used_up(task, scratch, common, emit)
        codes = session.leave_out(common, gone.__contains__, root=ROOT)
        _require_released(task, scratch, codes, emit, asked=len(common))
    except Refused as refused:
        emit({"event": "refused", "clause": refused.refusal.clause, "facts": refused.refusal.facts})
        raise EngineFault("set-damaged") from None
    kept = set(codes)
    return Aligned(codes=codes, left_out=[code for code in common if code not in kept], used_up=len(gone))


def own_points(task: dict[str, Any], card: Scorecard, codes: Sequence[str]) -> Any:
    """This party's points for the set: int32[matched, features]."""
    scratch = Path.cwd()
    place = {code: at for at, code in enumerate(read_codes(scratch))}
    values = read_values(scratch)[[place[code] for code in codes]]
    names = [feature.column for feature in features_of(card, task["domain"])]
    return points_of(card, task["domain"], {name: values[:, at] for at, name in enumerate(names)})


def agreement(task: dict[str, Any], salt: bytes, codes: Sequence[str]) -> str:
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


def _used_up(task: dict[str, Any], scratch: Path, codes: list[str], emit: Emit) -> set[str]:
    """The firms that this party's node says have no use left under the job's rule."""
    if task["firm_key"] is None:
        return set()
    tags = tags_of(bytes.fromhex(task["firm_key"]), codes)
    write_private(scratch / FIRMS, b"".join(tags))
    ask(emit, "used-up")
    mask = (scratch / USED_UP).read_bytes()
    return {code for code, is_gone in zip(codes, mask, strict=True) if is_gone}


def _require_released(task: dict[str, Any], scratch: Path, codes: list[str], emit: Emit, *, asked: int) -> None:
    """The set is fixed and nothing of the joint computation has run: the rule that permits the job is judged once more,
    and the node counts what is used. Raises Refused."""
    if not codes:
        raise Refused("uses-a-firm", firms=asked)
    if task["minimum_group"] is not None:
        _tell_parts(task, scratch, codes)
        if len(codes) < task["minimum_group"]:  # asked all the same: the node remembers that it was
            _go_on(ask(emit, "release", matched=len(codes)))
            raise Refused("minimum-group", found=len(codes), k=task["minimum_group"])
    use = replace(msgspec.convert(task["use"], Use), rows=len(codes), group=len(codes), at=now_ms())
    require_still_allowed(parse(task["policy"].encode(), Policy), use, Scope.RELEASE, rule=task["rule"])
    if task["firm_key"] is not None:
        write_private(scratch / FIRMS, b"".join(tags_of(bytes.fromhex(task["firm_key"]), codes)))
    _go_on(ask(emit, "release", matched=len(codes)))


def _tell_parts(task: dict[str, Any], scratch: Path, codes: list[str]) -> None:
    """Lay down, for the node's history, the sets over which the statistic counts: the whole, and each group of it."""
    groups = groups_of(codes, grouping=task["grouping"], least=task["minimum_group"])
    parts = [(f"by {task['grouping']}", list(range(len(codes))))] if task["grouping"] else []
    parts += [("", places) for places in groups.values()]
    write_private(scratch / PARTS, json.dumps(parts).encode())
    if task["firm_key"] is not None:
        write_private(scratch / FIRMS, b"".join(tags_of(bytes.fromhex(task["firm_key"]), codes)))


def _go_on(answer: dict[str, Any]) -> None:
    if answer:
        raise Refused(answer["clause"], **answer["facts"])
