"""Other organisations' cards: carried by the portal, believed only once an officer compared the fingerprint.

A later card signed by the old key replaces a confirmed one by itself; any other is shown and waits. A firm in a hosted
node is vouched for by its host: the firm's card counts where the host's is confirmed, is of a kind that hosts, and the
host signed the firm's too.
"""

from __future__ import annotations

from dataclasses import dataclass
from hmac import compare_digest
from typing import Final, Literal, cast

import msgspec

from apps.node import governance, outbox
from apps.node.errors import Forbidden, IllegalMove, NodeError, NotFound
from apps.node.keys import Pair
from apps.node.node import Node
from apps.node.passkeys import bind
from apps.node.roster import Act, Acting
from apps.node.store import Transaction
from creditzone.kernel.documents import (
    HOST_KINDS,
    Card,
    CardIssued,
    DocumentError,
    SignatureInvalid,
    Signed,
    now_ms,
    read,
    require_signature,
    sign,
    signed,
    to_canonical,
)
from creditzone.kernel.documents.cards import fingerprint
from creditzone.kernel.sm.keys import Signer
from creditzone.kernel.sm.sm2 import PublicKey, Sm2Error

State = Literal["own", "confirmed", "shown", "refused", "replaced"]
_NODE, _RENEWAL = "node", "renewal"
_SIGNED_BEFORE: Final = (_NODE, _RENEWAL)
"""Whose word replaces a card such that the key before goes on vouching for what it signed."""


@dataclass(frozen=True, kw_only=True)
class CardEntry:
    """A card as this node holds it."""

    digest: str
    card: Card
    state: State
    fingerprint: str
    shown_at: int
    confirmed_at: int | None
    confirmed_by: str | None


def listing(node: Node) -> list[CardEntry]:
    """All cards this node was ever shown, those that wait for an officer first."""
    rows = node.store.all(
        "SELECT * FROM card ORDER BY CASE state WHEN 'shown' THEN 0 WHEN 'own' THEN 1 WHEN 'confirmed' THEN 2"
        " ELSE 3 END, organisation, serial DESC"
    )
    return [
        CardEntry(
            digest=row["digest"],
            card=read(_signed(row["text"]), Card),
            state=cast("State", row["state"]),
            fingerprint=fingerprint(row["digest"]),
            shown_at=row["shown_at"],
            confirmed_at=row["confirmed_at"],
            confirmed_by=row["confirmed_by"],
        )
        for row in rows
    ]


def own(node: Node) -> Signed:
    """This node's present card, as whoever seals for it takes it along. Raises NotFound before there is one."""
    row = node.store.one("SELECT text FROM card WHERE organisation = ? AND state = 'own'", node.organisation)
    if row is None:
        raise NotFound
    return _signed(row["text"])


def issue_own(node: Node) -> Signed:
    """Make this node's next card from its settings and keys, and tell the portal."""
    with node.store.write() as tx:
        card = _own_card(node, node.keys.pair, serial=_next_serial(tx, node.organisation), now=node.act(tx))
        document = signed(card, node.keys.signing, by=node.organisation)
        _replace(tx, document, card, state="own", by=_NODE)
        outbox.say(node, tx, CardIssued(card=document))
    return document


def issue_next(node: Node, tx: Transaction, pair: Pair) -> Signed:
    """Make this node's next card, which puts `pair` in force: signed by its key and by the key before."""
    before = node.keys.signing
    card = _own_card(node, pair, serial=_next_serial(tx, node.organisation), now=node.act(tx))
    by_both = (
        sign(card, node.keys.signer(pair.signing.hex), by=node.organisation),
        sign(card, before, by=node.organisation),
    )
    document = Signed(text=to_canonical(card).decode(), signatures=by_both)
    _replace(tx, document, card, state="own", by=_NODE)
    outbox.announce(node, tx, document, known=before.public.hex)
    return document


