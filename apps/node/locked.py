"""A small secret in a file under a passphrase: Argon2id draws a key from it, SM4-GCM seals with that key.

Salt and cost stand in the file and are covered by the seal's tag. A passphrase that somebody types is slow to guess
this way; it is not what a hardware module gives.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Annotated, Final, Self

import msgspec
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from msgspec import Meta, Struct

from creditzone.kernel.sm.sm4 import KEY, NONCE, AuthenticationError, Sm4Gcm

_SALT: Final = 16


class Cost(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one guess costs: passes over `memory_kib`, in so many lanes."""

    iterations: Annotated[int, Meta(ge=1, le=64)] = 3
    lanes: Annotated[int, Meta(ge=1, le=16)] = 2
    memory_kib: Annotated[int, Meta(ge=16, le=1 << 20)] = 64 * 1024


class _File(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    salt: str
    cost: Cost
    sealed: str


@dataclass(frozen=True)
class Lock:
    """A key drawn from a passphrase, with the salt and the cost by which it is drawn again."""

    salt: str
    cost: Cost
    _key: bytes

    @classmethod
    def fresh(cls, passphrase: str, *, cost: Cost | None = None) -> Self:
        """A lock under a new salt."""
        return cls._drawn(passphrase, secrets.token_bytes(_SALT).hex(), cost or Cost())

    @classmethod
    def of(cls, file: bytes, passphrase: str) -> Self:
        """The lock of a file that `seal` wrote; raises ValueError where it is none."""
        found = _read(file)
        return cls._drawn(passphrase, found.salt, found.cost)

    @classmethod
    def _drawn(cls, passphrase: str, salt: str, cost: Cost) -> Self:
        drawn = Argon2id(
            salt=bytes.fromhex(salt),
            length=KEY,
            iterations=cost.iterations,
            lanes=cost.lanes,
            memory_cost=cost.memory_kib,
        )
        return cls(salt, cost, drawn.derive(passphrase.encode()))

    def seal(self, plain: bytes, *, use: bytes) -> bytes:
        """The file; `use` (what it is and whose) must be the same to open it."""
        return msgspec.json.encode(
            _File(salt=self.salt, cost=self.cost, sealed=seal(self._key, plain, use + self._covered()).hex())
        )

    def open(self, file: bytes, *, use: bytes) -> bytes:
        """What the file holds; raises AuthenticationError, ValueError where it is no such file."""
        return open_sealed(self._key, bytes.fromhex(_read(file).sealed), use + self._covered())

    def fits(self, file: bytes) -> bool:
        """Whether the file is under this very salt and cost."""
        found = _read(file)
        return (found.salt, found.cost) == (self.salt, self.cost)

    def _covered(self) -> bytes:
        return self.salt.encode() + msgspec.json.encode(self.cost)

    def __repr__(self) -> str:
        return "Lock(…)"


def seal(key: bytes, plain: bytes, associated: bytes) -> bytes:
    """SM4-GCM under a fresh nonce, which stands before the ciphertext."""
    nonce = secrets.token_bytes(NONCE)
    return nonce + Sm4Gcm(key).seal(nonce, plain, associated)


def open_sealed(key: bytes, sealed: bytes, associated: bytes) -> bytes:
    """What `seal` sealed; raises AuthenticationError."""
    if len(sealed) < NONCE:
        raise AuthenticationError("shorter than a nonce")
    return Sm4Gcm(key).open(sealed[:NONCE], sealed[NONCE:], associated)


def _read(file: bytes) -> _File:
    return msgspec.json.decode(file, type=_File)
