"""One zone on one machine: what runs, in which environment, and how it comes from nothing to running.

Every step asks for its outcome and acts only where it lacks, so a second start is short and a broken first one goes
on where it stopped.
"""

import hashlib
import http.client
import json
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import kombu
import psycopg
from kombu.exceptions import OperationalError

from demo.split import REGISTER_AS_OF, REGISTER_SOURCE, write_register
from deploy import embedded, manifest, roles, secrets, translations
from deploy.nodes import set_up_node
from deploy.place import LOOPBACK, ROOT, CannotStart, NodeSpec, Place, failure, read_address
from deploy.supervise import Program, Supervisor, clean_environment

EXTERNAL_PATIENCE = 5
"""Seconds that an external database or broker has to answer."""


@dataclass
class Zone:
    """A zone's processes and their environments. `say` prints staged progress."""

    place: Place
    say: Callable[[str], None]

    def __post_init__(self) -> None:
        self.place.make_home()
        self.secrets = secrets.load_or_draw(self.place.home, nodes=[node.name for node in self.place.nodes])
        self.people: dict[str, dict[str, Any]] = {}
        self.services: embedded.Embedded | None = None
        if not (self.place.database_url and self.place.broker_url):
            word = None if self.place.database_url else self.secrets["database:postgres"]
            self.services = embedded.prepare(self.place.home, superuser_password=word)
        self.supervisor = Supervisor(run=self.place.run, log=self.place.log, programs=self._programs())

    # environments -------------------------------------------------------------------------------------------------

    @property
    def admin_url(self) -> str:
        """The login that may create roles: the embedded superuser, or what CREDITZONE_DATABASE_URL names."""
        if self.place.database_url:
            return self.place.database_url
        assert self.services is not None
        return self.services.database_url("postgres", self.secrets["database:postgres"]).replace(
            "/creditzone?", "/postgres?"
        )

    @property
    def broker_url(self) -> str:
        """Celery's broker."""
        if self.place.broker_url:
            return self.place.broker_url
        assert self.services is not None
        return self.services.broker_url

    @cached_property
    def logins(self) -> dict[str, str]:
        """The address of each database login."""
        passwords = {login: self.secrets[f"database:{login}"] for login in roles.LOGINS}
        database = "creditzone"
        if self.place.database_url:
            named = str(read_address("CREDITZONE_DATABASE_URL", self.place.database_url).get("dbname") or "")
            database = named if named not in {"", "postgres"} else database
        return {
            login: roles.address(self.admin_url, user=login, password=passwords[login], database=database)
            for login in roles.LOGINS
        }

    def common(self) -> dict[str, str]:
        """What every process of the zone is told."""
        return {
            "CREDITZONE_HOME": str(self.place.home),
            "CREDITZONE_PORT": str(self.place.port),
            "CREDITZONE_URL": self.place.portal_url,
            "CREDITZONE_STATIC_ROOT": str(self.place.home / "static"),
            "CREDITZONE_LEASE_SECONDS": str(self.place.lease_seconds),
            "PYTHONUNBUFFERED": "1",
        }

    def portal(self, *, login: str, settings: str) -> dict[str, str]:
        """What a process of the portal is told beside."""
        told = {
            "DJANGO_SETTINGS_MODULE": f"creditzone.settings.{settings}",
            "CREDITZONE_DATABASE_URL": self.logins[login],
            "CREDITZONE_BROKER_URL": self.broker_url,
            "CREDITZONE_SECRET_KEY": self.secrets["django"],
            "CREDITZONE_UI_GALLERY": self.place.ui_gallery,
        }
        return self.common() | told

    def node(self, node: NodeSpec) -> dict[str, str]:
        """What a node's processes are told: nothing of the portal's but its address."""
        return self.common() | {
            "DJANGO_SETTINGS_MODULE": "creditzone.settings.node",
            "CREDITZONE_NODE_HOME": str(self.place.node_home(node)),
            "CREDITZONE_NODE_URL": node.url,
            "CREDITZONE_NODE_SECRET_KEY": self.secrets[f"node:{node.name}"],
        }

    def _programs(self) -> list[Program]:
        python = sys.executable
        programs = []
        if self.services is not None and not self.place.database_url:
            owner = self.services.owner
            programs.append(
                Program(name="postgres", command=self.services.postgres_command(), user=owner, priority=1, stop="INT")
            )
        if self.services is not None and not self.place.broker_url:
            programs.append(Program(name="redis", command=self.services.redis_command(), priority=2))
        programs.append(
            Program(
                name="web",
                command=_served("creditzone.wsgi:application", self.place.port, threads=8),
                environment=self.portal(login="portal_web", settings="portal"),
                priority=10,
            )
        )
        worker = [python, "-m", "celery", "-A", "creditzone.celery:app", "worker", "--beat", "--pool", "threads"]
        quiet = ["--without-gossip", "--without-mingle", "--loglevel", "WARNING"]
        programs.append(
            Program(
                name="coordinator",
                command=[*worker, "--concurrency", "2", *quiet, "--schedule", str(self.place.run / "beat")],
                environment=self.portal(login="portal_coordinator", settings="coordinator"),
                priority=11,
            )
        )
        for node in self.place.nodes:
            told = self.node(node)
            programs += [
                Program(
                    name=f"{node.name}-console",
                    command=_served("creditzone.node_wsgi:application", node.console_port, threads=4),
                    environment=told,
                    priority=20,
                ),
                Program(
                    name=f"{node.name}-runner",
                    command=[python, "-m", "apps.node.runner", "--home", str(self.place.node_home(node))],
                    environment=told,
                    priority=21,
                ),
            ]
        return programs

    # the way up ---------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Everything but the demonstration's own business: services, schema, portal, nodes."""
        self.start_services()
        self.say("database: roles, tables, public register, scorecards")
        self._set_up_database()
        self.say("portal and coordinator")
        self._found()
        self.supervisor.run("web", "coordinator")
        wait_for(self.place.port, "/readyz", host=f"zone.localhost:{self.place.port}", log="web", place=self.place)
        self.say("party nodes: bank, code centre, platform, hosted")
        self._start_nodes()

    def start_services(self) -> None:
        """The supervisor and, where they are embedded, PostgreSQL and Redis; safe twice."""
        if not self.supervisor.is_running:
            self.supervisor.start()
        if self.services is not None:
            names = [
                name
                for name, external in (("postgres", self.place.database_url), ("redis", self.place.broker_url))
                if not external
            ]
            self.say("embedded " + " and ".join(names))
            self.supervisor.run(*names)
        self._until_database_answers()
        self._until_broker_answers()

    def _until_database_answers(self) -> None:
        deadline = time.monotonic() + (EXTERNAL_PATIENCE if self.place.database_url else 60)
        while True:
            try:
                psycopg.connect(self.admin_url, connect_timeout=3).close()
                return
            except psycopg.OperationalError as error:
                said = roles.said(error)
            refused = "FATAL" in said and "the database system is" not in said  # starting, stopping, recovering
            if refused or time.monotonic() > deadline:
                raise self._silent("CREDITZONE_DATABASE_URL" if self.place.database_url else "", "database", said)
            time.sleep(0.2)

    def _until_broker_answers(self) -> None:
        setting = "CREDITZONE_BROKER_URL" if self.place.broker_url else ""
        try:
            with kombu.Connection(self.broker_url, transport_options={"socket_connect_timeout": 5}) as broker:
                broker.ensure_connection(max_retries=3, interval_start=0.2, timeout=EXTERNAL_PATIENCE)
        except OperationalError as error:
            raise self._silent(setting, "broker", str(error)) from None
        except (KeyError, ValueError):  # their words may hold the password
            raise CannotStart(f"{setting} is not an address: write redis://:PASSWORD@HOST:PORT/0.") from None

    def _silent(self, setting: str, what: str, said: str) -> CannotStart:
        if setting:
            sentence = f"The {what} that {setting} names does not answer: {said.rstrip('.')}"
            return CannotStart(f"{sentence}. Start it, or mend the address.")
        return failure(f"The embedded {what} does not answer, see {self.place.log}", said, home=self.place.home)

    def set_up_roles(self) -> None:
        """Database, roles and their passwords; safe twice. Raises CannotStart where the login may not make them."""
        passwords = {login: self.secrets[f"database:{login}"] for login in roles.LOGINS}
        database = psycopg.conninfo.conninfo_to_dict(self.logins["portal_web"])["dbname"]
        try:
            roles.set_up_roles(self.admin_url, passwords=passwords, database=str(database))
        except psycopg.errors.InsufficientPrivilege as error:
            me = psycopg.conninfo.conninfo_to_dict(self.admin_url).get("user")
            raise CannotStart(
                f"CREDITZONE_DATABASE_URL names a login that may not set up the zone: {roles.said(error)}. "
                f"Let its superuser say: ALTER ROLE {me} CREATEROLE CREATEDB"
            ) from None
        except psycopg.Error as error:
            raise failure("The database could not be set up", roles.said(error), home=self.place.home) from None

    def _set_up_database(self) -> None:
        """Roles, schema, static files, public register and scorecards; once for each state of what they come from."""
        mark = self.place.home / "prepared"
        now = state_of_sources()
        if mark.exists() and mark.read_text() == now:
            return
        self.set_up_roles()
        translations.compile_all()
        self.manage("migrate", "--noinput", "--verbosity", "0", login="portal_migrate", settings="migrate")
        self.manage("collectstatic", "--noinput", "--verbosity", "0")
        register = self.place.home / "register.csv"
        write_register(register)
        told = ("--firms", str(register), "--source", REGISTER_SOURCE, "--as-of", REGISTER_AS_OF)
        self.manage("load_registry", *told, login="portal_migrate", settings="migrate")
        self.manage("load_scorecards", login="portal_migrate", settings="migrate")
        mark.write_text(now)

    def manage(self, *arguments: str, login: str = "portal_web", settings: str = "portal", given: str = "") -> str:
        """Run one of Django's commands as a login; its output. Raises CannotStart with what it said last."""
        return self.program(
            [sys.executable, "manage.py", *arguments], self.portal(login=login, settings=settings), given=given
        )

    def program(self, command: list[str], environment: dict[str, str], *, given: str = "") -> str:
        """Run a program of the project in a clean environment; its output. Raises CannotStart."""
        done = subprocess.run(
            command,
            cwd=ROOT,
            env=clean_environment() | environment,
            input=given,
            capture_output=True,
            text=True,
        )
        if done.returncode:
            (self.place.log / "set-up.log").write_text(f"{command}\n{done.stdout}\n{done.stderr}")
            what = next((word for word in command[1:] if not word.startswith("-")), command[0])
            what = f"{what} {command[2] if len(command) > 2 else ''} failed"
            raise failure(what, done.stderr.strip() or done.stdout, home=self.place.home)
        return done.stdout

    def _found(self) -> None:
        """Draw the people's secrets, found the zone, keep what was drawn by sign-in name."""
        path = self.place.home / "people.json"
        self.people = json.loads(path.read_text()) if path.exists() else {}
        for person in manifest.PEOPLE:
            drawn = {"password": manifest.draw_password(), "totp": manifest.draw_totp(), "token": None}
            self.people.setdefault(person.username, drawn)
        self.keep_people()
        if all({"id", "token"} <= one.keys() and one["token"] for name, one in self.people.items() if ":" not in name):
            return
        answer = json.loads(self.manage("set_up_zone", given=json.dumps(manifest.zone_manifest(self.people))))
        for username, facts in answer["people"].items():
            known = self.people[username]
            known |= {"id": facts["id"], "token": facts["token"] or known["token"]}
        self.keep_people()

    def keep_people(self) -> None:
        """Write the people's secrets down before anything rests on them."""
        secrets.write_private(self.place.home / "people.json", json.dumps(self.people, indent=1))

    def _start_nodes(self) -> None:
        for node in self.place.nodes:
            set_up_node(self, node)
        self.supervisor.run(*(f"{node.name}-{part}" for node in self.place.nodes for part in ("console", "runner")))
        for node in self.place.nodes:
            wait_for(
                node.console_port,
                "/healthz",
                host=f"{node.host}:{node.console_port}",
                log=f"{node.name}-console",
                place=self.place,
            )

    def stop(self) -> None:
        """Stop everything that was started."""
        self.supervisor.stop()