def issue_firm(node: Node, *, organisation: str, name: str, name_en: str, passphrase: str) -> Signed:
    """Draw a hosted firm's keys under its passphrase and issue its card, signed by the firm and vouched for here."""
    if not node.config.hosts or node.config.kind not in HOST_KINDS:
        raise NodeError("forbidden", role="node")
    keys = node.firm_keys.create(organisation, passphrase)
    with node.store.write() as tx:
        card = Card(
            zone=node.zone,
            organisation=organisation,
            kind="sme",
            name=name,
            name_en=name_en,
            serial=_next_serial(tx, organisation),
            signing_key=keys.signing.public.hex,
            encryption_key=keys.encryption.public.hex,
            link_certificate=None,
            link_host=None,
            link_ports=None,
            slots=0,
            console_url=node.config.console_url,
            host=node.organisation,
            issued_at=node.act(tx),
        )
        document = _with_host(signed(card, keys.signing, by=organisation), card, node.keys.signing, node)
        _replace(tx, document, card, state="own", by=_NODE)
        outbox.say(node, tx, CardIssued(card=document), organisation=organisation)
    return document


def take_back(node: Node, tx: Transaction, document: Signed) -> bool:
    """Put back a card that was issued here after this store's backup; whether the keys that it names are here."""
    card = read(document, Card)
    if tx.one("SELECT 1 FROM card WHERE digest = ?", document.digest):
        return True
    is_here = card.organisation == node.organisation and any(
        (card.signing_key, card.encryption_key) == (pair.signing.hex, pair.encryption.hex)
        and card.link_certificate in (None, pair.link_certificate)
        for pair in node.keys.provider.pairs()
    )
    if is_here:
        _replace(tx, document, card, state="own", by=_NODE)
    else:
        _insert(tx, document, card, state="replaced")
    return is_here


def show(node: Node, tx: Transaction, document: Signed) -> State | None:
    """Take in a card that the portal carries; the state it got, None where it is damaged or known.

    It is believed at once only if the key of the confirmed card signed it too, or if its confirmed host did."""
    try:
        card = read(document, Card)
        require_signature(document, Card, by=card.organisation, key=PublicKey.from_hex(card.signing_key))
        PublicKey.from_hex(card.encryption_key)
    except (DocumentError, SignatureInvalid, Sm2Error):
        return None
    if card.zone != node.zone or tx.one("SELECT 1 FROM card WHERE digest = ?", document.digest):
        return None
    held = tx.one(
        "SELECT text, state FROM card WHERE organisation = ? AND state IN ('own', 'confirmed')",
        card.organisation,
    )
    if held is not None and held["state"] == "own":
        return None  # nobody tells this node who it is
    if held is not None and _renews(document, card, read(_signed(held["text"]), Card)):
        _replace(tx, document, card, state="confirmed", by=_RENEWAL)
        governance.sift(node, tx)
        return "confirmed"
    if held is None and card.host is not None and _vouched(node, tx, document, card):
        _replace(tx, document, card, state="confirmed", by=f"host {card.host}")
        return "confirmed"
    _insert(tx, document, card, state="shown")
    return "shown"


def confirm(node: Node, acting: Acting, digest: str, *, fingerprint: str) -> None:
    """An officer compared the fingerprint by another way and typed it in. Raises NodeError("fingerprint-wrong")."""
    _require_host(node, acting)
    bind(node, acting, Act.CONFIRM_CARD, what="confirm", card=digest)
    with node.store.write() as tx:
        node.act(tx)
        believe(node, tx, digest, fingerprint=fingerprint, by=acting.person_name)


def believe(node: Node, tx: Transaction, digest: str, *, fingerprint: str, by: str) -> None:
    """Confirm a shown card inside a transaction; an earlier card of the organisation is replaced."""
    row = tx.one("SELECT * FROM card WHERE digest = ?", digest)
    if row is None:
        raise NotFound
    if row["state"] != "shown":
        raise IllegalMove(row["state"])
    if not compare_digest(_digits(fingerprint), _digits(digest.removeprefix("sm3:"))[:32]):
        raise NodeError("fingerprint-wrong")
    document = _signed(row["text"])
    tx.run("DELETE FROM card WHERE digest = ?", digest)
    _replace(tx, document, read(document, Card), state="confirmed", by=by)
    governance.sift(node, tx)


