"""A node that finds itself older than what it said: its store is a backup. It goes on from its own statements.

It learns so from the zone: more statements are acknowledged than it knows, or its next one does not follow on the last.
From then on it takes no orders. It asks for its own statements back, and believes one only for its own signature and
for its place in the chain; so the portal can keep back the newest ones, but neither alter, reorder, leave out nor make
up any. Each is carried out again as far as it counts: a use that was spent is spent, an order that was seen is seen, a
head, an act on a capsule or a contract move forward. An order that was accepted, and nothing tells how it ended,
counts as a spent use: it may have been one. What it had said since the backup and the zone does not have yet, it
says again at the end. What only the lost store held (rows, results, signatures asked for) does not come back; the
health page names it.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec
from msgspec import Struct

from apps.node import capsule_acts, capsules, cards, certificates, contracts, duties, firmuses, outbox, uses
from apps.node.node import RESTORING, Node
from apps.node.store import Transaction
from creditzone.kernel.documents import (
    AttemptFailed,
    CapsuleActed,
    CapsuleCertified,
    CapsuleHeader,
    CapsuleSealed,
    Card,
    CardIssued,
    ContractActed,
    DatasetMeasured,
    DocumentError,
    OrderAccepted,
    OrderRefused,
    Recalled,
    Receipt,
    Receipted,
    ResultDeleted,
    SignatureInvalid,
    Signed,
    StageReached,
    Statement,
    now_ms,
    read,
    require_signature,
)
from creditzone.kernel.sm.sm2 import PublicKey

_REPORT: Final = "restored"


class RecallDamaged(ValueError):
    """What came back is not, or not wholly, what this node said. Nothing of it was taken in."""


class Report(Struct, kw_only=True):
    """What a restored node got back: numbers of statements and of uses that it did not know, and what is lost."""

    began_at: int
    ended_at: int | None = None
    statements: int = 0
    uses: int = 0
    lost: list[str] = []


def report(node: Node) -> Report | None:
    """The last restoring, going on or ended; None where there never was one."""
    text = node.store.setting(_REPORT)
    return None if text is None else msgspec.json.decode(text, type=Report)


def begin(node: Node) -> None:
    """The store is older than what this node said: take no orders, and ask for the rest."""
    with node.store.write() as tx:
        if tx.setting(RESTORING) is None:
            tx.keep(RESTORING, "1")
            _note(tx, Report(began_at=now_ms()))


def anchor(node: Node) -> int:
    """The number of the last statement that the zone is known to have; it is asked for what comes after."""
    return outbox.last_number(node, acknowledged=True)


def merge(node: Node, recalled: tuple[Recalled, ...], *, up_to: int) -> None:
    """Take in the next of the node's own statements, all of them or none; with number `up_to` it is whole again.

    Raises RecallDamaged for anything that this node did not say in just this place."""
    with node.store.write() as tx:
        _set_aside(tx)
        found = _kept(tx)
        for one in recalled:
            statement = _require_next(node, tx, one)
            outbox.take_back(tx, one)
            found.statements += 1
            if statement is not None:
                _carry_out(node, tx, statement, found)
        number = outbox.last(tx)[0]
        if number > up_to or (number < up_to and not recalled):
            raise RecallDamaged("the zone acknowledges another number than it gives back")
        if number == up_to:
            _end(node, tx, found)
        _note(tx, found)


def _require_next(node: Node, tx: Transaction, one: Recalled) -> Statement | None:
    """The statement, if it is this node's and the one that follows; None where only its digest is held."""
    number, previous = outbox.last(tx)
    if one.number != number + 1:
        raise RecallDamaged("out of order")
    if one.statement is None:
        return None
    try:
        statement = _said_by_us(node, tx, one.statement)
    except (DocumentError, SignatureInvalid):
        raise RecallDamaged("not said by this node") from None
    ours = statement.node == node.organisation and statement.zone == node.zone
    if not ours or statement.number != one.number or one.statement.digest != one.digest:
        raise RecallDamaged("not said by this node")
    if statement.previous != previous:
        raise RecallDamaged("does not follow on the one before")
    if statement.unkept != outbox.unkept(tx):
        raise RecallDamaged("another one is hidden behind its digest")
    return statement


def _said_by_us(node: Node, tx: Transaction, document: Signed) -> Statement:
    """The statement, with a signature by a key of this node, the present one or one of an earlier card."""
    rows = tx.all(
        "SELECT text FROM card WHERE organisation = ? AND state IN ('own', 'replaced') ORDER BY serial DESC",
        node.organisation,
    )
    cards = [read(msgspec.json.decode(row["text"], type=Signed), Card) for row in rows]
    for key in dict.fromkeys(
        [*(pair.signing.hex for pair in node.keys.provider.pairs()), *(card.signing_key for card in cards)]
    ):
        try:
            return require_signature(document, Statement, by=node.organisation, key=PublicKey.from_hex(key))
        except SignatureInvalid:
            continue
    raise SignatureInvalid("no key of this node")


# What was said counts again -----------------------------------------------------------------------------------------


