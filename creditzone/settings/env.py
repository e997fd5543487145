"""The environment, read once, in one typed place.

Every name begins with `CREDITZONE_`; `docs/settings.md` lists them. What an operator must decide has no
default that would be unsafe: a missing secret stops the start with a sentence.
"""

import os
from typing import Annotated, Any
from urllib.parse import urlsplit

import msgspec
from django.core.exceptions import ImproperlyConfigured

SECRET_LENGTH, SECRET_VARIETY = 50, 12
"""A drawn secret: 50 characters of base64 have about 35 different ones, 50 of hexadecimal about 15."""


class Env(msgspec.Struct, frozen=True, kw_only=True, rename=lambda name: f"CREDITZONE_{name.upper()}"):
    """What a process is told by its environment. Portal and node read the same names, each its own part."""

    home: str = "var"
    """Where everything that lasts is kept: `zone/` (the zone's keys), `nodes/`, `postgres/`."""
    port: int = 8000
    url: str = ""
    """The portal's own address, as people type it; default `http://zone.localhost:PORT`."""
    database_url: str = ""
    """The login of this process: `portal_web` for web, `portal_coordinator`, `portal_migrate` for set-up."""
    broker_url: str = ""
    secret_key: str = ""
    trusted_proxies: Annotated[int, msgspec.Meta(ge=0, le=10)] = 0
    """How many proxies of ours a request passes; rate limits count the address that the outermost of them saw."""
    log_level: str = "INFO"
    static_root: str = ""
    ui_gallery: bool = False
    """Show the gallery of components at `/ui/`, to whoever asks."""
    lease_seconds: float = 15
    """How long a node that runs a job may be silent before its lease is lost."""
    accept_seconds: float = 30
    """How long a node may take to accept an order."""
    deadline_seconds: int = 900
    """How long one attempt of a job may compute."""
    calls_per_minute: Annotated[int, msgspec.Meta(ge=1)] = 600
    """How often one node may call; one with work in hand calls 240 times."""
    requests_per_minute: Annotated[int, msgspec.Meta(ge=1)] = 1200
    """How often one API token, or one signed-in person, may ask the API."""

    node_home: str = "var/nodes/node"
    """A node's own folder: keystore, store, capsules."""
    node_passphrase_file: str = ""
    """A file of mode 0600 with the passphrase of the node's keys."""
    node_passphrase: str = ""
    """The passphrase itself, where no file can be had."""
    node_url: str = ""
    """The node console's own address, e.g. `http://bank.localhost:8101`."""
    node_secret_key: str = ""

    test_database_url: str = ""
    """A superuser's address of the PostgreSQL on which tests make their own database."""
    test_zone: str = ""
    """The home of a running zone, for the tests of `tests/live`."""
    test_chromium: str = ""
    """The browser of the live tests, where Playwright's own is not there."""
    bench: str = ""
    """`full`: `make bench` adds its largest size."""

    @property
    def portal_url(self) -> str:
        """The portal's address without a trailing slash."""
        return (self.url or f"http://zone.localhost:{self.port}").rstrip("/")


def read() -> Env:
    """The process's environment as `Env`; raises ImproperlyConfigured naming the variable that is wrong."""
    given = {name: value for name, value in os.environ.items() if name.startswith("CREDITZONE_")}
    try:
        return msgspec.convert(given, Env, strict=False)
    except msgspec.ValidationError as error:
        raise ImproperlyConfigured(f"The environment is not understood: {error}") from error


def required(value: str, name: str) -> str:
    """`value`, or a sentence that names the variable nobody set."""
    if not value:
        raise ImproperlyConfigured(f"{name} is not set. `make up` sets it; by hand, see docs/settings.md.")
    return value


def secret(value: str, name: str) -> str:
    """`value`, refused where somebody could guess it: too short, or of too few different characters to be drawn."""
    if len(required(value, name)) < SECRET_LENGTH or len(set(value)) < SECRET_VARIETY:
        raise ImproperlyConfigured(
            f"{name} can be guessed: draw at least {SECRET_LENGTH} random characters, "
            "for example with python3 -c 'import secrets; print(secrets.token_urlsafe(48))'."
        )
    return value


def own_url(url: str) -> str:
    """`url`, refused where it would carry sign-ins in the clear: plain http on a host that is not loopback."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    loopback = host in {"localhost", "127.0.0.1", "::1"} or host.endswith(".localhost")
    if parts.scheme not in {"http", "https"} or not host:
        raise ImproperlyConfigured(f"{url} is not an address; write it as https://host or http://host:port.")
    if parts.scheme == "http" and not loopback:
        raise ImproperlyConfigured(f"{url} is plain http on another machine's name: use https there.")
    return url.rstrip("/")


def database(url: str) -> dict[str, Any]:
    """Django's settings of one PostgreSQL address, with psycopg's pool."""
    from psycopg.conninfo import conninfo_to_dict  # not at the top: a node has no psycopg

    parts = conninfo_to_dict(url)
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.pop("dbname", ""),
        "USER": parts.pop("user", ""),
        "PASSWORD": parts.pop("password", ""),
        "HOST": parts.pop("host", ""),
        "PORT": str(parts.pop("port", "")),
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {**parts, "pool": {"min_size": 1, "max_size": 8, "timeout": 10}},
    }
