"""SM2 (GB/T 32918-2016): signatures with SM3 and encryption of small secrets.

Formats are fixed and have one spelling each: a private key is 32 bytes, a public key 130 lower-case hex
digits (04, X, Y), a signature 64 bytes (r, s), a ciphertext C1 (65 bytes), C3 (32), C2. The arithmetic is
libcrypto's where OpenSSL 3 is there, else gmssl's inside a hardened wrapper; the choice is made at first use
and must first pass a known answer of the standard.
"""

import secrets
from functools import cache

from creditzone.kernel.sm.sm2_curve import (
    PLAIN_LIMIT,
    USER_ID,
    Implementation,
    N,
    Sm2Error,
    require_point,
    require_scalar,
)

__all__ = ["PrivateKey", "PublicKey", "Sm2Error", "backend", "known_answer"]

_C1, _C3 = 65, 32


@cache
def implementation() -> Implementation:
    """The SM2 arithmetic of this process: the first that is there and gives the standard's answers."""
    try:
        from creditzone.kernel.sm.sm2_openssl import Openssl

        chosen: Implementation = Openssl()
        known_answer(chosen)
    except (ImportError, Sm2Error):  # no libcrypto 3, or one that was built without SM2
        from creditzone.kernel.sm.sm2_gmssl import Gmssl

        chosen = Gmssl()
        known_answer(chosen)
    return chosen


def backend() -> str:
    """The name of the SM2 arithmetic in use, for the node's page."""
    return implementation().name


class PublicKey:
    """A point on the SM2 curve; equal when the points are."""

    __slots__ = ("_handle", "_point")

    def __init__(self, point: bytes, *, using: Implementation | None = None) -> None:
        """Take 65 bytes 04, X, Y; raises Sm2Error when the point is not on the curve."""
        require_point(point)
        self._point = bytes(point)
        self._handle = (using or implementation()).public(self._point)

    @classmethod
    def from_hex(cls, text: str) -> "PublicKey":
        """Read 130 lower-case hex digits that start with 04; raises Sm2Error on anything else."""
        if len(text) != 130 or not set(text) <= set("0123456789abcdef"):
            raise Sm2Error("an SM2 public key is written as 130 lower-case hex digits")
        return cls(bytes.fromhex(text))

    @property
    def hex(self) -> str:
        """The key as documents write it."""
        return self._point.hex()

    def verify(self, signature: bytes, message: bytes, *, user_id: bytes = USER_ID) -> bool:
        """Whether `signature` (64 bytes r, s) is this key's over `message`; anything malformed is not."""
        if len(signature) != 64:
            return False
        r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
        return self._handle.verify(r, s, message, user_id)

    def encrypt(self, plain: bytes) -> bytes:
        """Seal 1 to 4096 bytes to this key: C1, C3, C2. Longer things go into an envelope."""
        if not 1 <= len(plain) <= PLAIN_LIMIT:
            raise Sm2Error("SM2 encrypts 1 to 4096 bytes")
        return b"".join(self._handle.encrypt(plain))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PublicKey) and self._point == other._point

    def __hash__(self) -> int:
        return hash(self._point)

    def __repr__(self) -> str:
        return f"PublicKey({self.hex[:16]}…)"


class PrivateKey:
    """An SM2 key pair. It shows and pickles nothing of its secret; Python cannot wipe it from memory."""

    __slots__ = ("_handle", "_scalar", "public")

    public: PublicKey

    def __init__(self, scalar: bytes, *, using: Implementation | None = None) -> None:
        """Take 32 bytes big-endian; raises Sm2Error unless 1 <= scalar <= n - 2."""
        require_scalar(scalar)
        chosen = using or implementation()
        point = chosen.public_point(scalar)
        self._scalar = bytes(scalar)
        self._handle = chosen.private(self._scalar, point)
        self.public = PublicKey(point, using=chosen)

    @classmethod
    def generate(cls) -> "PrivateKey":
        """A new key from the operating system's generator."""
        return cls((secrets.randbelow(N - 2) + 1).to_bytes(32, "big"))

    @classmethod
    def from_bytes(cls, scalar: bytes) -> "PrivateKey":
        """The key that `to_bytes` wrote."""
        return cls(scalar)

    def to_bytes(self) -> bytes:
        """The secret, 32 bytes: only ever into a sealed key store."""
        return self._scalar

    def sign(self, message: bytes, *, user_id: bytes = USER_ID) -> bytes:
        """Sign `message`: 64 bytes r, s."""
        r, s = self._handle.sign(message, user_id)
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")

    def decrypt(self, sealed: bytes) -> bytes:
        """Open what `PublicKey.encrypt` sealed; raises Sm2Error for anything else."""
        c1, c3, c2 = sealed[:_C1], sealed[_C1 : _C1 + _C3], sealed[_C1 + _C3 :]
        if not 1 <= len(c2) <= PLAIN_LIMIT:
            raise Sm2Error("SM2 refuses this key, signature or ciphertext")
        require_point(c1)
        plain = self._handle.decrypt(c1, c3, c2)
        if plain == c2:  # GB/T 32918.4, 7.1 B4: a mask of zeros is refused
            raise Sm2Error("SM2 refuses this key, signature or ciphertext")
        return plain

    def __repr__(self) -> str:
        return f"PrivateKey(of {self.public!r})"

    def __reduce__(self) -> str:
        raise TypeError("a private key is not pickled")


# GB/T 32918.5-2017, annexes A and C (message "message digest", then "encryption standard").
_SCALAR = bytes.fromhex("3945208f7b2144b13f36e38ac6d39f95889393692860b51a42fb81ef4df7c5b8")
_POINT = bytes.fromhex(
    "0409f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020"
    "ccea490ce26775a52dc6ea718cc1aa600aed05fbf35e084a6632f6072da9ad13"
)
_SIGNATURE = bytes.fromhex(
    "f5a03b0648d2c4630eeac513e1bb81a15944da3827d5b74143ac7eaceee720b3"
    "b1b6aa29df212fd8763182bc0d421ca1bb9038fd1f7f42d4840b69c485bbc1aa"
)
_CIPHERTEXT = bytes.fromhex(
    "0404ebfc718e8d1798620432268e77feb6415e2ede0e073c0f4f640ecd2e149a73"
    "e858f9d81e5430a57b36daab8f950a3c64e6ee6a63094d99283aff767e124df0"
    "59983c18f809e262923c53aec295d30383b54e39d609d160afcb1908d0bd8766"
    "21886ca989ca9c7d58087307ca93092d651efa"
)


def known_answer(using: Implementation) -> None:
    """Raise Sm2Error unless `using` gives the standard's own example and refuses its broken copies."""
    key = PrivateKey(_SCALAR, using=using)
    fresh = key.sign(b"message digest")
    broken = _CIPHERTEXT[:-1] + bytes([_CIPHERTEXT[-1] ^ 1])
    holds = (
        bytes.fromhex(key.public.hex) == _POINT
        and key.public.verify(_SIGNATURE, b"message digest")
        and not key.public.verify(_SIGNATURE, b"message digesu")
        and key.public.verify(fresh, b"message digest")
        and key.decrypt(_CIPHERTEXT) == b"encryption standard"
        and key.decrypt(key.public.encrypt(b"encryption standard")) == b"encryption standard"
        and _refuses(key, broken)
    )
    if not holds:
        raise Sm2Error(f"{using.name} does not give the SM2 standard's known answers")


def _refuses(key: PrivateKey, sealed: bytes) -> bool:
    try:
        key.decrypt(sealed)
    except Sm2Error:
        return True
    return False
