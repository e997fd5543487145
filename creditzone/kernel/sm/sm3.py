"""SM3 (GB/T 32905-2016) through the interpreter's own OpenSSL."""

import hashlib
from typing import Protocol

Bytes = bytes | bytearray | memoryview
SIZE = 32


class Sm3Missing(RuntimeError):
    """This interpreter's OpenSSL was built without SM3; nothing of the zone can run on it."""

    def __init__(self) -> None:
        super().__init__(
            "hashlib has no SM3: this Python is linked to an OpenSSL without it (a FIPS or no-sm3 build, or "
            "LibreSSL). Run on a Python that is linked to OpenSSL 1.1.1 or newer with SM3 enabled."
        )


class _Hash(Protocol):
    def update(self, data: Bytes, /) -> None: ...
    def digest(self) -> bytes: ...


def _new() -> _Hash:
    try:
        return hashlib.new("sm3")
    except ValueError:
        raise Sm3Missing from None


def sm3(data: Bytes) -> bytes:
    """The 32-byte digest of `data`."""
    state = _new()
    state.update(data)
    return state.digest()


def named(raw: bytes) -> str:
    """A 32-byte digest as documents write it: `sm3:` and 64 lower-case hex digits."""
    return f"sm3:{raw.hex()}"


def digest(data: Bytes) -> str:
    """SM3 of `data` as documents write it."""
    return named(sm3(data))


class Hasher:
    """SM3 of what comes in pieces."""

    def __init__(self) -> None:
        self._state = _new()

    def update(self, data: Bytes) -> None:
        """Take the next piece."""
        self._state.update(data)

    def raw(self) -> bytes:
        """The 32-byte digest of all pieces so far."""
        return self._state.digest()

    def digest(self) -> str:
        """The digest of all pieces so far, as documents write it."""
        return named(self.raw())
