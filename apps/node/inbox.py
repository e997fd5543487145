"""Messages from the portal, taken in one by one and at most once. Nothing in them is believed for having come."""

from __future__ import annotations

import sqlite3

import msgspec
import structlog

from apps.node import attempts, capsule_acts, cards, contracts, outbox, passed, results, sealed
from apps.node.node import Node
from apps.node.store import Transaction
from creditzone.kernel.documents import (
    Authorisation,
    AuthorisationWithdrawal,
    CapsuleAct,
    CardShown,
    Contract,
    ContractAct,
    Document,
    DocumentCompleted,
    DocumentError,
    DraftDeclined,
    DraftSent,
    JobEnded,
    JobRequest,
    LooseningVote,
    Message,
    OrderOffered,
    OrderStarted,
    OrderStopped,
    Policy,
    SealedDelivered,
    Signed,
    StatementPassed,
    ZoneRules,
    now_ms,
    parse_any,
    read,
    type_of,
)

log = structlog.get_logger("node.inbox")
SIGNABLE: tuple[type[Document], ...] = (
    Policy, Contract, ContractAct, Authorisation, AuthorisationWithdrawal, JobRequest, ZoneRules,
    LooseningVote,
)  # fmt: skip


def take(node: Node, message: Message) -> None:
    """Take one message in: what it changes and that it was taken are one transaction, so twice is once."""
    with node.store.write() as tx:
        received = int(tx.setting("received") or 0)
        if message.number <= received:
            return
        expected = tx.setting("renumbered") or node.is_restoring  # what the lost store took in does not come
        if message.number != received + 1 and not expected:
            tx.keep("gap", f"{received + 1}-{message.number - 1}")
        tx.keep("received", str(message.number))
        tx.forget("renumbered")
        try:
            with tx.part():
                _apply(node, tx, message)
        except sqlite3.Error:
            raise  # the store's trouble, not the message's: it is taken in again
        except Exception as error:  # a message that breaks us must not stop all later ones
            log.error("message-broke", number=message.number, error=type(error).__name__)
            tx.keep("broken-message", str(message.number))


def _apply(node: Node, tx: Transaction, message: Message) -> None:
    match message:
        case OrderOffered():
            attempts.offer(node, tx, message.order)
        case OrderStarted():
            attempts.start(tx, job=message.job, fence=message.fence)
        case OrderStopped():
            attempts.stop(node, tx, job=message.job, up_to=message.fence, reason=message.reason)
        case JobEnded():
            results.end(tx, job=message.job, reason=message.reason)
        case DraftSent():
            take_draft(node, tx, message.document, organisation=message.organisation)
        case DocumentCompleted():
            _take_completed(node, tx, message.document)
        case CardShown():
            cards.show(node, tx, message.card)
        case SealedDelivered():
            sealed.keep(node, tx, message.message)
        case StatementPassed():
            passed.take(node, tx, message.statement)


def _take_completed(node: Node, tx: Transaction, document: Signed) -> None:
    """A document that needs no more signatures: a provider's act on a capsule, or what our own were asked under."""
    try:
        act = read(document, CapsuleAct)
    except DocumentError:
        contracts.complete(node, tx, document)
    else:
        capsule_acts.take(node, tx, document, act)


def take_draft(node: Node, tx: Transaction, document: Signed, *, organisation: str) -> bool:
    """Keep a document that waits for a signature of an organisation of this node; whether it is new.

    What is malformed, of another zone, or not a kind that is signed here goes back declined."""
    try:
        parsed = parse_any(document.text.encode())
        sound = isinstance(parsed, SIGNABLE) and parsed.zone == node.zone
    except DocumentError:
        sound = False
    if not sound or organisation not in node.organisations():
        _decline(node, tx, document, organisation=organisation)
        return False
    now = now_ms()
    text = msgspec.json.encode(document).decode()
    return bool(
        tx.run(
            "INSERT INTO document (digest, kind, organisation, text, state, received_at, changed_at)"
            " VALUES (?, ?, ?, ?, 'draft', ?, ?) ON CONFLICT (digest) DO UPDATE SET text = excluded.text"
            " WHERE document.state = 'draft' AND document.organisation = excluded.organisation",
            document.digest,
            type_of(parsed),
            organisation,
            text,
            now,
            now,
        )
    )


def _decline(node: Node, tx: Transaction, document: Signed, *, organisation: str) -> None:
    known = organisation if organisation in node.organisations() else node.organisation
    body = DraftDeclined(document=document.digest, reason="malformed", person=_NOBODY)
    outbox.say(node, tx, body, organisation=known)


_NOBODY = "00000000-0000-0000-0000-000000000000"
