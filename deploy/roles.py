"""The database roles of the zone, made or brought up to date on an embedded or an external PostgreSQL.

Safe twice. The given login must be allowed to create roles; it need not be a superuser. No process of the zone ever
connects with it: migrations log in as `portal_migrate` and act as `portal_owner`, the web as `portal_web`, the
coordinator as `portal_coordinator`. The roles without login are taken for one transaction (`core.tenancy`), granted
without inheritance, so that forgetting to take one gives nothing.
"""

from collections.abc import Mapping
from urllib.parse import quote, urlencode

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

LOGINS = ("portal_migrate", "portal_web", "portal_coordinator")
WITHOUT_LOGIN = ("portal_owner", "portal_regulator", "portal_admin", "portal_signin", "zone_exchange")
PATIENCE = {
    "portal_web": {"statement_timeout": "30s", "lock_timeout": "10s", "idle_in_transaction_session_timeout": "60s"},
    "portal_coordinator": {"statement_timeout": "60s", "idle_in_transaction_session_timeout": "60s"},
}
"""How long a login may hold what others wait for: a page that hangs lets go by itself."""
MAY_BECOME = {
    "portal_migrate": ("portal_owner",),
    "portal_web": ("portal_regulator", "portal_admin", "portal_signin", "zone_exchange"),
    "portal_coordinator": ("zone_exchange",),
}


def set_up_roles(admin_url: str, *, passwords: Mapping[str, str], database: str) -> dict[str, str]:
    """Make roles and `database` where they lack, set the logins' `passwords`; the address of each login.

    `admin_url` may name any database of the server. Raises psycopg.Error with the server's own words.
    """
    with psycopg.connect(admin_url, autocommit=True) as connection:
        connection.execute("select pg_advisory_lock(hashtext('creditzone roles'))")  # until the connection closes
        for role in (*WITHOUT_LOGIN, *LOGINS):
            _make_role(connection, role, password=passwords.get(role))
        _grant_memberships(connection)
        _make_database(connection, database)
    with psycopg.connect(make_conninfo(admin_url, dbname=database), autocommit=True) as connection:
        _own_schema(connection, database)
    return {role: address(admin_url, user=role, password=passwords[role], database=database) for role in LOGINS}


def _make_role(connection: psycopg.Connection, role: str, *, password: str | None) -> None:
    name = sql.Identifier(role)
    if not connection.execute("select 1 from pg_roles where rolname = %s", [role]).fetchone():
        connection.execute(sql.SQL("create role {} nologin").format(name))
    if role in LOGINS:
        if not password:
            raise ValueError(f"no password was given for {role}")
        connection.execute(sql.SQL("alter role {} login password {}").format(name, sql.Literal(password)))
    for setting, value in PATIENCE.get(role, {}).items():
        connection.execute(
            sql.SQL("alter role {} set {} = {}").format(name, sql.Identifier(setting), sql.Literal(value))
        )


def _grant_memberships(connection: psycopg.Connection) -> None:
    for login, roles in MAY_BECOME.items():
        for role in roles:
            connection.execute(
                sql.SQL("grant {} to {} with inherit false, set true").format(
                    sql.Identifier(role), sql.Identifier(login)
                )
            )
    me = connection.info.user
    is_superuser = connection.execute("select rolsuper from pg_roles where rolname = current_user").fetchone()
    if is_superuser != (True,):  # to give portal_owner its database and schema, one must be able to act as it
        connection.execute(sql.SQL("grant portal_owner to {}").format(sql.Identifier(me)))


def _make_database(connection: psycopg.Connection, database: str) -> None:
    if not connection.execute("select 1 from pg_database where datname = %s", [database]).fetchone():
        connection.execute(
            sql.SQL("create database {} owner portal_owner encoding 'UTF8' template template0").format(
                sql.Identifier(database)
            )
        )


def _own_schema(connection: psycopg.Connection, database: str) -> None:
    name = sql.Identifier(database)
    connection.execute(sql.SQL("revoke all on database {} from public").format(name))
    for login in LOGINS:
        connection.execute(sql.SQL("grant connect on database {} to {}").format(name, sql.Identifier(login)))
    owner = connection.execute("select pg_get_userbyid(nspowner) from pg_namespace where nspname = 'public'").fetchone()
    if owner != ("portal_owner",):
        connection.execute("alter schema public owner to portal_owner")
    connection.execute("revoke create on schema public from public")
    everyone = sql.SQL(", ").join(sql.Identifier(role) for role in (*WITHOUT_LOGIN[1:], *LOGINS))
    connection.execute(sql.SQL("grant usage on schema public to {}").format(everyone))


def said(error: psycopg.Error) -> str:
    """The server's own words in one line; never the statement, which may hold a password."""
    return error.diag.message_primary or (str(error).splitlines() or ["no reason was given"])[0]


def address(admin_url: str, *, user: str, password: str, database: str) -> str:
    """`admin_url`'s server, spoken to as `user`: an address with the same host, port and TLS options."""
    parts = conninfo_to_dict(admin_url)
    host = str(parts.pop("host", "") or "")
    port = str(parts.pop("port", "") or "")
    for name in ("user", "password", "dbname"):
        parts.pop(name, None)
    query = {name: str(value) for name, value in parts.items()}
    if host.startswith("/"):  # a Unix socket's folder
        query |= {"host": host} | ({"port": port} if port else {})
        place = ""
    else:
        place = host + (f":{port}" if port else "")
    suffix = f"?{urlencode(query)}" if query else ""
    return f"postgresql://{quote(user)}:{quote(password, safe='')}@{place}/{quote(database)}{suffix}"
