"""Results: sealed to the recipient, opened in its node's memory while they are shown, and nowhere else.

A recipient that computed has one sealed file; one outside the computation has sealed shares from every computing
party, which a subprocess puts together. Provider's reasons come as sealed messages and are joined here.
"""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final, Literal, cast

import msgspec

from apps.node import documents, outbox, sealed
from apps.node.counts import OpenedCount, opened_count, own_file
from apps.node.errors import NodeError, NotFound
from apps.node.node import Node
from apps.node.resultfile import ResultFile
from apps.node.roster import Act, Acting, require
from apps.node.store import Transaction
from apps.node.wording import NodeNames
from creditzone.kernel.credit.scorecard import require_sound
from creditzone.kernel.documents import (
    DocumentError,
    GradesTaken,
    JobRequest,
    ResultOpened,
    Scorecard,
    TakenGrade,
    now_ms,
    parse,
    read,
)
from creditzone.kernel.engine.faults import EngineFault, StageFailed
from creditzone.kernel.engine.process import run_stage
from creditzone.kernel.engine.scratch import make_scratch, wipe
from creditzone.kernel.sm import sm3
from creditzone.kernel.sm.envelope import SealedToAnotherKey
from creditzone.kernel.sm.keys import Opener
from creditzone.kernel.sm.sm4 import AuthenticationError

TAKEN_AT_ONCE: Final = 500
_JOIN_SECONDS: Final = 60.0
_ENDED: Final = "ended:"
Reasons = dict[str, list[tuple[str, str]]]


@dataclass(frozen=True, kw_only=True)
class Result:
    """A result as the list shows it; nothing of it is open."""

    node: Node
    job: str
    title: str
    organisation: str
    model: str
    request: JobRequest
    rows: int | None
    state: Literal["waiting", "sealed", "ended", "deleted"]
    received_at: int | None
    opened_at: int | None
    taken: int
    delete_at: int | None = None
    """When a policy has it deleted, as far as that is known."""
    deleted_at: int | None = None
    why: str | None = None
    """Where the job ended without a result: the clause."""

    @property
    def disclosures(self) -> tuple[str, ...]:
        """What was asked for."""
        return self.request.disclosures

    @property
    def engine(self) -> str:
        """The engine that computed it."""
        return self.request.engine

    def model_name(self, language: str) -> str:
        """The scorecard's name and version, where this node has seen it."""
        return NodeNames(self.node, language).model(self.model)


@dataclass(frozen=True, kw_only=True)
class ResultRow:
    """One firm's line. What was not disclosed is None; `reasons` are (who says so, code)."""

    uscc: str
    band: int | None
    grade: str | None
    decision: bool | None
    score: int | None
    reasons: tuple[tuple[str, str], ...]
    authorisation: tuple[str, ...] = ()
    """Number, digest and expiry of what the firm's row rested on; empty where the recipient's rows bear none."""


@dataclass(frozen=True, kw_only=True)
class OpenedResult:
    """An opened result: in memory, for as long as a page needs it."""

    job: str
    title: str
    organisation: str
    scorecard: Scorecard
    disclosures: tuple[str, ...]
    rows: tuple[ResultRow, ...]
    grades: tuple[str, ...]
    distribution: tuple[tuple[str, int], ...]
    unmatched: tuple[str, ...]
    dropped: tuple[tuple[str, str], ...]
    counts: dict[str, int]
    received_at: int
    reasons_missing: tuple[str, ...] = field(default=())


def listing(node: Node, acting: Acting) -> list[Result]:
    """The organisation's results, newest first."""
    rows = node.store.all("SELECT * FROM result WHERE organisation = ? ORDER BY job DESC", acting.organisation)
    return [found for row in rows if (found := _result(node, row)) is not None]


def get(node: Node, acting: Acting, job: str) -> Result:
    """One result, unopened; raises NotFound."""
    row = node.store.one("SELECT * FROM result WHERE job = ? AND organisation = ?", job, acting.organisation)
    found = None if row is None else _result(node, row)
    if found is None:
        raise NotFound
    return found


