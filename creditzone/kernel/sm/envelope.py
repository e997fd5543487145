"""A sealed message to one key: a fresh SM4 key wrapped by SM2, the message under SM4-GCM.

    magic (8) | SM2 ciphertext of the key, C1 C3 C2 (113) | nonce (12) | ciphertext | tag (16)

The tag also covers the magic, the wrapped key and what the caller names as `associated` (who sends what to
whom for which job); the associated bytes themselves do not travel inside.
"""

import secrets

from creditzone.kernel.sm.keys import Opener
from creditzone.kernel.sm.sm2 import PublicKey, Sm2Error
from creditzone.kernel.sm.sm4 import KEY, NONCE, TAG, AuthenticationError, Sm4Gcm

MAGIC = b"CZENV\x00\x00\x01"
_WRAPPED = 65 + 32 + KEY
OVERHEAD = len(MAGIC) + _WRAPPED + NONCE + TAG


class SealedToAnotherKey(AuthenticationError):
    """SM2 does not open the message's key: it is sealed to a key that is not here, or this part of it is damaged."""


def seal_to(public: PublicKey, plain: bytes, *, associated: bytes) -> bytes:
    """Seal `plain` so that only the holder of `public`'s private key opens it: `OVERHEAD` bytes longer."""
    key, nonce = secrets.token_bytes(KEY), secrets.token_bytes(NONCE)
    head = MAGIC + public.encrypt(key)
    return head + nonce + Sm4Gcm(key).seal(nonce, plain, head + associated)


def open_with(private: Opener, sealed: bytes, *, associated: bytes) -> bytes:
    """Open what `seal_to` sealed. Raises AuthenticationError when anything in or around it differs."""
    if len(sealed) < OVERHEAD or not sealed.startswith(MAGIC):
        raise AuthenticationError("not a sealed message of this version")
    at = len(MAGIC) + _WRAPPED
    head, nonce, body = sealed[:at], sealed[at : at + NONCE], sealed[at + NONCE :]
    try:
        key = private.decrypt(head[len(MAGIC) :])
    except Sm2Error:
        raise SealedToAnotherKey("the message is sealed to another key, or damaged") from None
    return Sm4Gcm(key).open(nonce, body, head + associated)
