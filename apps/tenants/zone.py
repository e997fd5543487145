"""The zone's own keys and card: what nodes are given once, at their set-up, and believe from then on.

`CREDITZONE_HOME/zone/` holds `keys.json` (0600: the order key, which signs orders, tickets and downlinks, and an
encryption key) and `card.json`, the zone's self-signed card; its digest is the zone's id in every document.
"""

import json
import os
from functools import cache
from pathlib import Path

import msgspec
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from creditzone.kernel import documents
from creditzone.kernel.documents import Card, Document, Signature, Signed
from creditzone.kernel.sm.sm2 import PrivateKey


def create_zone(home: Path, *, uscc: str, name: str, name_en: str) -> str:
    """Draw the zone's keys and sign its card below `home`, unless they are there; the zone's digest.

    Never overwrites: losing the order key means telling every node a new zone.
    """
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    keys = home / "keys.json"
    if not keys.exists():
        drawn = {"order": PrivateKey.generate(), "encryption": PrivateKey.generate()}
        _write_private(keys, json.dumps({use: key.to_bytes().hex() for use, key in drawn.items()}))
    order, encryption = _read_keys(keys)
    card = home / "card.json"
    if not card.exists():
        document = Card(
            zone="",
            organisation=uscc,
            kind="operator",
            name=name,
            name_en=name_en,
            serial=1,
            signing_key=order.public.hex,
            encryption_key=encryption.public.hex,
            link_certificate=None,
            link_host=None,
            link_ports=None,
            slots=0,
            console_url=None,
            host=None,
            issued_at=documents.now_ms(),
        )
        signed = Signed(
            text=documents.to_canonical(document).decode(),
            signatures=(documents.sign(document, order, by=uscc),),
        )
        _write_private(card, msgspec.json.encode(signed).decode())
    return msgspec.json.decode(card.read_bytes(), type=Signed).digest


def _write_private(path: Path, text: str) -> None:
    """Write `text` whole or not at all, readable by nobody else at any moment."""
    draft = path.with_suffix(".new")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.rename(path)


def _read_keys(path: Path) -> tuple[PrivateKey, PrivateKey]:
    try:
        stored = json.loads(path.read_text())
    except FileNotFoundError:
        raise ImproperlyConfigured(f"{path} is missing: the zone has no keys. `make up` draws them.") from None
    if path.stat().st_mode & 0o077:
        raise ImproperlyConfigured(f"{path} can be read by others: chmod 600 it, and think of the key as known.")
    return tuple(PrivateKey.from_bytes(bytes.fromhex(stored[use])) for use in ("order", "encryption"))  # type: ignore[return-value]


@cache
def order_key() -> PrivateKey:
    """The key that signs orders, tickets and downlinks."""
    return _read_keys(settings.ZONE_HOME / "keys.json")[0]


@cache
def zone_card() -> Signed:
    """The zone's card with its own signature."""
    try:
        return msgspec.json.decode((settings.ZONE_HOME / "card.json").read_bytes(), type=Signed)
    except FileNotFoundError:
        raise ImproperlyConfigured("The zone has no card yet. `make up` makes it.") from None


def zone_digest() -> str:
    """The zone's id: the digest of its card."""
    return zone_card().digest


@cache
def operator() -> str:
    """The USCC under which the zone signs."""
    return documents.parse(zone_card().text.encode(), Card).organisation


def sign_as_zone(document: Document) -> Signed:
    """`document` with the zone's signature, as it travels."""
    signature: Signature = documents.sign(document, order_key(), by=operator())
    return Signed(text=documents.to_canonical(document).decode(), signatures=(signature,))
