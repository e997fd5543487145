"""Where a zone lives: its folder, its ports, its addresses, its organisations. Read once from the environment."""

import os
import secrets
import socket
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from psycopg.conninfo import conninfo_to_dict

from deploy import room

ROOT = Path(__file__).resolve().parent.parent
LOOPBACK = "127.0.0.1"
ROOM = 0.5
"""GB that a zone's folder needs; the demonstration's takes a fifth of that."""


class CannotStart(Exception):
    """The zone cannot start; the message is one plain sentence with its mend."""


@dataclass(frozen=True, kw_only=True)
class NodeSpec:
    """One party node of the demonstration: its name (host and folder), ports, and the kind of its organisation."""

    name: str
    kind: str
    console_port: int
    link_ports: tuple[int, int] | None

    @property
    def host(self) -> str:
        """The host name under which the console answers; it shares no cookie with any other."""
        return f"{self.name}.localhost"

    @property
    def url(self) -> str:
        """The console's address."""
        return f"http://{self.host}:{self.console_port}"


@dataclass(frozen=True, kw_only=True)
class Place:
    """A zone's folder and addresses. `database_url` and `broker_url` are empty where the embedded ones run."""

    home: Path
    port: int
    database_url: str = ""
    broker_url: str = ""
    lease_seconds: int = 15
    ui_gallery: str = "false"
    nodes: tuple[NodeSpec, ...] = field(default=())

    @classmethod
    def from_environment(cls) -> "Place":
        """Read CREDITZONE_HOME, _PORT, _DATABASE_URL, _BROKER_URL, _LEASE_SECONDS; raises CannotStart for no number."""
        port = _number("CREDITZONE_PORT", 8000, least=1024, most=64000)
        return cls(
            home=Path(os.environ.get("CREDITZONE_HOME", ROOT / "var")).absolute(),
            port=port,
            database_url=os.environ.get("CREDITZONE_DATABASE_URL", ""),
            broker_url=os.environ.get("CREDITZONE_BROKER_URL", ""),
            lease_seconds=_number("CREDITZONE_LEASE_SECONDS", 15, least=1, most=3600),
            ui_gallery=os.environ.get("CREDITZONE_UI_GALLERY", "false"),
            nodes=nodes_from(port),
        )

    @property
    def portal_url(self) -> str:
        """The portal's address, as people type it."""
        return f"http://zone.localhost:{self.port}"

    @property
    def run(self) -> Path:
        """Sockets, configuration of the supervisor, process ids."""
        return self.home / "run"

    @property
    def log(self) -> Path:
        """One log a process."""
        return self.home / "log"

    def node_home(self, node: NodeSpec) -> Path:
        """A node's own folder, closed to everybody but its user."""
        return self.home / "nodes" / node.name

    def make_home(self) -> None:
        """The folder of everything that lasts. Raises CannotStart where it cannot be written or has no room."""
        mend = "choose another CREDITZONE_HOME."
        try:
            self.home.mkdir(mode=0o711, parents=True, exist_ok=True)
        except OSError as error:
            raise CannotStart(f"{self.home} cannot be made ({error.strerror}): {mend}") from None
        if not os.access(self.home, os.W_OK | os.X_OK):
            raise CannotStart(f"{self.home} may not be written by this user: make it yours, or {mend}")
        if (found := room.free(self.home)) < ROOM:
            raise CannotStart(f"{self.home} has {found:.2f} GB of room; a zone needs {ROOM}. Free some, or {mend}")

    def require_free_ports(self) -> None:
        """Raises CannotStart naming the first port that some other program holds."""
        links = [port for node in self.nodes if node.link_ports for port in range(*node.link_ports)]
        for port in [self.port, *(node.console_port for node in self.nodes), *links]:
            with socket.socket() as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    probe.bind((LOOPBACK, port))
                except OSError:
                    raise CannotStart(
                        f"Port {port} is in use. Stop the program that holds it, or choose another start: "
                        f"CREDITZONE_PORT={self.port + 1000} make up"
                    ) from None


def failure(what: str, said: str, *, home: Path) -> CannotStart:
    """Why a step failed, from what its program said; a full disk is named as such, with its mend."""
    if room.is_short(home, said):
        return CannotStart(
            f"The disk below {home} is full: free about {ROOM} GB, or choose another CREDITZONE_HOME; then run again."
        )
    lines = said.strip().splitlines() or ["no reason was given"]
    return CannotStart(f"{what}: {next((line for line in lines if 'error:' in line), lines[-1])}")


def read_address(name: str, url: str) -> dict[str, object]:
    """The parts of a database's address; raises CannotStart without a word of it, for it holds a password."""
    try:
        return dict(conninfo_to_dict(url))
    except psycopg.Error:
        raise CannotStart(
            f"{name} is not an address: write postgresql://USER:PASSWORD@HOST:PORT/DATABASE, "
            "with every special sign of the password as % and two digits."
        ) from None


def _number(name: str, default: int, *, least: int, most: int) -> int:
    given = os.environ.get(name, str(default))
    if not given.isdecimal() or not least <= int(given) <= most:
        raise CannotStart(f"{name} is {given!r}; choose a number from {least} to {most}.")
    return int(given)


def nodes_from(port: int) -> tuple[NodeSpec, ...]:
    """The four nodes of the demonstration: consoles 101 to 104 above the portal's port, links from 110 above it."""
    return (
        NodeSpec(name="bank", kind="bank", console_port=port + 101, link_ports=(port + 110, port + 118)),
        NodeSpec(name="centre", kind="code_centre", console_port=port + 102, link_ports=(port + 120, port + 128)),
        NodeSpec(name="platform", kind="platform", console_port=port + 103, link_ports=(port + 130, port + 138)),
        NodeSpec(name="hosted", kind="operator", console_port=port + 104, link_ports=None),
    )


def free_port() -> int:
    """A portal's port such that it and all that a zone takes above it are free now; below the ports that the system
    hands out to connections by itself."""
    for _ in range(50):
        port = 20_000 + 200 * secrets.randbelow(50)
        try:
            Place(home=ROOT, port=port, nodes=nodes_from(port)).require_free_ports()
        except CannotStart:
            continue
        return port
    raise CannotStart("No free range of ports was found.")
