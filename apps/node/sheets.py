"""Recovery sheets: an SM2 key on paper, held by an officer of the provider or by the supervisor, and nowhere else.

A sheet is shown once, as 24 words with a checksum (BIP-39, in Chinese or English); the node keeps its public half.
Officers' sheets open copies of the provider's own part, the supervisor's holds a share of the others' part. What is
sealed to them lies with the custodians, so that whoever finds a sheet opens nothing with it alone.

A sheet serves once three of its words were typed back, read off the paper. Until then a salted digest of just these
stands in the store; of the other 21 nothing does.
"""

from __future__ import annotations

import hmac
import secrets
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, cast

from mnemonic import Mnemonic

from apps.node.errors import NodeError, NotFound
from apps.node.node import Node
from apps.node.passkeys import bind
from apps.node.roster import Act, Acting
from apps.node.store import Transaction
from creditzone.kernel.credit.uscc import is_valid_uscc
from creditzone.kernel.custody.recovery import sheet_id
from creditzone.kernel.sm import sm3
from creditzone.kernel.sm.sm2 import PrivateKey, PublicKey, Sm2Error

Kind = Literal["officer", "regulator"]
_LISTS: Final = {"zh": "chinese_simplified", "en": "english"}
WORDS: Final = 24
ASKED: Final = 3


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """A sheet as the node knows it: whose it is, its public key, and which words it waits for."""

    id: str
    kind: Kind
    organisation: str
    name: str
    public: PublicKey
    made_at: int
    asked: tuple[int, ...]
    confirmed_at: int | None


@dataclass(frozen=True)
class Printed:
    """A new sheet with its words, for the one time that they are shown."""

    sheet: Sheet
    words: tuple[str, ...]

    def __repr__(self) -> str:
        return f"Printed({self.sheet.id}, …)"


def listing(node: Node) -> list[Sheet]:
    """All sheets that were made and not dropped, oldest first."""
    return [_sheet(row) for row in node.store.all("SELECT * FROM sheet ORDER BY made_at, id")]


def serving(node: Node) -> list[Sheet]:
    """The sheets to which something is sealed from now on: those that are on paper."""
    return [one for one in listing(node) if one.confirmed_at is not None]


def get(node: Node, sheet: str) -> Sheet:
    """One sheet; raises NotFound."""
    row = node.store.one("SELECT * FROM sheet WHERE id = ?", sheet)
    if row is None:
        raise NotFound
    return _sheet(row)


def _sheet(row: sqlite3.Row) -> Sheet:
    return Sheet(
        id=row["id"],
        kind=cast("Kind", row["kind"]),
        organisation=row["organisation"],
        name=row["name"],
        public=PublicKey.from_hex(row["public"]),
        made_at=row["made_at"],
        asked=tuple(map(int, row["asked"].split())),
        confirmed_at=row["confirmed_at"],
    )


def make(node: Node, acting: Acting, *, kind: Kind, name: str, organisation: str, language: str) -> Printed:
    """Draw a sheet for an officer of ours or for the supervisor. Raises what `bind` raises, NodeError."""
    _bind(node, acting, what="make", kind=kind, name=name, organisation=organisation)
    with node.store.write() as tx:
        holder = node.organisation if kind == "officer" else organisation
        _require_holder(node, tx, kind, holder)
        key = PrivateKey.generate()
        words = words_of(key, language)
        identity = sheet_id(key.public)
        asked = sorted(secrets.SystemRandom().sample(range(1, WORDS + 1), ASKED))
        tx.run(
            "INSERT INTO sheet (id, kind, organisation, name, public, made_by, made_at, asked, proof)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            identity,
            kind,
            holder,
            name.strip(),
            key.public.hex,
            acting.person,
            node.act(tx),
            " ".join(map(str, asked)),
            _proof([words[number - 1] for number in asked], secrets.token_hex(16)),
        )
    return Printed(get(node, identity), tuple(words))


def _require_holder(node: Node, tx: Transaction, kind: Kind, holder: str) -> None:
    """A supervisor is another organisation, and has one sheet, for nobody holds two shares; raises NodeError."""
    if kind == "officer":
        return
    known = tx.one("SELECT 1 FROM sheet WHERE kind = 'regulator' AND organisation = ?", holder)
    if known is not None or holder in node.organisations() or not is_valid_uscc(holder):
        raise NodeError("sheet-holder")


def confirm(node: Node, acting: Acting, sheet: str, typed: str) -> None:
    """The asked words were read off the paper: the sheet serves from the next signed policy on.

    Raises what `bind` raises, NotFound, NodeError("sheet-words")."""
    _bind(node, acting, what="confirm", sheet=sheet)
    words = typed.lower().split()
    if len(words) == 1 and not words[0].isascii():
        words = list(words[0])  # Chinese words are one sign each and may stand together
    with node.store.write() as tx:
        row = tx.one("SELECT * FROM sheet WHERE id = ? AND confirmed_at IS NULL", sheet)
        if row is None:
            raise NotFound
        salt = row["proof"].split()[0]
        if not hmac.compare_digest(_proof(words, salt), row["proof"]):
            raise NodeError("sheet-words")
        tx.run("UPDATE sheet SET confirmed_at = ?, proof = '' WHERE id = ?", node.act(tx), sheet)
        tx.deleted_secrets()


def _proof(words: Sequence[str], salt: str) -> str:
    return f"{salt} {sm3.digest(' '.join((salt, *words)).encode())}"


def drop(node: Node, acting: Acting, sheet: str) -> None:
    """Seal nothing to this sheet from the next signed policy on. Raises what `bind` raises, NotFound."""
    _bind(node, acting, what="drop", sheet=sheet)
    with node.store.write() as tx:
        node.act(tx)
        if not tx.run("DELETE FROM sheet WHERE id = ?", sheet):
            raise NotFound


def _bind(node: Node, acting: Acting, **facts: str) -> None:
    if acting.organisation != node.organisation:
        raise NodeError("not-ours")
    bind(node, acting, Act.CHOOSE_CUSTODIANS, **facts)


def words_of(key: PrivateKey, language: str) -> list[str]:
    """A sheet's key in words."""
    return Mnemonic(_LISTS["en" if language.startswith("en") else "zh"]).to_mnemonic(key.to_bytes()).split()


def key_of(text: str) -> PrivateKey:
    """The key that a sheet's words say, whichever language they are in; raises NodeError("sheet-unreadable")."""
    words = " ".join(text.split()) if " " in text.strip() else " ".join(text.strip())
    for name in _LISTS.values():
        reader = Mnemonic(name)
        if len(words.split()) == WORDS and reader.check(words.lower()):
            try:
                return PrivateKey.from_bytes(bytes(reader.to_entropy(words.lower())))
            except Sm2Error:
                break
    raise NodeError("sheet-unreadable", words=WORDS)