def open_result(node: Node, acting: Acting, job: str, *, passphrase: str | None = None) -> OpenedResult | OpenedCount:
    """Open a result in this process's memory; the portal is told that it was opened, and by whom.

    Raises Forbidden, NotFound, WrongPassphrase, NodeError: result-ended, result-waiting, result-damaged."""
    require(acting, Act.OPEN_RESULT)
    found = get(node, acting, job)
    if found.state == "ended":
        raise NodeError("result-ended")
    if found.state != "sealed":
        raise NodeError("result-deleted" if found.state == "deleted" else "result-waiting")
    key = documents.encryption_key(node, acting.organisation, passphrase)
    opened = _opened(node, found, key)
    with node.store.write() as tx:
        at = node.act(tx)
        tx.run("UPDATE result SET opened_at = coalesce(opened_at, ?) WHERE job = ?", at, job)
        outbox.say(node, tx, ResultOpened(job=job, person=acting.person, at=at), organisation=acting.organisation)
    return opened


def note_whole(node: Node) -> None:
    """A result whose shares have all come counts as received from now on, whether or not anybody looks."""
    rows = node.store.all(
        "SELECT * FROM result WHERE state = 'waiting'"
        " AND EXISTS (SELECT 1 FROM sealed_part WHERE sealed_part.job = result.job AND content = 'share')"
    )
    for row in rows:
        _result(node, row)


def end(tx: Transaction, *, job: str, reason: str) -> None:
    """The job is over and has no result: what is held for it here waits no longer and is not opened any more."""
    if tx.one("SELECT 1 FROM result WHERE job = ?", job):
        tx.keep(f"{_ENDED}{job}", reason)


def take_grades(node: Node, acting: Acting, opened: OpenedResult, *, subjects: list[str] | None = None) -> int:
    """Take grades into the organisation's file at the portal: an explicit act. How many were taken.

    The organisation's members and the portal's operator can see them there. Raises Forbidden, NodeError."""
    require(acting, Act.TAKE_GRADES)
    if opened.organisation != acting.organisation:
        raise NotFound
    wanted = None if subjects is None else set(subjects)
    taken = [
        TakenGrade(subject=row.uscc, grade=row.grade)
        for row in opened.rows
        if row.grade is not None and (wanted is None or row.uscc in wanted)
    ]
    if not taken:
        raise NodeError("invalid", subjects="none")
    held = get(node, acting, opened.job)
    if held.state in ("ended", "deleted"):
        raise NodeError(f"result-{held.state}")
    model = held.model
    with node.store.write() as tx:
        at = node.act(tx)
        for start in range(0, len(taken), TAKEN_AT_ONCE):
            body = GradesTaken(
                job=opened.job,
                model=model,
                grades=tuple(taken[start : start + TAKEN_AT_ONCE]),
                person=acting.person,
                at=at,
            )
            outbox.say(node, tx, body, organisation=acting.organisation)
        tx.run("UPDATE result SET taken = taken + ? WHERE job = ?", len(taken), opened.job)
    return len(taken)


# Opening ------------------------------------------------------------------------------------------------------------


def _opened(node: Node, found: Result, key: Opener) -> OpenedResult | OpenedCount:
    try:
        row = node.store.one("SELECT * FROM result WHERE job = ?", found.job)
        assert row is not None
        if found.request.operation == "statistics":
            return opened_count(node, row, key, title=found.title)
        file = _own_file(node, row, key) if row["file"] is not None else _joined(node, found, key)
        card = parse(file.model.encode(), Scorecard)
        require_sound(card)
    except (SealedToAnotherKey, sealed.KeyGone):
        raise NodeError("result-key-gone", days=node.config.key_overlap_days) from None
    except (
        AuthenticationError,
        sealed.MessageDamaged,
        msgspec.DecodeError,
        DocumentError,
        ValueError,
        OSError,
    ):
        raise NodeError("result-damaged") from None
    if file.job != found.job or sm3.digest(file.model.encode()) != found.model:
        raise NodeError("result-damaged")
    return _shown(node, found, file, card, key)


