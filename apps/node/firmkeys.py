"""Hosted firms' keys: each firm's in `keys/<uscc>.firm` under its own passphrase, open only while the firm is there."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from apps.node.config import write_private
from apps.node.errors import NodeError, WrongPassphrase
from apps.node.locked import Lock
from creditzone.kernel.sm.keys import Opener, Signer
from creditzone.kernel.sm.sm2 import PrivateKey
from creditzone.kernel.sm.sm4 import AuthenticationError

_USE: Final = b"creditzone/firm-keys/v2\n"
LEAST_PASSPHRASE: Final = 10


@dataclass(frozen=True)
class FirmKeys:
    """A firm's two keys while they are in use."""

    signing: Signer
    encryption: Opener


class _Secret(Struct, frozen=True, kw_only=True):
    signing: str
    encryption: str


class FirmKeystore:
    """The hosted firms' keys in a node's home."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def create(self, organisation: str, passphrase: str) -> FirmKeys:
        """Draw a firm's keys under its passphrase; raises NodeError where it has keys or the phrase is short."""
        path = self._path(organisation)
        if path.exists():
            raise NodeError("illegal-move", state="created")
        if len(passphrase) < LEAST_PASSPHRASE:
            raise NodeError("passphrase-short", least=LEAST_PASSPHRASE)
        signing, encryption = PrivateKey.generate(), PrivateKey.generate()
        secret = _Secret(signing=signing.to_bytes().hex(), encryption=encryption.to_bytes().hex())
        file = Lock.fresh(passphrase).seal(msgspec.json.encode(secret), use=_use(organisation))
        write_private(path, file)
        return FirmKeys(signing, encryption)

    def open(self, organisation: str, passphrase: str) -> FirmKeys:
        """A firm's keys; raises WrongPassphrase.

        Nothing here counts the tries: `passphrases.open_firm` does, and is the way in."""
        try:
            file = self._path(organisation).read_bytes()
            plain = Lock.of(file, passphrase).open(file, use=_use(organisation))
        except (FileNotFoundError, AuthenticationError):
            raise WrongPassphrase from None
        secret = msgspec.json.decode(plain, type=_Secret)
        return FirmKeys(_key(secret.signing), _key(secret.encryption))

    def firms(self) -> list[str]:
        """The codes of the firms whose keys lie here."""
        return sorted(path.stem for path in self._folder.glob("*.firm"))

    def _path(self, organisation: str) -> Path:
        if not organisation.isalnum():
            raise NodeError("not-found")
        return self._folder / f"{organisation}.firm"


def _key(text: str) -> PrivateKey:
    return PrivateKey.from_bytes(bytes.fromhex(text))


def _use(organisation: str) -> bytes:
    return _USE + organisation.encode()
