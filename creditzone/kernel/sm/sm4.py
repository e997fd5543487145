"""SM4-GCM (GB/T 32907-2016, RFC 8998): 16-byte keys, 12-byte nonces, 16-byte tags, no other sizes.

The code is libgcrypt's where it is there, else `cryptography`'s, with the same bytes; chosen at first use
after a known answer. Plaintext is handed out only after its tag was checked: where it does not fit, nothing
stays in the caller's buffer.
"""

from functools import cache
from typing import Protocol

from creditzone.kernel.sm.sm3 import Bytes

KEY, NONCE, TAG = 16, 12, 16


class AuthenticationError(ValueError):
    """The tag does not fit: key, nonce, associated data or ciphertext differ."""


class Cipher(Protocol):
    """SM4-GCM under one key in one library."""

    name: str

    def encrypt(self, nonce: bytes, source: Bytes, target: memoryview, associated: Bytes) -> bytes: ...
    def decrypt(self, nonce: bytes, source: Bytes, target: memoryview, associated: Bytes, tag: bytes) -> bool: ...


class CipherKind(Protocol):
    """A library that makes ciphers."""

    name: str

    def __call__(self, key: bytes) -> Cipher: ...


class Sm4Gcm:
    """One key, many messages, each under a nonce that this key has never seen.

    Two threads that share an object wait for each other; give each its own to work side by side (the call
    releases the interpreter's lock).
    """

    __slots__ = ("_cipher",)

    def __init__(self, key: bytes, *, using: CipherKind | None = None) -> None:
        if len(key) != KEY:
            raise ValueError("an SM4 key has 16 bytes")
        self._cipher = (using or library())(bytes(key))

    def seal(self, nonce: bytes, plain: Bytes, associated: Bytes = b"") -> bytes:
        """Ciphertext and tag in new bytes."""
        out = bytearray(len(plain) + TAG)
        self.seal_into(nonce, plain, memoryview(out), associated)
        return bytes(out)

    def seal_into(self, nonce: bytes, plain: Bytes, out: memoryview, associated: Bytes = b"") -> None:
        """Ciphertext and tag into `out` (16 bytes longer than `plain`, which may be its beginning)."""
        _require_nonce(nonce)
        if len(out) != len(plain) + TAG:
            raise ValueError("the buffer must be 16 bytes longer than the plaintext")
        out[-TAG:] = self._cipher.encrypt(nonce, plain, out[:-TAG], associated)

    def open(self, nonce: bytes, sealed: Bytes, associated: Bytes = b"") -> bytes:
        """The plaintext; raises AuthenticationError unless the tag fits."""
        out = bytearray(max(len(sealed) - TAG, 0))
        self.open_into(nonce, sealed, memoryview(out), associated)
        return bytes(out)

    def open_into(self, nonce: bytes, sealed: Bytes, out: memoryview, associated: Bytes = b"") -> None:
        """The plaintext into `out` (16 bytes shorter than `sealed`, and may be its beginning).

        Raises AuthenticationError unless the tag fits; `out` is then all zeros.
        """
        _require_nonce(nonce)
        view = memoryview(sealed)
        if len(view) < TAG:
            raise AuthenticationError("shorter than a tag")
        if len(out) != len(view) - TAG:
            raise ValueError("the buffer must be 16 bytes shorter than the sealed bytes")
        if not self._cipher.decrypt(nonce, view[:-TAG], out, associated, bytes(view[-TAG:])):
            out[:] = bytes(len(out))
            raise AuthenticationError("the SM4-GCM tag does not fit")


def _require_nonce(nonce: bytes) -> None:
    if len(nonce) != NONCE:
        raise ValueError("a GCM nonce has 12 bytes")


@cache
def library() -> CipherKind:
    """The SM4 code of this process: the first that is there and gives the standard's answer."""
    try:
        from creditzone.kernel.sm.sm4_gcrypt import GcryptCipher

        chosen: CipherKind = GcryptCipher
        known_answer(chosen)
    except (ImportError, OSError, AuthenticationError):  # none, too old, or in a mode that forbids SM4
        from creditzone.kernel.sm.sm4_openssl import OpensslCipher

        chosen = OpensslCipher
        known_answer(chosen)
    return chosen


def backend() -> str:
    """The name of the SM4 code in use, for the node's page."""
    return library().name


# RFC 8998, A.1.
_KEY = bytes.fromhex("0123456789abcdeffedcba9876543210")
_NONCE = bytes.fromhex("00001234567800000000abcd")
_ASSOCIATED = bytes.fromhex("feedfacedeadbeeffeedfacedeadbeefabaddad2")
_PLAIN = bytes.fromhex("".join(digit * 16 for digit in ("a", "b", "c", "d", "e", "f", "e", "a")))
_SEALED = bytes.fromhex(
    "17f399f08c67d5ee19d0dc9969c4bb7d5fd46fd3756489069157b282bb200735"
    "d82710ca5c22f0ccfa7cbf93d496ac15a56834cbcf98c397b4024a2691233b8d"
    "83de3541e4c2b58177e065a9bf7b62ec"
)


def known_answer(using: CipherKind) -> None:
    """Raise AuthenticationError unless `using` gives RFC 8998's example and refuses a broken copy of it."""
    cipher = Sm4Gcm(_KEY, using=using)
    right = cipher.seal(_NONCE, _PLAIN, _ASSOCIATED) == _SEALED
    right = right and cipher.open(_NONCE, _SEALED, _ASSOCIATED) == _PLAIN
    if not right or not _refuses(cipher, _SEALED[:-1] + b"\x00"):
        raise AuthenticationError(f"{using.name} does not give the SM4-GCM known answer")


def _refuses(cipher: Sm4Gcm, sealed: bytes) -> bool:
    try:
        cipher.open(_NONCE, sealed, _ASSOCIATED)
    except AuthenticationError:
        return True
    return False
