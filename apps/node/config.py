"""A node's settings: `node.json` in its home, written once by `python -m apps.node init` and read strictly."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta, Struct

from creditzone.kernel.documents import Card, OrganisationKind, Signed, Uscc, require_signature
from creditzone.kernel.sm.sm2 import PublicKey

CONFIG = "node.json"


class ConfigError(ValueError):
    """The node's home is not set up, or its settings contradict themselves."""


class Config(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who this node is, which zone it trusts, and where things are.

    `zone_card` is the zone's self-signed card, handed over at set-up: its key is the zone's key. `portal_address` is
    `host:port` to connect to where the portal's name does not resolve; `passphrase_file` lies outside the home, on
    another medium (`unlocking` names the other ways). A node that `hosts` keeps keys for firms that have no machine of
    their own; `firm_quota_mib` bounds what each keeps here in files. `policy_signers` people of the
    organisation approve a policy before it is signed; `firm_policy_signers` of a hosted firm, which often has one
    person only. `key_overlap_days` is how long a key that was replaced, here or by another organisation, still counts
    for what was made before. `one_time_codes_bind` is for demonstrations: a fresh one-time code then binds as a
    passkey does, and a page that imitates the node can relay one.
    """

    organisation: Uscc
    kind: OrganisationKind
    name: str
    name_en: str
    hosts: bool = False
    zone_card: Signed
    portal_url: str
    portal_address: str | None = None
    console_url: str
    link_host: str | None = None
    link_ports: tuple[int, int] | None = None
    slots: Annotated[int, Meta(ge=0, le=64)] = 1
    passphrase_file: str | None = None
    scratch_root: str = "/dev/shm"  # noqa: S108 (memory-backed is the point; checked before each use)
    tick_seconds: Annotated[float, Meta(gt=0, le=60)] = 1.0
    busy_tick_seconds: Annotated[float, Meta(gt=0, le=60)] = 0.25
    link_timeout_seconds: Annotated[int, Meta(ge=2, le=3600)] = 120
    share_timeout_seconds: Annotated[int, Meta(ge=1, le=600)] = 15
    psi_protocol: str = "rr22"
    firm_quota_mib: Annotated[int, Meta(ge=1)] = 256
    policy_signers: Annotated[int, Meta(ge=1, le=2)] = 2
    firm_policy_signers: Annotated[int, Meta(ge=1, le=2)] = 1
    key_overlap_days: Annotated[int, Meta(ge=1, le=366)] = 30
    one_time_codes_bind: bool = False

    @property
    def hosted(self) -> bool:
        """Whether firms' keys live here, under their own passphrases."""
        return self.hosts

    @property
    def zone(self) -> str:
        """The digest of the zone's card: the `zone` of every document."""
        return self.zone_card.digest

    def zone_document(self) -> Card:
        """The zone's card, its own signature checked; raises DocumentError or SignatureInvalid."""
        card = msgspec.json.decode(self.zone_card.text.encode(), type=Card)
        return require_signature(self.zone_card, Card, by=card.organisation, key=PublicKey.from_hex(card.signing_key))

    def connect_to(self) -> tuple[str, str, int]:
        """(scheme, host, port) to open a connection to; the Host header is `portal_host`."""
        parts = urlsplit(self.portal_url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
        if self.portal_address:
            host, _, given = self.portal_address.rpartition(":")
            return parts.scheme, host, int(given)
        host = parts.hostname or ""
        if host == "localhost" or host.endswith(".localhost"):
            host = "127.0.0.1"
        return parts.scheme, host, port

    @property
    def portal_host(self) -> str:
        """What the Host header says."""
        return urlsplit(self.portal_url).netloc


def read_config(home: Path) -> Config:
    """The settings of the node in `home`; raises ConfigError with a sentence."""
    path = home / CONFIG
    try:
        config = msgspec.json.decode(path.read_bytes(), type=Config)
        config.zone_document()
    except FileNotFoundError:
        raise ConfigError(f"{path} is missing: set the node up with `python -m apps.node init`.") from None
    except (msgspec.DecodeError, ValueError) as error:
        raise ConfigError(f"{path} is not understood: {error}") from error
    if config.slots and (config.link_ports is None or config.link_host is None):
        raise ConfigError(f"{path}: a node that computes has a link address and ports.")
    if config.link_ports and config.link_ports[1] - config.link_ports[0] + 1 < 4 * config.slots:
        raise ConfigError(f"{path}: each slot takes four link ports.")
    return config


def write_config(home: Path, config: Config) -> None:
    """Write `node.json`, readable by its owner only."""
    write_private(home / CONFIG, msgspec.json.format(msgspec.json.encode(config), indent=2))


def replace_private(path: Path, data: bytes) -> None:
    """As `write_private`, and what stood in the file before is written over, under whatever name it is still held.

    A disk that moves its blocks may keep a copy that no program sees."""
    old = path.with_name(f"{path.name}.old")
    forget_replaced(path)
    os.link(path, old)
    write_private(path, data)
    forget_replaced(path)


def forget_replaced(path: Path) -> None:
    """Write over what a broken-off `replace_private` left behind."""
    old = path.with_name(f"{path.name}.old")
    if not old.exists():
        return
    if not old.samefile(path):
        with old.open("r+b") as file:
            file.write(secrets.token_bytes(old.stat().st_size))
            file.flush()
            os.fsync(file.fileno())
    old.unlink()


def write_private(path: Path, data: bytes) -> None:
    """Write a file of mode 0600 in one step: there is never half a file under its name."""
    fresh = path.with_name(f"{path.name}.new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