def _carry_out(node: Node, tx: Transaction, statement: Statement, found: Report) -> None:
    """What a statement about orders says holds again; others go to `_move_forward`."""
    at = statement.at
    match body := statement.body:
        case OrderAccepted():
            uses.reserve(tx, capsule=body.capsule, job=body.job, rule=body.rule, at=at)
            _see(tx, body, capsule=body.capsule, state="stopped")
        case OrderRefused():
            _see(tx, body, capsule=None, state="refused")
        case StageReached():
            _reach(tx, body, found)
        case AttemptFailed():
            _settle(tx, body.job, body.fence, spent_at=at if body.use_spent else None, state="failed", found=found)
        case Receipted():
            receipt = read(body.receipt, Receipt)
            _settle(tx, receipt.job, receipt.fence, spent_at=at, state="finished", found=found)
        case _:
            lost = _move_forward(node, tx, statement)
            found.lost.extend([] if lost is None else [lost])


def _move_forward(node: Node, tx: Transaction, statement: Statement) -> str | None:
    """What a statement about cards, rows, capsules and contracts says holds again; what of it is lost."""
    match body := statement.body:
        case CardIssued():
            return None if cards.take_back(node, tx, body.card) else f"keys {statement.organisation}"
        case DatasetMeasured():
            here = tx.one("SELECT 1 FROM body WHERE dataset = ? AND digest = ?", body.dataset, body.body_digest)
            return None if here else f"dataset {body.title}"
        case CapsuleSealed():
            is_here = capsules.move_forward(tx, body.header, body.policy)
            return None if is_here else f"capsule {read(body.header, CapsuleHeader).capsule}"
        case CapsuleActed():
            capsule_acts.take_back(node, tx, body.act)
        case CapsuleCertified():
            certificates.take_back(tx, body.certificate)
        case ResultDeleted():
            duties.take_back(node, tx, body.deletion)
        case ContractActed():
            contracts.take_back_act(tx, body.act)
    return None


def _see(tx: Transaction, body: OrderAccepted | OrderRefused, *, capsule: str | None, state: str) -> None:
    """The order was seen: neither it nor one with a lower fence is carried out again."""
    now = now_ms()
    tx.run(
        "INSERT INTO attempt (job, fence, attempt, order_id, capsule, text, state, reason, at, changed_at)"
        " VALUES (?, ?, ?, ?, ?, '', ?, 'node-restored', ?, ?) ON CONFLICT DO NOTHING",
        body.job,
        body.fence,
        body.attempt,
        body.order,
        capsule,
        state,
        now,
        now,
    )


def _reach(tx: Transaction, body: StageReached, found: Report) -> None:
    """Whoever got past opening may have sent its first byte, so the use is spent."""
    tx.run("UPDATE attempt SET stage = ? WHERE job = ? AND fence = ?", body.stage, body.job, body.fence)
    if body.stage not in ("check", "open") or (body.stage, body.state) == ("open", "finished"):
        _spend(tx, body.job, body.fence, found, at=body.at)
    matched = next((figure.value for figure in body.figures if figure.name == "matched"), None)
    if matched is not None:
        for capsule in _capsules_of(tx, body.job, body.fence):
            uses.note_rows(tx, capsule=capsule, job=body.job, rows=matched)


def _settle(tx: Transaction, job: str, fence: int, *, spent_at: int | None, state: str, found: Report) -> None:
    if spent_at is not None:
        _spend(tx, job, fence, found, at=spent_at)
    else:
        for capsule in _capsules_of(tx, job, fence):
            uses.release(tx, capsule=capsule, job=job)
    tx.run("UPDATE attempt SET state = ?, changed_at = ? WHERE job = ? AND fence = ?", state, now_ms(), job, fence)


def _spend(tx: Transaction, job: str, fence: int, found: Report, *, at: int) -> None:
    for capsule in _capsules_of(tx, job, fence):
        found.uses += uses.spend_again(tx, capsule=capsule, job=job, at=at)
        firmuses.lose(tx, capsule=capsule, job=job)


def _capsules_of(tx: Transaction, job: str, fence: int) -> list[str]:
    rows = tx.all("SELECT capsule FROM attempt WHERE job = ? AND fence = ? AND capsule IS NOT NULL", job, fence)
    return [row["capsule"] for row in rows]


# What was said since the backup ---------------------------------------------------------------------------------


def _set_aside(tx: Transaction) -> None:
    """Statements that the zone does not have yet stood on the old end of the chain: they are said again at the end."""
    tx.run("INSERT INTO set_aside (text) SELECT text FROM outbox WHERE acknowledged = 0 ORDER BY number")
    tx.run("DELETE FROM outbox WHERE acknowledged = 0")


def _end(node: Node, tx: Transaction, found: Report) -> None:
    for row in tx.all("SELECT text FROM set_aside ORDER BY seq"):
        document = msgspec.json.decode(row["text"], type=Signed)
        if tx.one("SELECT 1 FROM outbox WHERE digest = ?", document.digest):
            continue  # the zone had it after all
        said = read(document, Statement)
        outbox.say(node, tx, said.body, organisation=said.organisation)
    tx.run("DELETE FROM set_aside")
    found.uses += uses.spend_what_is_open(tx)
    firmuses.lose_what_is_unknown(tx)
    tx.run(
        "UPDATE attempt SET state = 'stopped', reason = 'node-restored', changed_at = ?"
        " WHERE state IN ('asking', 'accepted', 'started')",
        now_ms(),
    )
    tx.forget(RESTORING)
    tx.keep("renumbered", "1")
    found.ended_at = now_ms()


def _kept(tx: Transaction) -> Report:
    text = tx.setting(_REPORT)
    return Report(began_at=now_ms()) if text is None else msgspec.json.decode(text, type=Report)


def _note(tx: Transaction, found: Any) -> None:
    tx.keep(_REPORT, msgspec.json.encode(found).decode())