def _own_file(node: Node, row: sqlite3.Row, key: Opener) -> ResultFile:
    return msgspec.json.decode(own_file(node, row, key), type=ResultFile)


def _joined(node: Node, found: Result, key: Opener) -> ResultFile:
    """The output of all computing parties' shares, put together in a subprocess."""
    attempt = _complete_attempt(node, found)
    if attempt is None:
        raise NodeError("result-waiting")
    messages = [
        _message(node, found, key, sender=one.provider, attempt=attempt, content="share")
        for one in found.request.inputs
    ]
    first = messages[0]
    same = ("request", "model", "disclosure", "decision_band", "codes")
    if any(message[name] != first[name] for message in messages for name in same):
        raise sealed.MessageDamaged
    if first["request"] != _request_digest(node, found) or first["codes"] != [found.request.subject]:
        raise sealed.MessageDamaged
    values = _join(node, found.job, attempt, [message["share"] for message in messages])
    return ResultFile(
        job=found.job,
        attempt=attempt,
        request=first["request"],
        model=first["model"],
        disclosure=first["disclosure"],
        decision_band=first["decision_band"],
        codes=tuple(first["codes"]),
        values=tuple(values),
        reasons=None,
        unmatched={},
        dropped=(),
        authorisations=tuple(() for _ in first["codes"]),
    )


def _join(node: Node, job: str, attempt: int, shares: list[dict[str, Any]]) -> list[int]:
    try:
        scratch = make_scratch(
            f"{node.scratch_name}-open", job, attempt, root=Path(node.config.scratch_root), room_bytes=1 << 20
        )
        try:
            result = run_stage(
                "creditzone.kernel.engine.join",
                {"shares": shares},
                scratch=scratch,
                deadline_seconds=_JOIN_SECONDS,
                on_event=lambda event: None,
                should_stop=lambda: False,
            )
        finally:
            wipe(scratch)
    except (StageFailed, EngineFault):
        raise sealed.MessageDamaged from None
    return [int(value) for value in result["values"]]


def _message(node: Node, found: Result, key: Opener, *, sender: str, attempt: int, content: str) -> dict[str, Any]:
    whole = sealed.whole(node, job=found.job, attempt=attempt, sender=sender, content=content)
    if whole is None:
        raise sealed.MessageDamaged
    purpose = sealed.Purpose(
        zone=node.zone,
        job=found.job,
        attempt=attempt,
        sender=sender,
        to=found.organisation,
        content=content,
    )
    for sender_key in node.keys_of(sender, dated=found.request.drafted_at):
        if sealed.is_by(purpose, whole, sender=sender_key):
            text = sealed.unseal(purpose, whole, key=key, sender=sender_key)
            return cast("dict[str, Any]", json.loads(text))
    raise sealed.MessageDamaged


def _shown(node: Node, found: Result, file: ResultFile, card: Scorecard, key: Opener) -> OpenedResult:
    reasons, missing = _reasons(node, found, file, key)
    rows = tuple(
        replace(_row(code, value, file, card, tuple(reasons.get(code, ()))), authorisation=authorisation)
        for code, value, authorisation in zip(file.codes, file.values, file.authorisations, strict=True)
    )
    best_first = tuple(reversed(card.grades))
    spread = Counter(row.grade for row in rows)
    unmatched = tuple(sorted({code for gone in file.unmatched.values() for code in gone}))
    return OpenedResult(
        job=found.job,
        title=found.title,
        organisation=found.organisation,
        scorecard=card,
        disclosures=found.request.disclosures,
        rows=rows,
        grades=best_first,
        distribution=tuple((grade, spread.get(grade, 0)) for grade in best_first),
        unmatched=unmatched,
        dropped=file.dropped,
        counts={"rows": len(rows), "unmatched": len(unmatched), "dropped": len(file.dropped)},
        received_at=found.received_at or 0,
        reasons_missing=tuple(missing),
    )


