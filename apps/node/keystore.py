"""The software keystore: the node's private keys in one file under the node's passphrase, and in this process's memory.

`keys/own.key` holds the SM2 signing and encryption keys, the key of the link certificate, and the key for secrets in
the node's store, sealed as `locked` says. Nothing of them is shown, logged or handed on but the link's key, which the
engine's library reads from a file. Console, runner and command line share the file: each looks whether another has
written it.
"""

from __future__ import annotations

import fcntl
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
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
    organisation: str
    storage: str
    pairs: tuple[_PairSecret, ...]


class Keystore:
    """The node's opened keys, a `KeyProvider`."""

    def __init__(self, path: Path, lock: Lock) -> None:
        self._path = path
        self._lock = lock
        self._seen: tuple[int, int] = (0, 0)
        self._look()

    @classmethod
    def create(cls, home: Path, organisation: str, passphrase: str, *, cost: Cost | None = None) -> Self:
        """Draw all keys of a new node; raises ConfigError where there are keys already, or the passphrase is short."""
        path = home / KEYS / OWN
        if path.exists():
            raise ConfigError(f"{path} holds keys already; they are never overwritten.")
        path.parent.mkdir(mode=0o700, exist_ok=True)
        pair = _PairSecret.drawn(organisation)
        drawn = _Secrets(organisation=organisation, storage=secrets.token_bytes(KEY).hex(), pairs=(pair,))
        lock = Lock.fresh(require_long(passphrase), cost=cost)
        write_private(path, lock.seal(msgspec.json.encode(drawn), use=_USE))
        return cls(path, lock)

    @classmethod
    def open(cls, home: Path, passphrase: str) -> Self:
        """Open the node's keys; raises ConfigError with what stands against it."""
        path = home / KEYS / OWN
        try:
            with _only_reader(path):
                forget_replaced(path)
                file = path.read_bytes()
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
        fresh = Lock.fresh(require_long(passphrase), cost=cost)
        with self._alone():
            self._lock = fresh
            self._write(self._held)

    def _look(self) -> None:
        """Read the file where it is another than the one seen last; one under another passphrase is left alone, and
        this process goes on with what it has."""
        if self._seen == _state(self._path):
            return
        with _only_reader(self._path):
            file, self._seen = self._path.read_bytes(), _state(self._path)
        if self._lock.fits(file):
            self._take(msgspec.json.decode(self._lock.open(file, use=_USE), type=_Secrets))

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Nobody else writes the file meanwhile, and what stands in it is known here; raises ConfigError."""
        self._look()
        with _only_reader(self._path):
            if self._seen != _state(self._path) or not self._lock.fits(self._path.read_bytes()):
                raise ConfigError("this node's key file was changed elsewhere: restart this program and try again.")
            yield

    def _write(self, held: _Secrets) -> None:
        replace_private(self._path, self._lock.seal(msgspec.json.encode(held), use=_USE))
        self._seen = _state(self._path)
        self._take(held)

    def draw(self) -> Pair:
        """Draw a pair beside those that are here."""
        with self._alone():
            drawn = _PairSecret.drawn(self._held.organisation)
            self._write(msgspec.structs.replace(self._held, pairs=(*self._held.pairs, drawn)))
            return self._pairs[-1]

    def destroy(self, pair: Pair) -> None:
        """Write the file without the pair, over the one that held it."""
        with self._alone():
            left = tuple(one for one in self._held.pairs if one.link_certificate != pair.link_certificate)
            self._write(msgspec.structs.replace(self._held, pairs=left))

    def _take(self, held: _Secrets) -> None:
        self._held = held
        self._storage = bytes.fromhex(held.storage)
        opened = [(one, _key(one.signing), _key(one.encryption)) for one in held.pairs]
        self._private = {key.public: key for _, *keys in opened for key in keys}
        self._link_keys = {one.link_certificate: one.link_key for one in held.pairs}
        self._pairs = tuple(Pair(first.public, second.public, one.link_certificate) for one, first, second in opened)

    def pairs(self) -> tuple[Pair, ...]:
        """The pairs that are here, oldest first."""
        self._look()
        return self._pairs

    def sign(self, key: PublicKey, message: bytes) -> bytes:
        """SM2 with SM3 over `message`; raises Sm2Error where the key is not here."""
        return self._one(key).sign(message)

    def decrypt(self, key: PublicKey, sealed: bytes) -> bytes:
        """Open an SM2 ciphertext; raises Sm2Error."""
        return self._one(key).decrypt(sealed)

    def seal(self, plain: bytes, *, use: str) -> bytes:
        """Seal a small secret for the store."""
        return seal(self._storage, plain, use.encode())

    def open_sealed(self, sealed: bytes, *, use: str) -> bytes:
        """Open what `seal` sealed; raises AuthenticationError."""
        return open_sealed(self._storage, sealed, use.encode())

    def link_key(self, certificate: str) -> str:
        """The link's TLS key in PEM."""
        self._look()
        return self._link_keys[certificate]

    def _one(self, key: PublicKey) -> PrivateKey:
        self._look()
        held = self._private.get(key)
        if held is None:
            raise Sm2Error("this key is not here")
        return held

    def __repr__(self) -> str:
        return "Keystore(…)"


@contextmanager
def _only_reader(path: Path) -> Iterator[None]:
    """Nobody else reads or writes the key file meanwhile."""
    with path.with_name("own.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _state(path: Path) -> tuple[int, int]:
    stat = path.stat()
    return stat.st_ino, stat.st_mtime_ns


def _key(text: str) -> PrivateKey:
    return PrivateKey.from_bytes(bytes.fromhex(text))


def require_long(passphrase: str) -> str:
    """The passphrase; raises ConfigError where it is too short to be one."""
    if len(passphrase) < LEAST_PASSPHRASE:
        raise ConfigError(f"a node's passphrase has at least {LEAST_PASSPHRASE} characters: choose a longer one.")
    return passphrase
