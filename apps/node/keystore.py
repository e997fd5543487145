"""The node's private keys: made here, sealed here, and never anywhere else.

`keys/own.key` holds the node's SM2 signing and encryption keys, the key for secrets in its store and the key of its
link certificate, sealed by SM4-GCM under the node key file (0600; it may lie on another disk). A hosted firm's keys
lie in `keys/<uscc>.firm` under the firm's own passphrase by Argon2id, so that they open only while the firm is there.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

import msgspec
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from msgspec import Struct

from apps.node.config import Config, ConfigError, write_private
from apps.node.errors import NodeError, WrongPassphrase
from creditzone.kernel.engine.link import make_link_key
from creditzone.kernel.sm.sm2 import PrivateKey
from creditzone.kernel.sm.sm4 import KEY, NONCE, AuthenticationError, Sm4Gcm

KEYS: Final = "keys"
_OWN_DATA: Final = b"creditzone/keystore/v1\n"
_FIRM_DATA: Final = b"creditzone/firm-keys/v1\n"
_ARGON: Final = {"iterations": 3, "lanes": 2, "memory_cost": 64 * 1024}
LEAST_PASSPHRASE: Final = 10


class _OwnKeys(Struct, frozen=True, kw_only=True):
    signing: str
    encryption: str
    storage: str
    link_key: str


class _FirmFile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    salt: str
    iterations: int
    lanes: int
    memory_cost: int
    sealed: str


class _FirmSecret(Struct, frozen=True, kw_only=True):
    signing: str
    encryption: str


@dataclass(frozen=True)
class FirmKeys:
    """An organisation's two private keys while they are in use."""

    signing: PrivateKey
    encryption: PrivateKey


