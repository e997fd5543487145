"""Firms as a node remembers them: by keyed hashes of their codes, which nobody without the node's key can tell."""

import hmac
from collections.abc import Iterable, Iterator
from typing import Final

from creditzone.kernel.sm.kdf import hkdf_sm3

SIZE: Final = 16


def tag_key(secret: bytes, *, capsule: str, recipient: str) -> bytes:
    """The key for one capsule and recipient, so that the same firm has another tag under each."""
    return hkdf_sm3(secret, salt=b"creditzone/firm-tags/v1", info=f"{capsule}\n{recipient}".encode(), length=32)


def tags_of(key: bytes, codes: Iterable[str]) -> list[bytes]:
    """One tag of 16 bytes a code, in the order of the codes."""
    return [hmac.digest(key, code.encode("ascii"), "sm3")[:SIZE] for code in codes]


def split_tags(joined: bytes) -> Iterator[bytes]:
    """Tags that were joined, one by one."""
    return (joined[at : at + SIZE] for at in range(0, len(joined), SIZE))
