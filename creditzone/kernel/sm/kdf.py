"""HKDF (RFC 5869) over SM3."""

import hmac

from creditzone.kernel.sm.sm3 import SIZE, sm3


def hkdf_sm3(secret: bytes, *, salt: bytes, info: bytes, length: int) -> bytes:
    """Derive `length` bytes (1 to 8160) from `secret`; `info` names the one use of the result.

    Raises ValueError on an empty secret or another length.
    """
    if not secret:
        raise ValueError("nothing can be derived from an empty secret")
    if not 1 <= length <= 255 * SIZE:
        raise ValueError("HKDF-SM3 gives 1 to 8160 bytes")
    pseudorandom = _hmac(salt or bytes(SIZE), secret)
    output = block = b""
    while len(output) < length:
        block = _hmac(pseudorandom, block + info + bytes([len(output) // SIZE + 1]))
        output += block
    return output[:length]


def _hmac(key: bytes, message: bytes) -> bytes:
    sm3(b"")  # the clear error where SM3 is missing
    return hmac.digest(key, message, "sm3")