class Keystore:
    """The node's opened keys. It shows nothing of them and seals small secrets for the store."""

    def __init__(self, home: Path, own: _OwnKeys, certificate_pem: str) -> None:
        self._home = home
        self.signing = PrivateKey.from_bytes(bytes.fromhex(own.signing))
        self.encryption = PrivateKey.from_bytes(bytes.fromhex(own.encryption))
        self.link_certificate = certificate_pem
        self.link_key = own.link_key
        self._storage = bytes.fromhex(own.storage)

    @classmethod
    def create(cls, home: Path, config: Config) -> Self:
        """Draw all keys of a new node; raises ConfigError where there are keys already."""
        folder = home / KEYS
        if (folder / "own.key").exists():
            raise ConfigError(f"{folder} holds keys already; they are never overwritten.")
        folder.mkdir(mode=0o700, exist_ok=True)
        node_key = secrets.token_bytes(KEY)
        certificate, link_key = make_link_key(f"creditzone-{config.organisation}")
        own = _OwnKeys(
            signing=PrivateKey.generate().to_bytes().hex(),
            encryption=PrivateKey.generate().to_bytes().hex(),
            storage=secrets.token_bytes(KEY).hex(),
            link_key=link_key,
        )
        key_file = home / config.key_file
        if key_file.exists():
            raise ConfigError(f"{key_file} exists already; it is never overwritten.")
        write_private(key_file, node_key)
        write_private(folder / "link.pem", certificate.encode())
        write_private(folder / "own.key", _seal(node_key, msgspec.json.encode(own), _OWN_DATA))
        return cls(home, own, certificate)

    @classmethod
    def open(cls, home: Path, config: Config) -> Self:
        """Open the node's keys; raises ConfigError where they are missing, damaged or readable by others."""
        folder, key_file = home / KEYS, home / config.key_file
        try:
            if key_file.stat().st_mode & 0o077:
                raise ConfigError(f"{key_file} is readable by others: chmod 600 it.")
            plain = _open(key_file.read_bytes(), (folder / "own.key").read_bytes(), _OWN_DATA)
            certificate = (folder / "link.pem").read_text()
        except FileNotFoundError as error:
            raise ConfigError(f"{error.filename} is missing: set the node up first.") from None
        except (AuthenticationError, ValueError) as error:
            raise ConfigError(f"the keys in {folder} do not open with {key_file}: {error}") from None
        return cls(home, msgspec.json.decode(plain, type=_OwnKeys), certificate)

    def seal(self, plain: bytes, *, use: str) -> bytes:
        """Seal a small secret for the store; `use` (what it is and whose) must be the same to open it."""
        return _seal(self._storage, plain, use.encode())

    def open_sealed(self, sealed: bytes, *, use: str) -> bytes:
        """Open what `seal` sealed; raises AuthenticationError."""
        return _open(self._storage, sealed, use.encode())

    def create_firm(self, organisation: str, passphrase: str) -> FirmKeys:
        """Draw a hosted firm's keys under its passphrase; raises NodeError where it has keys or the phrase is short."""
        path = self._firm_path(organisation)
        if path.exists():
            raise NodeError("illegal-move", state="created")
        if len(passphrase) < LEAST_PASSPHRASE:
            raise NodeError("passphrase-short", least=LEAST_PASSPHRASE)
        keys = FirmKeys(PrivateKey.generate(), PrivateKey.generate())
        secret = _FirmSecret(signing=keys.signing.to_bytes().hex(), encryption=keys.encryption.to_bytes().hex())
        salt = secrets.token_bytes(16)
        sealed = _seal(_derived(passphrase, salt, **_ARGON), msgspec.json.encode(secret), _firm_data(organisation))
        file = _FirmFile(salt=salt.hex(), sealed=sealed.hex(), **_ARGON)
        write_private(path, msgspec.json.encode(file))
        return keys

    def open_firm(self, organisation: str, passphrase: str | None) -> FirmKeys:
        """A hosted firm's keys; raises WrongPassphrase, or NodeError where none was given.

        Nothing here counts the tries: `passphrases.open_firm` does, and is the way in."""
        if not passphrase:
            raise NodeError("passphrase-missing")
        try:
            file = msgspec.json.decode(self._firm_path(organisation).read_bytes(), type=_FirmFile)
        except FileNotFoundError:
            raise WrongPassphrase from None
        key = _derived(
            passphrase,
            bytes.fromhex(file.salt),
            iterations=file.iterations,
            lanes=file.lanes,
            memory_cost=file.memory_cost,
        )
        try:
            plain = _open(key, bytes.fromhex(file.sealed), _firm_data(organisation))
        except AuthenticationError:
            raise WrongPassphrase from None
        secret = msgspec.json.decode(plain, type=_FirmSecret)
        return FirmKeys(
            PrivateKey.from_bytes(bytes.fromhex(secret.signing)),
            PrivateKey.from_bytes(bytes.fromhex(secret.encryption)),
        )

    def firms(self) -> list[str]:
        """The codes of the firms whose keys lie here."""
        return sorted(path.stem for path in (self._home / KEYS).glob("*.firm"))

    def _firm_path(self, organisation: str) -> Path:
        if not organisation.isalnum():
            raise NodeError("not-found")
        return self._home / KEYS / f"{organisation}.firm"

    def __repr__(self) -> str:
        return "Keystore(…)"


def _derived(passphrase: str, salt: bytes, *, iterations: int, lanes: int, memory_cost: int) -> bytes:
    return Argon2id(salt=salt, length=KEY, iterations=iterations, lanes=lanes, memory_cost=memory_cost).derive(
        passphrase.encode()
    )


def _firm_data(organisation: str) -> bytes:
    return _FIRM_DATA + organisation.encode()


def _seal(key: bytes, plain: bytes, associated: bytes) -> bytes:
    nonce = secrets.token_bytes(NONCE)
    return nonce + Sm4Gcm(key).seal(nonce, plain, associated)


def _open(key: bytes, sealed: bytes, associated: bytes) -> bytes:
    if len(sealed) < NONCE:
        raise AuthenticationError("shorter than a nonce")
    return Sm4Gcm(key).open(sealed[:NONCE], sealed[NONCE:], associated)
