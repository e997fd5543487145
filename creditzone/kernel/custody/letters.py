"""Shares and deposits on their way: sealed to one key, and bound to the place where they may be opened."""

from dataclasses import dataclass
from typing import Final

from creditzone.kernel.custody.shares import SALT, Share
from creditzone.kernel.sm.envelope import open_with, seal_to
from creditzone.kernel.sm.keys import Opener
from creditzone.kernel.sm.sm2 import PublicKey

_SHARE: Final = b"creditzone/share/v1\n"
_DEPOSIT: Final = b"creditzone/deposit/v1\n"


@dataclass(frozen=True, kw_only=True)
class Place:
    """Whose share of what: a version of a provider's capsule, and who holds it."""

    zone: str
    provider: str
    holder: str
    capsule: str
    version: int

    def data(self) -> bytes:
        """The associated data of an envelope for this place."""
        return "\n".join((self.zone, self.provider, self.holder, self.capsule, str(self.version))).encode()


def seal_share(share: Share, key: PublicKey, place: Place) -> bytes:
    """The share for its holder."""
    return seal_to(key, share.salt + share.value, associated=_share_data(share.index, place))


def open_share(sealed: bytes, key: Opener, place: Place, *, index: int) -> Share:
    """The holder's own share; raises AuthenticationError for one of another place or for another key."""
    plain = open_with(key, sealed, associated=_share_data(index, place))
    return Share(index, plain[:SALT], plain[SALT:])


def seal_deposit(deposit: bytes, key: PublicKey, place: Place) -> bytes:
    """A deposit for its custodian."""
    return seal_to(key, deposit, associated=_DEPOSIT + place.data())


def open_deposit(sealed: bytes, key: Opener, place: Place) -> bytes:
    """The deposit's bytes; raises AuthenticationError."""
    return open_with(key, sealed, associated=_DEPOSIT + place.data())


def _share_data(index: int, place: Place) -> bytes:
    return _SHARE + f"{index}\n".encode() + place.data()
