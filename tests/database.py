"""A database of its own for each test process: real PostgreSQL, real roles, migrated once and copied.

`CREDITZONE_TEST_DATABASE_URL` names a server and a user who may create roles and databases; without it the embedded
PostgreSQL is started in a temporary folder and stopped at the end.
"""

import contextlib
import hashlib
import os
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from deploy.roles import LOGINS, set_up_roles

ROOT = Path(__file__).resolve().parent.parent
KEPT = ("django_migrations", "django_content_type", "auth_permission")


@contextlib.contextmanager
def server(given: str) -> Iterator[str]:
    """The address of a PostgreSQL on which databases may be made."""
    if given:
        yield given
        return
    from deploy import embedded

    with tempfile.TemporaryDirectory(prefix="cz-test-", dir="/tmp") as folder:
        Path(folder).chmod(0o711)
        word = secrets.token_urlsafe(16)
        services = embedded.prepare(Path(folder), superuser_password=word)
        process = subprocess.Popen(
            services.postgres_command(),
            user=services.owner,
            group=embedded._group(services.owner),
            extra_groups=[] if services.owner else None,
            cwd="/",
        )
        try:
            url = services.database_url("postgres", word).replace("@/creditzone", "@/postgres")
            _wait_for(url)
            yield url
        finally:
            process.send_signal(2)
            process.wait(20)


def _wait_for(url: str) -> None:
    deadline = time.monotonic() + 30
    while True:
        try:
            psycopg.connect(url).close()
            return
        except psycopg.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def passwords(admin_url: str) -> dict[str, str]:
    """The logins' passwords on this server: the same for every process of a run, for roles belong to the server."""
    return {login: hashlib.sha256(f"{admin_url} {login}".encode()).hexdigest()[:24] for login in LOGINS}


def make(admin_url: str, name: str) -> dict[str, str]:
    """Make database `name` as a copy of a migrated template; the addresses of the logins."""
    template = _template(admin_url)
    with psycopg.connect(admin_url, autocommit=True) as connection:
        connection.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name)))
        connection.execute(
            sql.SQL("create database {} template {} owner portal_owner").format(
                sql.Identifier(name), sql.Identifier(template)
            )
        )
    return set_up_roles(admin_url, passwords=passwords(admin_url), database=name)


def drop(admin_url: str, name: str) -> None:
    """Remove the database, whoever is still connected."""
    with psycopg.connect(admin_url, autocommit=True) as connection:
        connection.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name)))


def _template(admin_url: str) -> str:
    """The name of a migrated database for the migrations as they stand; made if it is missing."""
    name = f"cz_template_{_fingerprint()}"
    with psycopg.connect(admin_url, autocommit=True) as connection:
        connection.execute("select pg_advisory_lock(hashtext('creditzone test template'))")
        if connection.execute("select 1 from pg_database where datname = %s", [name]).fetchone():
            return name
        building = f"{name}_building"
        drop(admin_url, building)
        urls = set_up_roles(admin_url, passwords=passwords(admin_url), database=building)
        migrate(urls["portal_migrate"])
        connection.execute(
            sql.SQL("alter database {} rename to {}").format(sql.Identifier(building), sql.Identifier(name))
        )
    return name


def _fingerprint() -> str:
    hashed = hashlib.sha256()
    for path in sorted([*ROOT.glob("apps/*/migrations/*.py"), ROOT / "apps/core/rls.py", ROOT / "deploy/roles.py"]):
        hashed.update(str(path.relative_to(ROOT)).encode() + path.read_bytes())
    return hashed.hexdigest()[:12]


def migrate(url: str, *arguments: str) -> str:
    """Run `manage.py migrate` as the set-up does; what it printed."""
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "creditzone.settings.migrate",
        "CREDITZONE_DATABASE_URL": url,
        "CREDITZONE_SECRET_KEY": "tests-only-0123456789-" + "x" * 40,
    }
    done = subprocess.run(
        [sys.executable, str(ROOT / "manage.py"), "migrate", "--no-input", "--skip-checks", *arguments],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"migrations failed:\n{done.stdout}\n{done.stderr}")
    return done.stdout


class Broom:
    """Sweeps what a test left: every table that was empty after migration, triggers and policies aside."""

    def __init__(self, admin_url: str, name: str) -> None:
        self.connection = psycopg.connect(make_conninfo(admin_url, dbname=name), autocommit=True)
        self.connection.execute("set session_replication_role = replica")
        tables = self.connection.execute("select tablename from pg_tables where schemaname = 'public'").fetchall()
        empty = [table for (table,) in tables if table not in KEPT and not self._has_rows(table)]
        self.statement = sql.SQL("; ").join(sql.SQL("delete from {}").format(sql.Identifier(one)) for one in empty)

    def _has_rows(self, table: str) -> bool:
        query = sql.SQL("select exists (select 1 from {})").format(sql.Identifier(table))
        return self.connection.execute(query).fetchone() == (True,)

    def sweep(self) -> None:
        """Empty the tables."""
        self.connection.execute(self.statement)

    def close(self) -> None:
        """Let go of the database."""
        self.connection.close()
