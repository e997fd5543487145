"""Sealed messages between nodes: shares and reason codes for a recipient, carried by the portal, opened only there.

    signature (64) | envelope to the recipient

The sender signs the envelope, so that the portal, which knows every public key, cannot make a message up; what it is
for (zone, job, attempt, sender, recipient, content) is covered by the signature and by the envelope's tag, so that
nobody passes another's off as his own. Whoever closes an envelope needs no private key, and whoever signs it does not
see what is inside.
"""

from __future__ import annotations

import base64
from typing import Final

from msgspec import Struct

from apps.node.node import Node
from apps.node.store import Transaction
from creditzone.kernel.documents import Digest, Id, SealedSent, Uscc
from creditzone.kernel.sm.envelope import SealedToAnotherKey, open_with, seal_to
from creditzone.kernel.sm.keys import Opener, Signer
from creditzone.kernel.sm.sm2 import PublicKey
from creditzone.kernel.sm.sm4 import AuthenticationError

PART: Final = 256 * 1024
_SIGNED: Final = b"creditzone/sealed/v2\n"
_SIGNATURE: Final = 64


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


class MessageDamaged(ValueError):
    """A sealed message does not open, or its sender did not say it."""


class KeyGone(MessageDamaged):
    """A message of its sender is sealed to a key that is not here, or not any more."""


def close(purpose: Purpose, text: str, *, recipient: PublicKey) -> bytes:
    """The envelope: `text` sealed to the recipient, nobody's yet."""
    return seal_to(recipient, text.encode(), associated=purpose.data())


def sign(purpose: Purpose, envelope: bytes, *, key: Signer) -> bytes:
    """The message: the envelope under its sender's signature."""
    return key.sign(_signed(purpose, envelope)) + envelope


def seal(purpose: Purpose, text: str, *, key: Signer, recipient: PublicKey) -> bytes:
    """Seal `text` to the recipient and sign it as the sender."""
    return sign(purpose, close(purpose, text, recipient=recipient), key=key)


def is_by(purpose: Purpose, sealed: bytes, *, sender: PublicKey) -> bool:
    """Whether the key signed this message for this purpose."""
    return sender.verify(sealed[:_SIGNATURE], _signed(purpose, sealed[_SIGNATURE:]))


def unseal(purpose: Purpose, sealed: bytes, *, key: Opener, sender: PublicKey) -> str:
    """Require the sender's signature and open a message; raises MessageDamaged."""
    if not is_by(purpose, sealed, sender=sender):
        raise MessageDamaged
    try:
        return open_with(key, sealed[_SIGNATURE:], associated=purpose.data()).decode()
    except SealedToAnotherKey:
        raise KeyGone from None
    except (AuthenticationError, UnicodeDecodeError):
        raise MessageDamaged from None


def _signed(purpose: Purpose, envelope: bytes) -> bytes:
    return purpose.data() + b"\n" + envelope


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
