"""Column by column: members read no password's hash, and change of an old row only what an act of theirs may end."""

from contextlib import nullcontext

import psycopg
import pytest
from django.conf import settings
from psycopg import sql

HIDDEN = [(role, "tenants_person", "password") for role in ("portal_web", "portal_regulator", "portal_admin")]
ENDS = {
    "exchange_draft": {"state", "settled_at"},
    "compute_job": {"state", "reason", "facts", "at_party_id", "ended_at"},
    "contracts_contract": {"state", "reason"},
    "contracts_authorisation": {"state", "withdrawal_digest"},
}


@pytest.fixture
def web(db):
    """The web's login, outside Django."""
    with psycopg.connect(settings.TEST_LOGINS["portal_web"], autocommit=True) as connection:
        yield connection


@pytest.mark.parametrize(("role", "table", "column"), HIDDEN)
def test_only_the_sign_in_reads_a_hash(web, role, table, column):
    with web.transaction():
        web.execute("select set_config('app.tenant', %s, true), set_config('app.person', %s, true)", [NOBODY, NOBODY])
        web.execute("select set_config('role', %s, true)", ["none" if role == "portal_web" else role])
        web.execute(sql.SQL("select id, name from {}").format(sql.Identifier(table)))
        with pytest.raises(psycopg.errors.InsufficientPrivilege), web.transaction():
            web.execute(sql.SQL("select {} from {}").format(sql.Identifier(column), sql.Identifier(table)))


@pytest.mark.parametrize("table", ENDS)
def test_of_an_old_row_a_tenant_changes_only_how_it_ended(web, table):
    query = "select column_name from information_schema.columns where table_name = %s"
    for (column,) in web.execute(query, [table]).fetchall():
        refused = pytest.raises(psycopg.errors.InsufficientPrivilege)
        with nullcontext() if column in ENDS[table] else refused, web.transaction():
            web.execute("select set_config('app.tenant', %s, true)", [NOBODY])
            name = sql.Identifier(column)
            web.execute(sql.SQL("update {} set {} = {}").format(sql.Identifier(table), name, name))


NOBODY = "00000000-0000-0000-0000-000000000000"
