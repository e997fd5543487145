"""Orders and the attempts that they begin: checked, reserved, accepted, started, stopped. Each move is one transaction.

Nothing is taken from the portal: `standing_of` reads what this node's officers signed and confirmed.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, replace
from typing import Final

import msgspec

from apps.node import capsules, contracts, governance, outbox, shares, sources, uses, votes, withdrawals
from apps.node.node import Node
from apps.node.program import code_digest
from apps.node.store import Transaction
from creditzone.kernel.documents import (
    AttemptFailed,
    CapsuleHeader,
    DocumentError,
    NodeBusy,
    Order,
    OrderAccepted,
    OrderRefused,
    Signed,
    Statement,
    now_ms,
    read,
)
from creditzone.kernel.orders import ATTEMPTS, CheckedOrder, Standing, check_order
from creditzone.kernel.refusals import Refused

NUMBERS: Final = frozenset({"decision", "grade", "score", "statistic"})
LIVE: Final = ("asking", "accepted", "started", "running")
_LEAVES_NO_TRACE: Final = frozenset({"zone-signature", "malformed", "wrong-party", "replayed", "node-restored"})


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """A live attempt of a job at this node."""

    job: str
    fence: int
    attempt: int
    capsule: str
    slot: int
    order: Signed
    state: str


def standing_of(node: Node, *, now: int | None = None) -> Standing:
    """What an order's check reads beside the order."""
    return Standing(
        me=node.organisation,
        zone=node.zone,
        zone_key=node.zone_key,
        zone_signer=node.zone_card.organisation,
        now=now_ms() if now is None else now,
        kept_time=node.store.number("kept-time"),
        cards=node.cards(),
        has_seen=lambda order: node.store.one("SELECT 1 FROM attempt WHERE order_id = ?", order) is not None,
        last_fence=lambda job: _last_fence(node, job),
        contract_state=lambda digest: contracts.state_of(node, digest),
        withdrawals=lambda digest: withdrawals.of(node, digest),
        capsule=lambda capsule: capsules.held(node, capsule),
        counts=lambda capsule, job: uses.counted(node, capsule, but=job),
        program=code_digest(),
        earlier=node.earlier_keys(),
        zone_rules=lambda digest: governance.find(node, digest),
        vote=lambda digest: votes.find(node, digest),
        source=lambda parent: sources.policy_of(node, parent.policy),
    )


def offer(node: Node, tx: Transaction, document: Signed) -> None:
    """Check an offered order; reserve its use and accept it, or refuse it with the clause, or say that we are busy.

    Where the capsule's custodians hold a share, they are asked first: it is accepted once enough of them released."""
    try:
        order = read(document, Order)
    except DocumentError:
        return  # it does not even say whose answer it wants
    try:
        checked = _check(node, tx, document)
    except Refused as refused:
        _refuse(node, tx, document, order, refused)
        return
    slot = next(peer.slot for peer in order.peers if peer.party == node.organisation)
    if not _is_free(node, tx, slot):
        outbox.say(node, tx, NodeBusy(job=order.job, attempt=order.attempt, fence=order.fence))
        return
    node.act(tx)
    uses.reserve(tx, capsule=checked.header.capsule, job=order.job, rule=checked.rule)
    asks = shares.needs_others(checked.header)
    state = "asking" if asks else "accepted"
    _insert(tx, document, order, state=state, capsule=checked.header.capsule, slot=slot)
    card = checked.scorecard
    tx.keep(f"model:{checked.request.model}", f"{card.name}\n{card.name_en}\n{card.version}")
    if asks:
        shares.ask(node, tx, header=checked.header, order=order, document=document)
    else:
        _accept(node, tx, order, capsule=checked.header.capsule, rule=checked.rule)


def _accept(node: Node, tx: Transaction, order: Order, *, capsule: str, rule: str) -> None:
    body = OrderAccepted(
        order=order.id, job=order.job, attempt=order.attempt, fence=order.fence, capsule=capsule, rule=rule
    )
    outbox.say(node, tx, body)


