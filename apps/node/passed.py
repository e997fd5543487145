"""Other nodes' statements that the portal hands on: believed for their own node's signature, by its confirmed card."""

from __future__ import annotations

import structlog

from apps.node import attempts, custodian
from apps.node.node import Node
from apps.node.store import Transaction
from creditzone.kernel.documents import (
    Card,
    DepositSent,
    DocumentError,
    ShareAsked,
    ShareReleased,
    ShareWithheld,
    SignatureInvalid,
    Signed,
    Statement,
    now_ms,
    read,
)

log = structlog.get_logger("node.passed")


def take(node: Node, tx: Transaction, document: Signed) -> None:
    """Act on what another node said for its own organisation; anything else changes nothing."""
    signer = document.signatures[0].by if document.signatures else ""
    card = node.card_of(signer)
    try:
        if card is None:
            raise SignatureInvalid(f"no confirmed card of {signer}")
        dated = read(document, Statement).at
        said = node.require_signed(document, Statement, by=signer, dated=dated, now=now_ms())
    except (DocumentError, SignatureInvalid) as error:
        log.warning("not-its-nodes", why=type(error).__name__)
        return
    if said.zone == node.zone and said.node == said.organisation == signer:
        _act(node, tx, said, card)


def _act(node: Node, tx: Transaction, said: Statement, card: Card) -> None:
    match body := said.body:
        case DepositSent():
            custodian.take(node, tx, said, body)
        case ShareAsked():
            custodian.answer(node, tx, said, body, card=card)
        case ShareReleased() | ShareWithheld():
            attempts.hear_share(node, tx, said, body)
        case _:
            log.warning("not-for-us", kind=type(body).__name__)