def refuse(node: Node, acting: Acting, digest: str) -> None:
    """An officer does not believe this card."""
    _require_host(node, acting)
    bind(node, acting, Act.CONFIRM_CARD, what="refuse", card=digest)
    with node.store.write() as tx:
        node.act(tx)
        if not tx.run("UPDATE card SET state = 'refused' WHERE digest = ? AND state = 'shown'", digest):
            raise NotFound


def _require_host(node: Node, acting: Acting) -> None:
    """Whom a node believes is its own organisation's matter, not that of a firm it hosts."""
    if acting.organisation != node.organisation:
        raise Forbidden("forbidden", role=acting.role, act=Act.CONFIRM_CARD.value)


def _own_card(node: Node, pair: Pair, *, serial: int, now: int) -> Card:
    config = node.config
    computes = config.slots > 0
    return Card(
        zone=config.zone,
        organisation=config.organisation,
        kind=config.kind,
        name=config.name,
        name_en=config.name_en,
        serial=serial,
        signing_key=pair.signing.hex,
        encryption_key=pair.encryption.hex,
        link_certificate=pair.link_certificate if computes else None,
        link_host=config.link_host if computes else None,
        link_ports=config.link_ports if computes else None,
        slots=config.slots,
        console_url=config.console_url,
        host=None,
        issued_at=now,
    )


def _renews(document: Signed, card: Card, held: Card) -> bool:
    if card.serial <= held.serial:
        return False
    try:
        require_signature(document, Card, by=card.organisation, key=PublicKey.from_hex(held.signing_key))
    except (DocumentError, SignatureInvalid):
        return False
    return (card.kind, card.host) == (held.kind, held.host)


def _vouched(node: Node, tx: Transaction, document: Signed, card: Card) -> bool:
    if card.link_certificate is not None or card.slots or card.kind != "sme":
        return False
    host = None if card.host is None else node.card_of(card.host)
    if host is None or host.kind not in HOST_KINDS:
        return False
    try:
        node.require_signed(document, Card, by=host.organisation, dated=card.issued_at, now=now_ms())
    except (DocumentError, SignatureInvalid):
        return False
    return host.host is None


def _with_host(document: Signed, card: Card, key: Signer, node: Node) -> Signed:
    vouching = signed(card, key, by=node.organisation).signatures
    return Signed(text=document.text, signatures=(*document.signatures, *vouching))


def _next_serial(tx: Transaction, organisation: str) -> int:
    row = tx.one("SELECT max(serial) AS serial FROM card WHERE organisation = ?", organisation)
    return 1 + int((row["serial"] if row is not None else 0) or 0)


def _replace(tx: Transaction, document: Signed, card: Card, *, state: State, by: str) -> None:
    renewed_at = now_ms() if by in _SIGNED_BEFORE else None
    tx.run(
        "UPDATE card SET state = 'replaced', renewed_at = ? WHERE organisation = ? AND state IN ('own', 'confirmed')",
        renewed_at,
        card.organisation,
    )
    _insert(tx, document, card, state=state, by=by)


def _insert(tx: Transaction, document: Signed, card: Card, *, state: State, by: str | None = None) -> None:
    now = now_ms()
    tx.run(
        "INSERT INTO card (digest, organisation, serial, text, state, shown_at, confirmed_at, confirmed_by)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        document.digest,
        card.organisation,
        card.serial,
        msgspec.json.encode(document).decode(),
        state,
        now,
        None if by is None else now,
        by,
    )


def _signed(text: str) -> Signed:
    return msgspec.json.decode(text, type=Signed)


def _digits(text: str) -> str:
    return "".join(text.split()).upper()