def hear_share(node: Node, tx: Transaction, said: Statement, body: shares.Answer) -> None:
    """A custodian answered: accept the order that waits for it, or refuse it once too few can still release."""
    row = tx.one("SELECT * FROM attempt WHERE job = ? AND fence = ? AND state = 'asking'", body.job, body.fence)
    if row is None:
        return
    header = _head(node, row["capsule"])
    shares.hear(node, tx, said, body, header=header)
    order = _order(row)
    try:
        if not shares.settled(tx, job=order.job, fence=order.fence, header=header):
            return
    except Refused as refused:
        _give_up(node, tx, order, capsule=row["capsule"], refused=refused)
        return
    use = tx.one("SELECT rule FROM use WHERE capsule = ? AND job = ?", row["capsule"], order.job)
    assert use is not None
    _move(tx, order.job, order.fence, state="accepted")
    _accept(node, tx, order, capsule=row["capsule"], rule=use["rule"])


def give_up_asking(node: Node) -> None:
    """Orders whose custodians were silent for too long are refused, and who was silent is named."""
    latest = now_ms() - 1000 * node.config.share_timeout_seconds
    for found in node.store.all("SELECT job, fence FROM attempt WHERE state = 'asking' AND at <= ?", latest):
        with node.store.write() as tx:
            row = tx.one("SELECT * FROM attempt WHERE job = ? AND fence = ?", found["job"], found["fence"])
            if row is not None and row["state"] == "asking":
                header = _head(node, row["capsule"])
                refused = shares.overdue(tx, job=row["job"], fence=row["fence"], header=header)
                _give_up(node, tx, _order(row), capsule=row["capsule"], refused=refused)


def _give_up(node: Node, tx: Transaction, order: Order, *, capsule: str, refused: Refused) -> None:
    uses.release(tx, capsule=capsule, job=order.job)
    _move(tx, order.job, order.fence, state="refused", reason=refused.refusal.clause)
    outbox.say(node, tx, _refusal(order, refused))


def _head(node: Node, capsule: str) -> CapsuleHeader:
    held = capsules.held(node, capsule)
    assert held is not None
    return read(held.header, CapsuleHeader)


def _order(row: sqlite3.Row) -> Order:
    return read(msgspec.json.decode(row["text"], type=Signed), Order)


def start(tx: Transaction, *, job: str, fence: int) -> None:
    """All parties have accepted: the attempt may run. An attempt that is not accepted here does not start."""
    tx.run(
        "UPDATE attempt SET state = 'started', changed_at = ? WHERE job = ? AND fence = ? AND state = 'accepted'",
        now_ms(),
        job,
        fence,
    )


def stop(node: Node, tx: Transaction, *, job: str, up_to: int, reason: str) -> None:
    """Stop the job's attempts up to a fence: what has not begun ends here, what runs is told to end."""
    rows = tx.all(
        "SELECT fence, state, capsule FROM live_attempt WHERE job = ? AND fence <= ?",
        job,
        up_to,
    )
    for row in rows:
        if row["state"] == "running":
            tx.run("UPDATE attempt SET reason = ? WHERE job = ? AND fence = ?", reason, job, row["fence"])
            continue
        uses.release(tx, capsule=row["capsule"], job=job)
        _move(tx, job, row["fence"], state="stopped", reason=reason)


def stop_on(node: Node, tx: Transaction, capsule: str, *, reason: str) -> None:
    """Stop whatever uses a capsule of this node: what has not begun ends here, what runs is told to end."""
    rows = tx.all(
        "SELECT job, max(fence) AS fence FROM live_attempt WHERE capsule = ? GROUP BY job",
        capsule,
    )
    for row in rows:
        stop(node, tx, job=row["job"], up_to=row["fence"], reason=reason)


