"""What a private key does for its owner, wherever its bytes are: sign, and open what was encrypted to it.

Software holds the bytes in memory (`PrivateKey`); a hardware module keeps them and is asked. Whoever takes a `Signer`
or an `Opener` works with either, and can take nothing out of it.
"""

from typing import Protocol

from creditzone.kernel.sm.sm2 import PublicKey


class Signer(Protocol):
    """An SM2 key that signs."""

    @property
    def public(self) -> PublicKey:
        """Its public half."""

    def sign(self, message: bytes) -> bytes:
        """The signature over `message` by SM2 with SM3 and the standard's user id: 64 bytes r, s."""


class Opener(Protocol):
    """An SM2 key to which small secrets are encrypted."""

    @property
    def public(self) -> PublicKey:
        """Its public half."""

    def decrypt(self, sealed: bytes) -> bytes:
        """Open what `PublicKey.encrypt` sealed; raises Sm2Error for anything else."""
