"""What row-level security costs against an explicit WHERE, on a million rows of fifty organisations, in one run.

Tables of their own in a database of its own, guarded by a policy of the form of `apps.core.rls.own_rows`. The arms are
asked turn about; the median of each counts. Each arm sends one statement to say who asks: the guarded one sets the
tenant, the plain one a setting that nobody reads.
"""

import secrets
import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

import psycopg

ROWS, TENANTS, ROUNDS = 1_000_000, 50, 200
ME = "(select current_setting('app.tenant')::uuid)"


@dataclass(frozen=True)
class Row:
    """One query: median milliseconds with the policy and with WHERE, and their ratio."""

    what: str
    guarded_ms: float
    where_ms: float

    @property
    def ratio(self) -> float:
        """How many times the explicit WHERE's time."""
        return self.guarded_ms / self.where_ms


QUERIES = {
    "one row by key": ("select * from {table} where id = %(id)s{mine}", 1),
    "newest 50 of the organisation": ("select * from {table} where true{mine} order by id desc limit 50", 50),
    "count by state (20,000 rows)": ("select state, count(*) from {table} where true{mine} group by state", 4),
    "change one row": ("update {table} set state = state where id = %(id)s{mine}", 1),
}


def run(admin_url: str) -> list[Row]:
    """Measure on the server of `admin_url`, whose user may create databases and roles; leaves nothing behind."""
    name = f"bench_{secrets.token_hex(4)}"
    with psycopg.connect(admin_url, autocommit=True) as server:
        server.execute(f'create database "{name}"')
        server.execute(f"create role {name} login password '{name}'")
        try:
            rows = list(_measure(admin_url, name))
        finally:
            server.execute(f'drop database "{name}" with (force)')
            server.execute(f"drop role {name}")
    return rows


def _measure(admin_url: str, name: str) -> Iterator[Row]:
    tenants, ids = _fill(admin_url, name)
    guarded, plain = (psycopg.connect(admin_url, dbname=name, user=name, password=name) for _ in range(2))
    with guarded, plain:
        for what, (query, expected) in QUERIES.items():
            times: dict[str, list[float]] = {"guarded": [], "plain": []}
            for turn in range(ROUNDS if expected <= 50 else ROUNDS // 4):
                tenant, key = tenants[turn % TENANTS], ids[turn % len(ids)]
                values = {"id": key[0], "owner": key[1] if "%(id)s" in query else tenant}
                times["guarded"].append(_ask(guarded, query.format(table="guarded", mine=""), values, expected))
                mine = " and owner = %(owner)s"
                times["plain"].append(_ask(plain, query.format(table="plain", mine=mine), values, expected))
            yield Row(what, *(statistics.median(times[arm]) * 1000 for arm in ("guarded", "plain")))


def _ask(connection: psycopg.Connection, query: str, values: dict[str, UUID], expected: int) -> float:
    start = time.perf_counter()
    with connection.transaction():
        connection.execute("select set_config('app.tenant', %s, true)", [str(values["owner"])])
        cursor = connection.execute(query, values)  # type: ignore[call-overload]
        found = len(cursor.fetchall()) if cursor.description else cursor.rowcount
    spent = time.perf_counter() - start
    if found != expected:
        raise AssertionError(f"{query} gave {found} rows, not {expected}")
    return spent


def _fill(admin_url: str, name: str) -> tuple[list[UUID], list[tuple[UUID, UUID]]]:
    """Two alike tables of a million rows, one guarded; some organisations and some keys with their owners."""
    with psycopg.connect(admin_url, dbname=name, autocommit=True) as connection:
        for table in ("guarded", "plain"):
            connection.execute(
                f"create table {table} (id uuid primary key default uuidv7(), owner uuid not null,"
                " state text not null, title text not null)"
            )
        connection.execute(
            "insert into plain (owner, state, title) select md5((n %% %s)::text)::uuid,"
            " (array['draft','active','done','failed'])[1 + (n / %s) %% 4], 'title ' || n"
            " from generate_series(1, %s) n",
            [TENANTS, TENANTS, ROWS],
        )
        connection.execute("insert into guarded select * from plain")
        for table in ("guarded", "plain"):
            connection.execute(f"create index on {table} (owner, id)")
            connection.execute(f"grant select, update on {table} to {name}")
            connection.execute(f"analyze {table}")
        connection.execute("alter table guarded enable row level security")
        connection.execute("alter table guarded force row level security")
        connection.execute(f"create policy own on guarded to {name} using (owner = {ME}) with check (owner = {ME})")
        tenants = [row[0] for row in connection.execute("select distinct owner from plain").fetchall()]
        keys = connection.execute("select id, owner from plain tablesample system (1) limit 500").fetchall()
    return tenants, [(row[0], row[1]) for row in keys]