def state_of_sources() -> str:
    """A digest of all that the set-up of a database and of static files reads."""
    patterns = ("apps/*/migrations/*.py", "apps/*/locale/**/*.po", "apps/registry/data/*", "demo/**/*", "static/**/*")
    digest = hashlib.sha256()
    files = {path for pattern in patterns for path in ROOT.glob(pattern) if path.is_file()}
    for path in sorted({*files, ROOT / "requirements.txt", ROOT / "deploy" / "roles.py"}):
        if "__pycache__" not in path.parts and path.suffix != ".mo":
            digest.update(f"{path.relative_to(ROOT)}\0".encode() + path.read_bytes())
    return digest.hexdigest()


def _served(application: str, port: int, *, threads: int) -> list[str]:
    options = {
        "--interface": "wsgi",
        "--host": LOOPBACK,
        "--port": str(port),
        "--http": "1",
        "--workers": "1",
        "--blocking-threads": str(threads),
        "--backpressure": str(threads * 8),
        "--log-level": "warning",
    }
    words = [word for pair in options.items() for word in pair]
    return [sys.executable, "-m", "granian", *words, "--no-ws", "--respawn-failed-workers", application]


def wait_for(port: int, path: str, *, host: str, log: str, place: Place, seconds: int = 120) -> None:
    """Until the program on `port` answers 200; raises CannotStart naming its log."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            connection = http.client.HTTPConnection(LOOPBACK, port, timeout=5)
            connection.request("GET", path, headers={"Host": host})
            status = connection.getresponse().status
            connection.close()
            if status == 200:
                return
        except (OSError, http.client.HTTPException):
            pass
        time.sleep(0.15)
    raise CannotStart(f"{log} does not answer on port {port}; the reason stands at the end of {place.log / log}.log.")