def live_on(reader: Node | Transaction, capsule: str) -> list[str]:
    """Jobs with a live attempt on a capsule of this node."""
    rows = reader.store if isinstance(reader, Node) else reader
    found = rows.all(
        "SELECT DISTINCT job FROM live_attempt WHERE capsule = ? ORDER BY job",
        capsule,
    )
    return [row["job"] for row in found]


def next_started(node: Node) -> Attempt | None:
    """Take the oldest started attempt and mark it running; none while the node does not know yet what it had begun."""
    if node.is_restoring:
        return None
    with node.store.write() as tx:
        row = tx.one("SELECT * FROM attempt WHERE state = 'started' ORDER BY at LIMIT 1")
        if row is None:
            return None
        _move(tx, row["job"], row["fence"], state="running")
    return Attempt(
        job=row["job"],
        fence=row["fence"],
        attempt=row["attempt"],
        capsule=row["capsule"],
        slot=row["slot"],
        order=msgspec.json.decode(row["text"], type=Signed),
        state="running",
    )


def stop_reason(node: Node, attempt: Attempt) -> str | None:
    """Why a running attempt is to stop; None while it is not."""
    row = node.store.one("SELECT reason FROM attempt WHERE job = ? AND fence = ?", attempt.job, attempt.fence)
    return None if row is None or row["reason"] is None else str(row["reason"])


def spend(node: Node, attempt: Attempt) -> None:
    """Make the attempt's use spent: durable when this returns. Raises UseLost, or Refused where the capsule was
    closed meanwhile."""
    with node.store.write() as tx:
        node.act(tx)
        if closed := capsules.closed_by(tx, attempt.capsule):
            raise Refused(closed.clause, **closed.facts)
        uses.spend(tx, capsule=attempt.capsule, job=attempt.job)


def check_again(node: Node, attempt: Attempt) -> CheckedOrder:
    """Check an accepted order once more as things stand when it begins: what was withdrawn or suspended meanwhile holds
    at once. Where another rule permits it by now, the use is that one's. Raises Refused, also for a use that an
    attempt before spent under another rule."""
    with node.store.write() as tx:
        standing = replace(standing_of(node), has_seen=lambda order: False, last_fence=lambda job: 0)
        checked = check_order(attempt.order, standing)
        if not uses.count_under(tx, capsule=attempt.capsule, job=attempt.job, rule=checked.rule):
            raise Refused("rule-changed", rule=checked.rule)
    return checked


def reach(tx: Transaction, attempt: Attempt, *, stage: str) -> None:
    """Note the stage an attempt has reached."""
    tx.run("UPDATE attempt SET stage = ? WHERE job = ? AND fence = ?", stage, attempt.job, attempt.fence)


def finish(tx: Transaction, attempt: Attempt) -> None:
    """The attempt ended with a receipt."""
    _move(tx, attempt.job, attempt.fence, state="finished")


def fail(node: Node, *, job: str, fence: int, reason: str, facts: dict[str, str] | None = None) -> None:
    """The attempt ended without a receipt: give its use back unless it is spent, and tell the portal."""
    with node.store.write() as tx:
        row = tx.one("SELECT * FROM attempt WHERE job = ? AND fence = ?", job, fence)
        if row is None or row["state"] not in LIVE:
            return
        uses.release(tx, capsule=row["capsule"], job=job)
        _move(tx, job, fence, state="failed", reason=reason)
        spent = tx.one("SELECT 1 FROM use WHERE capsule = ? AND job = ? AND state = 'spent'", row["capsule"], job)
        outbox.say(
            node,
            tx,
            AttemptFailed(
                job=job,
                attempt=row["attempt"],
                fence=fence,
                stage=row["stage"],
                reason=reason,
                facts=tuple(sorted((facts or {}).items())),
                use_spent=spent is not None,
            ),
        )


def fail_what_ran(node: Node) -> int:
    """At the runner's start: whatever was running ended with the process that ran it. How many there were."""
    rows = node.store.all("SELECT job, fence FROM attempt WHERE state = 'running'")
    for row in rows:
        fail(node, job=row["job"], fence=row["fence"], reason="node-restarted")
    return len(rows)