def _row(code: str, value: int, file: ResultFile, card: Scorecard, reasons: tuple[tuple[str, str], ...]) -> ResultRow:
    band: int | None = None
    score: int | None = None
    decision: bool | None = None
    if file.disclosure == "decision":
        decision = value == 1
    elif file.disclosure == "score":
        score = value
        band = sum(value >= cut for cut in card.cuts)
    else:
        band = value
    if band is not None and not 0 <= band < len(card.grades):
        raise sealed.MessageDamaged
    grade = None if band is None else card.grades[band]
    return ResultRow(uscc=code, band=band, grade=grade, decision=decision, score=score, reasons=reasons)


def _reasons(node: Node, found: Result, file: ResultFile, key: Opener) -> tuple[Reasons, list[str]]:
    """Reasons by firm from everyone who gave them, and who has not (yet)."""
    reasons: Reasons = {}
    missing: list[str] = []
    if "reasons" not in found.request.disclosures:
        return reasons, missing
    for code, own in zip(file.codes, file.reasons or (), strict=False):
        reasons.setdefault(code, []).extend((found.organisation, reason) for reason in own)
    for one in found.request.inputs:
        if one.provider == found.organisation:
            continue
        try:
            message = _message(node, found, key, sender=one.provider, attempt=file.attempt, content="reasons")
        except sealed.MessageDamaged:
            missing.append(one.provider)
            continue
        if message["request"] != file.request or message["codes"] != list(file.codes):
            missing.append(one.provider)
            continue
        for code, theirs in zip(message["codes"], message["reasons"], strict=True):
            reasons.setdefault(code, []).extend((one.provider, str(reason)) for reason in theirs)
    return reasons, missing


# Reading ------------------------------------------------------------------------------------------------------------


def _result(node: Node, row: sqlite3.Row) -> Result | None:
    document = documents.find(node, row["request"])
    if document is None:
        return None
    request = read(document, JobRequest)
    found = Result(
        node=node,
        job=row["job"],
        title=request.title,
        organisation=row["organisation"],
        model=request.model,
        request=request,
        rows=row["rows"],
        state=cast("Literal['waiting', 'sealed', 'deleted']", row["state"]),
        received_at=row["received_at"],
        opened_at=row["opened_at"],
        taken=row["taken"],
        delete_at=row["delete_at"] or None,
        deleted_at=row["deleted_at"],
    )
    why = node.store.setting(f"{_ENDED}{found.job}")
    if why is not None:
        return replace(found, state="ended", why=why)
    if found.state == "waiting" and request.subject is not None and _complete_attempt(node, found) is not None:
        return _as_sealed(node, found)
    return found


def _as_sealed(node: Node, found: Result) -> Result:
    """All shares are here: from now on the result counts as received."""
    now = now_ms()
    with node.store.write() as tx:
        tx.run(
            "UPDATE result SET state = 'sealed', rows = 1, received_at = ? WHERE job = ? AND state = 'waiting'",
            now,
            found.job,
        )
    return replace(found, state="sealed", rows=1, received_at=now)


def _complete_attempt(node: Node, found: Result) -> int | None:
    """The latest attempt for which every computing party's share is here."""
    wanted = {one.provider for one in found.request.inputs}
    for attempt, senders in sorted(sealed.attempts_of(node, job=found.job, content="share").items(), reverse=True):
        if senders >= wanted and all(
            sealed.whole(node, job=found.job, attempt=attempt, sender=sender, content="share") is not None
            for sender in wanted
        ):
            return attempt
    return None


def _request_digest(node: Node, found: Result) -> str:
    row = node.store.one("SELECT request FROM result WHERE job = ?", found.job)
    assert row is not None
    return str(row["request"])
