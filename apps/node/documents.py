"""Documents at this node, each as the canonical text that it came with, and the keys that sign them."""

from __future__ import annotations

import sqlite3

import msgspec

from apps.node import passphrases
from apps.node.errors import NotFound
from apps.node.node import Node
from apps.node.store import Transaction
from creditzone.kernel.documents import Signed, now_ms, parse_any, type_of
from creditzone.kernel.sm.keys import Opener, Signer
from creditzone.kernel.sm.sm2 import PublicKey


def signing_key(node: Node, organisation: str, passphrase: str | None) -> Signer:
    """The key that signs for an organisation of this node; a hosted firm's opens with its passphrase.

    Raises WrongPassphrase, PassphraseLocked, NotFound for an organisation that is not at this node."""
    if organisation == node.organisation:
        return node.keys.signing
    if organisation in node.firm_keys.firms():
        return passphrases.open_firm(node, organisation, passphrase).signing
    raise NotFound


def encryption_key(node: Node, organisation: str, passphrase: str | None) -> Opener:
    """The key to which things for an organisation of this node are sealed. Raises as `signing_key` does."""
    if organisation == node.organisation:
        return node.keys.encryption
    if organisation in node.firm_keys.firms():
        return passphrases.open_firm(node, organisation, passphrase).encryption
    raise NotFound


def own_encryption_key(node: Node, organisation: str) -> PublicKey:
    """The public key to which an organisation of this node has things sealed."""
    card = node.card_of(organisation)
    if card is None:
        raise NotFound
    return PublicKey.from_hex(card.encryption_key)


def held(node: Node, digest: str, *, organisation: str) -> sqlite3.Row:
    """A document's row, if it is the organisation's; raises NotFound."""
    row = node.store.one("SELECT * FROM document WHERE digest = ? AND organisation = ?", digest, organisation)
    if row is None:
        raise NotFound
    return row


def text_of(row: sqlite3.Row) -> Signed:
    """The document in a row."""
    return msgspec.json.decode(row["text"], type=Signed)


def find(node: Node, digest: str) -> Signed | None:
    """A document by its digest, whoever's it is at this node."""
    row = node.store.one("SELECT text FROM document WHERE digest = ?", digest)
    return None if row is None else text_of(row)


def keep_signed(tx: Transaction, document: Signed, *, person: str) -> None:
    """A draft got our signature."""
    tx.run(
        "UPDATE document SET state = 'signed', text = ?, person = ?, changed_at = ? WHERE digest = ?",
        msgspec.json.encode(document).decode(),
        person,
        now_ms(),
        document.digest,
    )


def take_back(tx: Transaction, document: Signed, *, organisation: str) -> None:
    """Keep a document that an organisation of this node signed before its store's backup was put back."""
    now = now_ms()
    tx.run(
        "INSERT INTO document (digest, kind, organisation, text, state, received_at, changed_at)"
        " VALUES (?, ?, ?, ?, 'signed', ?, ?) ON CONFLICT (digest) DO UPDATE SET state = 'signed'"
        " WHERE document.state = 'draft'",
        document.digest,
        type_of(parse_any(document.text.encode())),
        organisation,
        msgspec.json.encode(document).decode(),
        now,
        now,
    )


def complete(tx: Transaction, document: Signed) -> None:
    """A document that we signed has all its signatures."""
    tx.run(
        "UPDATE document SET state = 'complete', text = ?, changed_at = ? WHERE digest = ? AND state = 'signed'",
        msgspec.json.encode(document).decode(),
        now_ms(),
        document.digest,
    )
