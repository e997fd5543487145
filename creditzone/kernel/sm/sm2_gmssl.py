"""SM2 by gmssl's curve arithmetic, for machines without libcrypto 3 and as an independent check of it.

gmssl 3.2.2 as published leaks keys: nonces from random.choice, C1 not checked, C3 not compared, lax signatures,
`lstrip("04")` on keys. So this module, the only one that may import it, takes the point arithmetic alone: nonces
come from `secrets`, points are checked before they are multiplied, C3 is compared, lengths are exact.

The arithmetic is not constant time: where others can measure a node's time closely, install OpenSSL 3.
"""

import hmac
import secrets

from gmssl.sm2 import CryptSM2  # noqa: TID251 - the one place

from creditzone.kernel.sm.sm2_curve import (
    GX,
    GY,
    N,
    Sm2Error,
    identity_digest,
    require_point,
)
from creditzone.kernel.sm.sm3 import SIZE, sm3

_GENERATOR = (GX.to_bytes(32, "big") + GY.to_bytes(32, "big")).hex()


def _times(scalar: int, coordinates: str) -> bytes:
    """`scalar` (1 to n - 1) times a point on the curve, as 64 bytes X, Y."""
    product = _curve()._kg(scalar, coordinates)
    if product is None:
        raise Sm2Error("SM2 refuses this key, signature or ciphertext")
    return bytes.fromhex(product)


def _curve(private: str = "1", public: str = "") -> CryptSM2:
    """gmssl's object; `public_key` is set after construction, past its `lstrip("04")`."""
    curve = CryptSM2(private, "", mode=1)
    curve.public_key = public
    return curve


def _nonce() -> int:
    return secrets.randbelow(N - 1) + 1


def _mask(shared: bytes, size: int) -> bytes:
    """The key derivation of GB/T 32918.4, 5.4.3, over SM3."""
    blocks = (sm3(shared + count.to_bytes(4, "big")) for count in range(1, -(-size // SIZE) + 1))
    return b"".join(blocks)[:size]


def _xor(left: bytes, right: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(left, right, strict=True))


class GmsslPrivate:
    """A private key for gmssl's arithmetic."""

    def __init__(self, scalar: bytes, point: bytes) -> None:
        self._scalar, self._point = scalar, point

    def sign(self, message: bytes, user_id: bytes) -> tuple[int, int]:
        """Sign with a nonce of the operating system's generator."""
        digest = sm3(identity_digest(self._point, user_id) + message)
        while True:
            signature = _curve(self._scalar.hex()).sign(digest, f"{_nonce():064x}")
            if signature is not None:
                return int(signature[:64], 16), int(signature[64:], 16)

    def decrypt(self, c1: bytes, c3: bytes, c2: bytes) -> bytes:
        """Open a ciphertext, after C1 was found on the curve; C3 is compared before a byte is handed out."""
        require_point(c1)
        shared = _times(int.from_bytes(self._scalar, "big"), c1[1:].hex())
        mask = _mask(shared, len(c2))
        plain = _xor(c2, mask)
        found = sm3(shared[:32] + plain + shared[32:])
        if not any(mask) or not hmac.compare_digest(found, c3):
            raise Sm2Error("SM2 refuses this key, signature or ciphertext")
        return plain


class GmsslPublic:
    """A public key for gmssl's arithmetic."""

    def __init__(self, point: bytes) -> None:
        require_point(point)
        self._point = point

    def verify(self, r: int, s: int, message: bytes, user_id: bytes) -> bool:
        """Whether (r, s) is this key's signature of `message`; gmssl checks neither range nor infinity."""
        if not (1 <= r < N and 1 <= s < N) or (r + s) % N == 0:
            return False
        digest = sm3(identity_digest(self._point, user_id) + message)
        try:
            return bool(_curve(public=self._point[1:].hex()).verify(f"{r:064x}{s:064x}", digest))
        except TypeError:  # its sum met the point at infinity, which no signature gives
            return False

    def encrypt(self, plain: bytes) -> tuple[bytes, bytes, bytes]:
        """C1 (65 bytes), C3 (32 bytes), C2 (as long as `plain`)."""
        while True:
            nonce = _nonce()
            shared = _times(nonce, self._point[1:].hex())
            mask = _mask(shared, len(plain))
            if any(mask):
                c3 = sm3(shared[:32] + plain + shared[32:])
                return b"\x04" + _times(nonce, _GENERATOR), c3, _xor(plain, mask)


class Gmssl:
    """SM2 by gmssl's arithmetic, hardened."""

    name = "gmssl-hardened"

    def public_point(self, scalar: bytes) -> bytes:
        """The public key of a private one."""
        return b"\x04" + _times(int.from_bytes(scalar, "big"), _GENERATOR)

    def private(self, scalar: bytes, point: bytes) -> GmsslPrivate:
        """The handle of a private key whose public point is `point`."""
        return GmsslPrivate(scalar, point)

    def public(self, point: bytes) -> GmsslPublic:
        """The handle of a public key; raises Sm2Error when it is not on the curve."""
        return GmsslPublic(point)
