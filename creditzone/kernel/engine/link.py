"""The link between parties: who they are, the certificates they show each other, and messages of any size.

Both the set intersection and the joint computation run over mutual TLS (1.3) with each party's own self-signed ECDSA
P-256 leaf, known from its confirmed card. There is no certificate authority: what a party trusts is exactly the
other parties' certificates of this job. The library's TLS has no SM2 suites.
"""

from __future__ import annotations

import contextlib
import datetime
import errno
import json
import socket
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from creditzone.kernel.engine.faults import EngineFault
from creditzone.kernel.engine.stage import ENGINE_LOG_NAME, tell_link

_PIECE: Final = 4 << 20  # bytes of one message; the library splits and acknowledges below that
_MOST_PIECES: Final = 4096
_MESH_GRACE_SECONDS: Final = 5.0  # beyond `timeout_ms`, before the parent gives the mesh up
_YEARS_VALID: Final = 10


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """Where a party listens in this job, and the certificate that its card shows (PEM)."""

    party: str
    host: str
    port: int
    certificate_pem: str


@dataclass(frozen=True, kw_only=True)
class LinkCredentials:
    """Files of this party's own link certificate and key (PEM); the library reads them by path."""

    certificate_path: Path
    key_path: Path


def make_link_key(common_name: str = "creditzone-link") -> tuple[str, str]:
    """A fresh self-signed ECDSA P-256 leaf and its key: (certificate PEM, key PEM).

    Its subject is unique: among trusted certificates the TLS library looks an issuer up by name, and of two equal
    names finds one.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    serial = x509.random_serial_number()
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"{common_name[:30]}-{serial:x}"[:64])])
    since = datetime.datetime.now(datetime.UTC) - datetime.timedelta(minutes=10)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(serial)
        .not_valid_before(since)
        .not_valid_after(since + datetime.timedelta(days=365 * _YEARS_VALID))
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return certificate.public_bytes(serialization.Encoding.PEM).decode(), private.decode()


def valid_until(certificate_pem: str) -> datetime.datetime | None:
    """When a link's certificate ends; None for what is no certificate."""
    try:
        return x509.load_pem_x509_certificate(certificate_pem.encode()).not_valid_after_utc
    except ValueError:
        return None


class Link:
    """An open link of all parties of one session. Child side only: it holds the library's context.

    Every failure to send or to receive within `timeout_ms` is EngineFault("peer-lost"). A link stays open until the
    process ends: taking it down is where the library crashes, and where a peer's last message is lost.
    """

    _kept: ClassVar[list[Any]] = []

    def __init__(self, context: Any, *, rank: int, world: int) -> None:
        self._kept.append(context)
        self.context = context
        self.rank = rank
        self.world = world

    @property
    def peers(self) -> list[int]:
        return [rank for rank in range(self.world) if rank != self.rank]

    def send(self, rank: int, message: bytes) -> None:
        """Send one message; returns when the peer's library has all of it."""
        pieces = [message[at : at + _PIECE] for at in range(0, len(message), _PIECE)] or [b""]
        with losing_the_peer():
            self.context.send(rank, str(len(pieces)).encode())
            for piece in pieces:
                self.context.send(rank, piece)

    def receive(self, rank: int) -> bytes:
        """The next message of that peer."""
        with losing_the_peer():
            head = bytes(self.context.recv(rank))
            if not head.isdigit() or not 1 <= int(head) <= _MOST_PIECES:
                raise EngineFault("set-damaged")
            return b"".join(bytes(self.context.recv(rank)) for _ in range(int(head)))

    def agree(self, digests: dict[str, str]) -> None:
        """Compare named digests with every peer before anything runs.

        Raises EngineFault("settings-differ") that names, in our own words, what differs first. All parties hear all
        others before one raises, so all stop for the same reason and nobody waits for a timeout.
        """
        own = json.dumps(digests, sort_keys=True).encode()
        for rank in self.peers:
            self.send(rank, own)
        heard = [self.receive(rank) for rank in self.peers]
        for message in heard:
            if message != own:
                raise EngineFault("settings-differ", about=_first_difference(digests, message))

    def part(self) -> None:
        """Leave together: nobody goes while a peer still needs it. `serve` then lingers for the acknowledgements."""
        if self.rank == 0:
            for rank in self.peers:
                self.receive(rank)
            for rank in self.peers:
                self.send(rank, b"leave")
        else:
            self.send(0, b"done")
            self.receive(0)
        tell_link("parted")


