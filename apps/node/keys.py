"""The node's keys: who holds them, and which of them are in force.

A `KeyProvider` holds private keys and uses them; none comes out. The software keystore is one, a hardware module may be
another (docs/extending.md). `NodeKeys` is what everything else at the node works with: its own card names the pair in
force, and a pair that was replaced still opens what was sealed to it until it is destroyed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from apps.node.config import ConfigError
from creditzone.kernel.sm.keys import Opener, Signer
from creditzone.kernel.sm.sm2 import PublicKey, Sm2Error


@dataclass(frozen=True)
class Pair:
    """The public halves of what is drawn together: a signing key, an encryption key, and the link's certificate."""

    signing: PublicKey
    encryption: PublicKey
    link_certificate: str


class KeyProvider(Protocol):
    """Whatever holds a node's private keys. A key is named by its public half; its private half never comes out."""

    def pairs(self) -> tuple[Pair, ...]:
        """The pairs that are here, oldest first."""

    def sign(self, key: PublicKey, message: bytes) -> bytes:
        """SM2 with SM3 over `message` by the signing key whose public half this is; raises Sm2Error without it."""

    def decrypt(self, key: PublicKey, sealed: bytes) -> bytes:
        """Open an SM2 ciphertext with the encryption key whose public half this is; raises Sm2Error."""

    def seal(self, plain: bytes, *, use: str) -> bytes:
        """Seal a small secret for the store; `use` (what it is and whose) must be the same to open it."""

    def open_sealed(self, sealed: bytes, *, use: str) -> bytes:
        """Open what `seal` sealed; raises AuthenticationError."""

    def link_key(self, certificate: str) -> str:
        """The link's TLS key in PEM. It alone comes out: the engine's library reads it from a file in scratch."""

    def draw(self) -> Pair:
        """Draw a pair beside those that are here; it lasts when this returns."""

    def destroy(self, pair: Pair) -> None:
        """Destroy a pair's private halves for good."""


@dataclass(frozen=True)
class NodeKeys:
    """A node's keys in force. `in_force` gives the signing key of the node's own card, None before it has one."""

    provider: KeyProvider
    in_force: Callable[[], str | None]

    @property
    def pair(self) -> Pair:
        """The pair that the node's own card names; raises ConfigError where it is not here."""
        pairs, wanted = self.provider.pairs(), self.in_force()
        found = next((pair for pair in pairs if wanted in (None, pair.signing.hex)), None)
        if found is None:
            raise ConfigError(
                "the keys of this node's own card are not here: restart it if its passphrase was changed,"
                " else put the newest backup of its keys back."
            )
        return found

    @property
    def signing(self) -> Signer:
        """What signs for the organisation."""
        return _Signing(self.provider, self.pair.signing)

    @property
    def encryption(self) -> Opener:
        """What opens things sealed to the organisation, to a replaced key too while that is here."""
        return _Opening(self.provider, self.pair.encryption)

    @property
    def link_certificate(self) -> str:
        """The certificate of this node's end of a link."""
        return self.pair.link_certificate

    def signer(self, key: str) -> Signer:
        """What signs with the key of this public half, in force or not."""
        return _Signing(self.provider, PublicKey.from_hex(key))

    def link_key(self, certificate: str) -> str:
        """The key of a link certificate of this node."""
        return self.provider.link_key(certificate)

    def seal(self, plain: bytes, *, use: str) -> bytes:
        """Seal a small secret for the store; `use` (what it is and whose) must be the same to open it."""
        return self.provider.seal(plain, use=use)

    def open_sealed(self, sealed: bytes, *, use: str) -> bytes:
        """Open what `seal` sealed; raises AuthenticationError."""
        return self.provider.open_sealed(sealed, use=use)


@dataclass(frozen=True)
class _Signing:
    provider: KeyProvider
    public: PublicKey

    def sign(self, message: bytes) -> bytes:
        return self.provider.sign(self.public, message)


@dataclass(frozen=True)
class _Opening:
    provider: KeyProvider
    public: PublicKey

    def decrypt(self, sealed: bytes) -> bytes:
        older = [pair.encryption for pair in reversed(self.provider.pairs()) if pair.encryption != self.public]
        for key in (self.public, *older):
            try:
                return self.provider.decrypt(key, sealed)
            except Sm2Error:
                continue
        raise Sm2Error("none of the keys that are here opens this")
