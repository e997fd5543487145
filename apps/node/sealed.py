"""Sealed messages between nodes: shares and reason codes for a recipient, carried by the portal, opened only there.

Inside the envelope the sender signs what it says, so that the portal, which knows every public key, cannot make a
message up. What the envelope is for (zone, job, attempt, sender, recipient, content) is covered by its tag.
"""

from __future__ import annotations

import base64
from typing import Final

import msgspec
from msgspec import Struct

from apps.node.node import Node
from apps.node.store import Transaction
from creditzone.kernel.documents import Digest, Id, SealedSent, Uscc
from creditzone.kernel.sm.envelope import open_with, seal_to
from creditzone.kernel.sm.sm2 import PrivateKey, PublicKey
from creditzone.kernel.sm.sm4 import AuthenticationError

PART: Final = 256 * 1024
_SIGNED: Final = b"creditzone/sealed/v1\n"


class Purpose(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who says what to whom, for which attempt of which job."""

    zone: Digest
    job: Id
    attempt: int
    sender: Uscc
    to: Uscc
    content: str

    def data(self) -> bytes:
        """The associated data of the envelope."""
        parts = (self.zone, self.job, str(self.attempt), self.sender, self.to, self.content)
        return _SIGNED + "\n".join(parts).encode()


class _Inside(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    text: str
    signature: str


class MessageDamaged(ValueError):
    """A sealed message does not open, or its sender did not say it."""


def seal(purpose: Purpose, text: str, *, key: PrivateKey, recipient: PublicKey) -> bytes:
    """Sign `text` as the sender and seal it to the recipient."""
    signature = key.sign(purpose.data() + b"\n" + text.encode()).hex()
    inside = msgspec.json.encode(_Inside(text=text, signature=signature))
    return seal_to(recipient, inside, associated=purpose.data())


def unseal(purpose: Purpose, sealed: bytes, *, key: PrivateKey, sender: PublicKey) -> str:
    """Open a message and require its sender's signature; raises MessageDamaged."""
    try:
        inside = msgspec.json.decode(open_with(key, sealed, associated=purpose.data()), type=_Inside)
        signature = bytes.fromhex(inside.signature)
    except (AuthenticationError, msgspec.DecodeError, ValueError):
        raise MessageDamaged from None
    if not sender.verify(signature, purpose.data() + b"\n" + inside.text.encode()):
        raise MessageDamaged
    return inside.text


def parts_of(purpose: Purpose, sealed: bytes) -> list[SealedSent]:
    """The message in statements of at most 256 KiB."""
    pieces = [sealed[at : at + PART] for at in range(0, len(sealed), PART)]
    return [
        SealedSent(
            job=purpose.job,
            attempt=purpose.attempt,
            sender=purpose.sender,
            to=purpose.to,
            content="share" if purpose.content == "share" else "reasons",
            part=number,
            parts=len(pieces),
            body=base64.b64encode(piece).decode(),
        )
        for number, piece in enumerate(pieces)
    ]


def keep(node: Node, tx: Transaction, message: SealedSent) -> None:
    """Keep a part for an organisation of this node, sealed as it came; the first one of its place stays."""
    if message.to not in node.organisations() or message.part >= message.parts:
        return
    tx.run(
        "INSERT INTO sealed_part (job, attempt, sender, recipient, content, part, parts, body)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        message.job,
        message.attempt,
        message.sender,
        message.to,
        message.content,
        message.part,
        message.parts,
        message.body,
    )


def whole(node: Node, *, job: str, attempt: int, sender: str, content: str) -> bytes | None:
    """A message put together from its parts, still sealed; None while a part is missing."""
    rows = node.store.all(
        "SELECT part, parts, body FROM sealed_part WHERE job = ? AND attempt = ? AND sender = ? AND content = ?"
        " ORDER BY part",
        job,
        attempt,
        sender,
        content,
    )
    if not rows or len(rows) != rows[0]["parts"] or any(row["parts"] != rows[0]["parts"] for row in rows):
        return None
    try:
        return b"".join(base64.b64decode(row["body"], validate=True) for row in rows)
    except ValueError:
        raise MessageDamaged from None


def attempts_of(node: Node, *, job: str, content: str) -> dict[int, set[str]]:
    """The attempts of a job for which parts came, and from whom."""
    rows = node.store.all(
        "SELECT DISTINCT attempt, sender FROM sealed_part WHERE job = ? AND content = ?", job, content
    )
    found: dict[int, set[str]] = {}
    for row in rows:
        found.setdefault(row["attempt"], set()).add(row["sender"])
    return found