def open_link(
    endpoints: Sequence[Endpoint],
    *,
    rank: int,
    link_id: str,
    credentials: LinkCredentials,
    scratch: Path,
    timeout_ms: int,
) -> Link:
    """Listen as `endpoints[rank]` and connect to all others by mutual TLS.

    Every party lists the same endpoints in the same order. A party without the certificate of its card is refused in
    the handshake. Raises EngineFault: peer-refused when there is no mesh within about `timeout_ms`, port-taken.
    """
    from spu import libspu

    quiet_engine_log(scratch)
    trusted = scratch / f"peers-{link_id}.pem"
    trusted.write_text("".join(one.certificate_pem for at, one in enumerate(endpoints) if at != rank))
    description = libspu.link.Desc()
    description.id = link_id
    description.recv_timeout_ms = timeout_ms
    description.http_timeout_ms = timeout_ms
    description.retry_opts.retry_interval_ms = 500  # three tries, after 0.5, 1.5 and 2.5 s: then the peer is lost
    description.retry_opts.retry_interval_incr_ms = 1000
    description.connect_retry_interval_ms = 100
    description.connect_retry_times = max(2, timeout_ms // 100)
    for endpoint in endpoints:
        description.add_party(endpoint.party, f"{endpoint.host}:{endpoint.port}")
    description.enable_ssl = True
    for options in (description.client_ssl_opts, description.server_ssl_opts):
        options.cert.certificate_path = str(credentials.certificate_path)
        options.cert.private_key_path = str(credentials.key_path)
        options.verify.ca_file_path = str(trusted)
        options.verify.verify_depth = 1
    tell_link("linking", seconds=timeout_ms / 1000 + _MESH_GRACE_SECONDS)
    meet(endpoints, rank=rank, seconds=timeout_ms / 1000)
    try:
        context = libspu.link.create_brpc(description, rank)
    except RuntimeError as error:
        taken = "listen" in str(error).lower() or "start server" in str(error).lower()
        raise EngineFault("port-taken" if taken else "peer-refused") from None
    tell_link("linked")
    return Link(context, rank=rank, world=len(endpoints))


def meet(endpoints: Sequence[Endpoint], *, rank: int, seconds: float) -> None:
    """Wait until every party is about to open its link, so that none finds a closed port and sits out the library's
    three seconds. One byte in the clear that says "now": it proves nothing and nothing relies on it.
    """
    ends_at = time.monotonic() + seconds
    place = (endpoints[0].host, endpoints[0].port)
    if rank != 0:
        _come_to(place, ends_at=ends_at)
        return
    guests: list[socket.socket] = []
    try:
        with socket.create_server(place, backlog=len(endpoints)) as door:
            while len(guests) < len(endpoints) - 1:
                door.settimeout(max(0.01, ends_at - time.monotonic()))
                guests.append(door.accept()[0])
        for guest in guests:
            guest.send(b"!")
    except TimeoutError:
        raise EngineFault("peer-refused") from None
    except OSError as error:
        raise EngineFault("port-taken" if error.errno == errno.EADDRINUSE else "peer-refused") from None
    finally:
        for guest in guests:
            guest.close()


def _come_to(place: tuple[str, int], *, ends_at: float) -> None:
    while time.monotonic() < ends_at:
        with contextlib.suppress(OSError), socket.create_connection(place, timeout=1) as way:
            way.settimeout(max(0.01, ends_at - time.monotonic()))
            if way.recv(1):
                return
        time.sleep(0.02)
    raise EngineFault("peer-refused")


def quiet_engine_log(scratch: Path) -> None:
    """The library logs into scratch, errors only: its lines quote file names and, in places, keys of rows."""
    from spu import libspu

    options = libspu.logging.LogOptions()
    options.enable_console_logger = False
    options.system_log_path = str(scratch / ENGINE_LOG_NAME)
    options.log_level = libspu.logging.LogLevel.ERROR
    libspu.logging.setup_logging(options)


@contextlib.contextmanager
def losing_the_peer() -> Iterator[None]:
    """While on the link the library's RuntimeErrors mean that a peer does not answer; their text is dropped."""
    try:
        yield
    except RuntimeError:
        raise EngineFault("peer-lost") from None


def _first_difference(own: dict[str, str], message: bytes) -> str:
    try:
        theirs = json.loads(message)
    except ValueError:
        return "format"
    if not isinstance(theirs, dict):
        return "format"
    return next((name for name in sorted(own) if theirs.get(name) != own[name]), "format")