def expire(node: Node) -> None:
    """Attempts that wait while their order has expired end here and give their use back."""
    now = now_ms()
    for row in node.store.all("SELECT job, fence, text FROM attempt WHERE state IN ('asking', 'accepted')"):
        if _order(row).expires_at <= now:
            fail(node, job=row["job"], fence=row["fence"], reason="lease-lost")


def live_jobs(node: Node) -> list[str]:
    """Jobs with a live attempt."""
    rows = node.store.all("SELECT DISTINCT job FROM live_attempt")
    return [row["job"] for row in rows]


def slots_free(node: Node) -> int:
    """Slots without a live attempt; none at a restored node that still gets back what it said."""
    if node.is_restoring:
        return 0
    row = node.store.one("SELECT count(*) AS busy FROM live_attempt")
    return max(0, node.config.slots - (int(row["busy"]) if row is not None else 0))


def _check(node: Node, tx: Transaction, document: Signed) -> CheckedOrder:
    if node.is_restoring:
        raise Refused("node-restored")
    checked = check_order(document, standing_of(node))
    _require_carried_out(checked)
    began = tx.one("SELECT count(*) AS number FROM attempt WHERE job = ? AND stage <> 'check'", checked.order.job)
    if began is not None and began["number"] >= ATTEMPTS:  # whatever number the order gives itself
        raise Refused("attempts")
    return checked


def _require_carried_out(checked: CheckedOrder) -> None:
    """What this program can carry out: a number comes out only as a form that was asked for, so reasons alone name
    none; and a firm that asks about itself does so by its own signature."""
    request = checked.request
    if not NUMBERS & set(request.disclosures):
        raise Refused("disclosure", disclosure=", ".join(request.disclosures) or "—")
    if request.subject is not None and request.consent != "signed":
        raise Refused("order-mismatch", what="consent")


def _refuse(node: Node, tx: Transaction, document: Signed, order: Order, refused: Refused) -> None:
    if refused.refusal.clause not in _LEAVES_NO_TRACE:
        _insert(tx, document, order, state="refused", capsule=None, slot=None, reason=refused.refusal.clause)
    outbox.say(node, tx, _refusal(order, refused))


def _refusal(order: Order, refused: Refused) -> OrderRefused:
    note = refused.refusal.note()
    return OrderRefused(order=order.id, job=order.job, attempt=order.attempt, fence=order.fence, refusal=note)


def _is_free(node: Node, tx: Transaction, slot: int) -> bool:
    taken = tx.one("SELECT 1 FROM live_attempt WHERE slot = ?", slot)
    return slot < node.config.slots and taken is None


def _last_fence(node: Node, job: str) -> int:
    row = node.store.one("SELECT max(fence) AS fence FROM attempt WHERE job = ?", job)
    return int(row["fence"] or 0) if row is not None else 0


def _insert(
    tx: Transaction,
    document: Signed,
    order: Order,
    *,
    state: str,
    capsule: str | None,
    slot: int | None,
    reason: str | None = None,
) -> None:
    now = now_ms()
    tx.run(
        "INSERT INTO attempt (job, fence, attempt, order_id, capsule, slot, text, state, reason, at, changed_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        order.job,
        order.fence,
        order.attempt,
        order.id,
        capsule,
        slot,
        msgspec.json.encode(document).decode(),
        state,
        reason,
        now,
        now,
    )


def _move(tx: Transaction, job: str, fence: int, *, state: str, reason: str | None = None) -> None:
    if state not in LIVE:
        shares.forget(tx, job=job, fence=fence)
    tx.run(
        "UPDATE attempt SET state = ?, reason = coalesce(?, reason), changed_at = ? WHERE job = ? AND fence = ?",
        state,
        reason,
        now_ms(),
        job,
        fence,
    )
