"""The software keystore: the node's private keys in one file under the node's passphrase, and in this process's memory.

`keys/own.key` holds the SM2 signing and encryption keys, the key of the link certificate, and the key for secrets in
the node's store, sealed as `locked` says. Nothing of them is shown, logged or handed on but the link's key, which the
engine's library reads from a file.
"""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Final, Self

import msgspec
from msgspec import Struct

from apps.node.config import ConfigError, forget_replaced, replace_private, write_private
from apps.node.keys import Pair
from apps.node.locked import Cost, Lock, open_sealed, seal
from creditzone.kernel.engine.link import make_link_key
from creditzone.kernel.sm.sm2 import PrivateKey, PublicKey, Sm2Error
from creditzone.kernel.sm.sm4 import KEY, AuthenticationError

KEYS: Final = "keys"
OWN: Final = "own.key"
_USE: Final = b"creditzone/keystore/v2\n"
LEAST_PASSPHRASE: Final = 10


class _PairSecret(Struct, frozen=True, kw_only=True):
    signing: str
    encryption: str
    link_key: str
    link_certificate: str

    @classmethod
    def drawn(cls, organisation: str) -> Self:
        certificate, link_key = make_link_key(f"creditzone-{organisation}")
        return cls(
            signing=PrivateKey.generate().to_bytes().hex(),
            encryption=PrivateKey.generate().to_bytes().hex(),
            link_key=link_key,
            link_certificate=certificate,
        )


class _Secrets(Struct, frozen=True, kw_only=True):
    storage: str
    pairs: tuple[_PairSecret, ...]


class Keystore:
    """The node's opened keys, a `KeyProvider`."""

    def __init__(self, path: Path, lock: Lock) -> None:
        self._path = path
        self._lock = lock
        self._load()

    @classmethod
    def create(cls, home: Path, organisation: str, passphrase: str, *, cost: Cost | None = None) -> Self:
        """Draw all keys of a new node; raises ConfigError where there are keys already, or the passphrase is short."""
        path = home / KEYS / OWN
        if path.exists():
            raise ConfigError(f"{path} holds keys already; they are never overwritten.")
        path.parent.mkdir(mode=0o700, exist_ok=True)
        drawn = _Secrets(storage=secrets.token_bytes(KEY).hex(), pairs=(_PairSecret.drawn(organisation),))
        lock = Lock.fresh(require_long(passphrase), cost=cost)
        write_private(path, lock.seal(msgspec.json.encode(drawn), use=_USE))
        return cls(path, lock)

    @classmethod
    def open(cls, home: Path, passphrase: str) -> Self:
        """Open the node's keys; raises ConfigError with what stands against it."""
        path = home / KEYS / OWN
        try:
            file = path.read_bytes()
            forget_replaced(path)
            return cls(path, Lock.of(file, passphrase))
        except FileNotFoundError:
            raise ConfigError(f"{path} is missing: set the node up first, or put its backup back.") from None
        except AuthenticationError:
            raise ConfigError(
                f"{path} does not open with this passphrase: give the one that it was written under. Nothing changed."
            ) from None
        except (msgspec.DecodeError, ValueError) as error:
            raise ConfigError(f"{path} is damaged: put its backup back. ({error})") from None

    def change_passphrase(self, passphrase: str, *, cost: Cost | None = None) -> None:
        """Put the keys under another passphrase: one step, after which the file under the one before is no more.

        Raises ConfigError where it is too short; nothing is changed then."""
        plain = self._lock.open(self._path.read_bytes(), use=_USE)
        self._lock = Lock.fresh(require_long(passphrase), cost=cost)
        replace_private(self._path, self._lock.seal(plain, use=_USE))

    def _load(self) -> None:
        plain = self._lock.open(self._path.read_bytes(), use=_USE)
        held = msgspec.json.decode(plain, type=_Secrets)
        self._storage = bytes.fromhex(held.storage)
        self._private: dict[PublicKey, PrivateKey] = {}
        self._link_keys = {pair.link_certificate: pair.link_key for pair in held.pairs}
        self._pairs = tuple(self._opened(pair) for pair in held.pairs)

    def _opened(self, secret: _PairSecret) -> Pair:
        signing, encryption = (
            PrivateKey.from_bytes(bytes.fromhex(text)) for text in (secret.signing, secret.encryption)
        )
        self._private |= {key.public: key for key in (signing, encryption)}
        return Pair(signing.public, encryption.public, secret.link_certificate)

    def pairs(self) -> tuple[Pair, ...]:
        """The pairs that are here, oldest first."""
        return self._pairs

    def sign(self, key: PublicKey, message: bytes) -> bytes:
        """SM2 with SM3 over `message`; raises Sm2Error where the key is not here."""
        return self._held(key).sign(message)

    def decrypt(self, key: PublicKey, sealed: bytes) -> bytes:
        """Open an SM2 ciphertext; raises Sm2Error."""
        return self._held(key).decrypt(sealed)

    def seal(self, plain: bytes, *, use: str) -> bytes:
        """Seal a small secret for the store."""
        return seal(self._storage, plain, use.encode())

    def open_sealed(self, sealed: bytes, *, use: str) -> bytes:
        """Open what `seal` sealed; raises AuthenticationError."""
        return open_sealed(self._storage, sealed, use.encode())

    def link_key(self, certificate: str) -> str:
        """The link's TLS key in PEM."""
        return self._link_keys[certificate]

    def _held(self, key: PublicKey) -> PrivateKey:
        held = self._private.get(key)
        if held is None:
            raise Sm2Error("this key is not here")
        return held

    def __repr__(self) -> str:
        return "Keystore(…)"


def require_long(passphrase: str) -> str:
    """The passphrase; raises ConfigError where it is too short to be one."""
    if len(passphrase) < LEAST_PASSPHRASE:
        raise ConfigError(f"a node's passphrase has at least {LEAST_PASSPHRASE} characters: choose a longer one.")
    return passphrase
