"""A node as its services see it: settings, keys and store, opened once in each process."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

import msgspec

from apps.node.config import Config, ConfigError, read_config
from apps.node.errors import NodeError
from apps.node.firmkeys import FirmKeystore
from apps.node.keys import NodeKeys
from apps.node.keystore import KEYS, Keystore
from apps.node.store import DATABASE, Store, StoreUnknown, Transaction
from apps.node.unlocking import passphrase
from creditzone.kernel.documents import Card, D, Signed, now_ms, parse, require_signature_by_one
from creditzone.kernel.orders import SKEW_MS, EarlierKey, keys_of
from creditzone.kernel.sm import sm3
from creditzone.kernel.sm.sm2 import PublicKey

DAY_MS: Final = 86_400_000
GOES_ROUND_MS: Final = 60_000
RESTORING: Final = "restoring"
FOLDERS: Final = ("keys", "uploads", "bodies", "results")


@dataclass(frozen=True)
class Node:
    """One organisation's node. `home` is 0700 and holds all that lasts."""

    home: Path
    config: Config
    keys: NodeKeys
    firm_keys: FirmKeystore
    store: Store

    @property
    def organisation(self) -> str:
        """The organisation whose node this is."""
        return self.config.organisation

    @property
    def scratch_name(self) -> str:
        """This very node's part of the memory-backed scratch: two nodes of one organisation on one machine, as in two
        zones, never wipe each other's."""
        return f"{self.organisation}-{sm3.digest(str(self.home).encode())[4:12]}"

    @property
    def zone(self) -> str:
        """The digest of the zone's card."""
        return self.config.zone

    @cached_property
    def zone_card(self) -> Card:
        """The zone's card, as given at set-up."""
        return self.config.zone_document()

    @cached_property
    def zone_key(self) -> PublicKey:
        """The zone's signing key."""
        return PublicKey.from_hex(self.zone_card.signing_key)

    @property
    def is_restoring(self) -> bool:
        """Whether the store is a backup that still has to hear what this node said (`restoring`)."""
        return self.store.setting(RESTORING) is not None

    def organisations(self) -> list[str]:
        """The node's own organisation and the firms that it hosts."""
        return [self.organisation, *self.firm_keys.firms()]

    def card_of(self, organisation: str) -> Card | None:
        """The card of an organisation that this node trusts: its own, or one that an officer confirmed."""
        row = self.store.one(
            "SELECT text FROM card WHERE organisation = ? AND state IN ('own', 'confirmed')", organisation
        )
        return None if row is None else _card(row["text"])

    def cards(self) -> dict[str, Card]:
        """All trusted cards by organisation."""
        rows = self.store.all("SELECT text FROM card WHERE state IN ('own', 'confirmed')")
        cards = [_card(row["text"]) for row in rows]
        return {card.organisation: card for card in cards}

    def cards_at(self, issued_at: int) -> dict[str, Card]:
        """The cards by which all parties of an order reach each other: those a minute old when it was issued, by the
        dates that stand in card and order, so that every party comes to the same one while a new card goes round."""
        rows = self.store.all(
            "SELECT text FROM card WHERE state IN ('own', 'confirmed') OR renewed_at IS NOT NULL ORDER BY serial"
        )
        found: dict[str, Card] = {}
        for card in (_card(row["text"]) for row in rows):
            if card.organisation not in found or card.issued_at + GOES_ROUND_MS <= issued_at:
                found[card.organisation] = card
        return found

    def earlier_keys(self) -> dict[str, list[EarlierKey]]:
        """The signing keys that organisations replaced by a card signed with them, by organisation, newest first."""
        rows = self.store.all("SELECT text, renewed_at FROM card WHERE renewed_at IS NOT NULL ORDER BY renewed_at DESC")
        found: dict[str, list[EarlierKey]] = {}
        for row in rows:
            card, at = _card(row["text"]), int(row["renewed_at"])
            key = EarlierKey(key=card.signing_key, replaced_at=at, until=at + self.overlap_ms)
            found.setdefault(card.organisation, []).append(key)
        return found

    @property
    def overlap_ms(self) -> int:
        """How long a replaced key still counts."""
        return self.config.key_overlap_days * DAY_MS

    def keys_of(self, organisation: str, *, dated: int | None = None, now: int | None = None) -> list[PublicKey]:
        """The keys that vouch for an organisation's word, as `orders.keys_of`; none where its card is not trusted."""
        card = self.card_of(organisation)
        earlier = self.earlier_keys().get(organisation, ())
        return [] if card is None else keys_of(card, earlier, dated=dated, now=now)

    def require_signed(
        self, document: Signed, kind: type[D], *, by: str, dated: int | None = None, now: int | None = None
    ) -> D:
        """The document, signed by the organisation as this node knows it; raises SignatureInvalid, DocumentError."""
        keys = self.keys_of(by, dated=dated, now=now)
        return require_signature_by_one(document, kind, by=by, keys=keys)

    def name_of(self, organisation: str, language: str = "zh-hans") -> str:
        """The organisation's name from its trusted card, else its code. Of a firm that another node hosts, only that
        node's host vouches for the name, so it is said with it."""
        card = self.card_of(organisation)
        if card is None:
            return organisation
        zh = language.startswith("zh")
        name = card.name if zh else card.name_en
        if card.host is None or card.host == self.organisation:
            return name
        host = self.name_of(card.host, language)
        return f"{name}（{host}托管）" if zh else f"{name} (hosted by {host})"

    def act(self, tx: Transaction, *, now: int | None = None) -> int:
        """The instant at which the node acts, kept as the highest so far.

        Raises NodeError("clock-back") while the clock stands more than 120 s below the kept time."""
        at = now_ms() if now is None else now
        kept = int(tx.setting("kept-time") or 0)
        if kept - at > SKEW_MS:
            raise NodeError("clock-back")
        if at > kept:
            tx.keep("kept-time", str(at))
        return at


def _card(text: str) -> Card:
    return parse(msgspec.json.decode(text, type=Signed).text.encode(), Card)


def open_node(home: Path | str) -> Node:
    """Open the node in `home`; raises ConfigError where it is not set up."""
    folder = Path(home).absolute()
    config = read_config(folder)
    prepare_home(folder)
    try:
        store = Store(folder / DATABASE)
    except StoreUnknown as error:
        raise ConfigError(str(error)) from None
    keys = NodeKeys(Keystore.open(folder, passphrase(config)), lambda: _own_signing_key(store, config))
    return Node(home=folder, config=config, keys=keys, firm_keys=FirmKeystore(folder / KEYS), store=store)


def _own_signing_key(store: Store, config: Config) -> str | None:
    row = store.one("SELECT text FROM card WHERE organisation = ? AND state = 'own'", config.organisation)
    return None if row is None else _card(row["text"]).signing_key


def prepare_home(folder: Path) -> None:
    """Make the home and its folders, 0700 each."""
    os.umask(0o077)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    for name in FOLDERS:
        (folder / name).mkdir(mode=0o700, exist_ok=True)
