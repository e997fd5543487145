"""What every SM2 implementation here shares: the curve's numbers, the fixed formats and the one error."""

from typing import Protocol

from creditzone.kernel.sm.sm3 import sm3

# GB/T 32918.5-2017: the recommended curve sm2p256v1.
P = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000000FFFFFFFFFFFFFFFF
A = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000000FFFFFFFFFFFFFFFC
B = 0x28E9FA9E9D9F5E344D5A9E4BCF6509A7F39789F515AB8F92DDBCBD414D940E93
N = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123
GX = 0x32C4AE2C1F1981195F9904466A39C9948FE30BBFF2660BE1715A4589334C74C7
GY = 0xBC3736A2F4F6779C59BDCEE36B692153D0A9877CC62A474002DF32E52139F0A0

USER_ID = b"1234567812345678"  # GM/T 0009-2012, 10: the default identity
PLAIN_LIMIT = 4096  # keys and small secrets; anything longer goes into an envelope


class Sm2Error(ValueError):
    """A key, point, signature or ciphertext that SM2 refuses, without saying which check a secret failed."""


class PrivateHandle(Protocol):
    """A private key inside one implementation."""

    def sign(self, message: bytes, user_id: bytes) -> tuple[int, int]: ...
    def decrypt(self, c1: bytes, c3: bytes, c2: bytes) -> bytes: ...


class PublicHandle(Protocol):
    """A public key, already found on the curve, inside one implementation."""

    def verify(self, r: int, s: int, message: bytes, user_id: bytes) -> bool: ...
    def encrypt(self, plain: bytes) -> tuple[bytes, bytes, bytes]: ...


class Implementation(Protocol):
    """One way to compute SM2. Points are 65 bytes (04, X, Y), scalars 32 bytes, all big-endian."""

    name: str

    def public_point(self, scalar: bytes) -> bytes: ...
    def private(self, scalar: bytes, point: bytes) -> PrivateHandle: ...
    def public(self, point: bytes) -> PublicHandle: ...


def require_scalar(scalar: bytes) -> None:
    """Raise Sm2Error unless `scalar` is a private key: 32 bytes, 1 to n - 2 (GB/T 32918.1, 6.1)."""
    if len(scalar) != 32 or not 1 <= int.from_bytes(scalar, "big") <= N - 2:
        raise Sm2Error("an SM2 private key is 32 bytes between 1 and n - 2")


def require_point(point: bytes) -> None:
    """Raise Sm2Error unless `point` is 04, X, Y with X and Y below p and on the curve (cofactor 1)."""
    if len(point) != 65 or point[0] != 4:
        raise Sm2Error("an SM2 public key is 04 and two coordinates of 32 bytes")
    x, y = int.from_bytes(point[1:33], "big"), int.from_bytes(point[33:], "big")
    if x >= P or y >= P or (y * y - x * x * x - A * x - B) % P:
        raise Sm2Error("the point is not on the SM2 curve")


def identity_digest(point: bytes, user_id: bytes) -> bytes:
    """Z of GB/T 32918.2, 5.5: SM3 over the signer's identity, the curve and the public key."""
    curve = b"".join(number.to_bytes(32, "big") for number in (A, B, GX, GY))
    return sm3((len(user_id) * 8).to_bytes(2, "big") + user_id + curve + point[1:])
