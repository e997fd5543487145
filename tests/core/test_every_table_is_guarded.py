"""The database's own catalogue: row-level security everywhere, no role that could pass it, nothing that widens it.

A new table is guarded, or it stands in UNOWNED with the reason why no organisation owns its rows.
"""

import pytest
from django.db import connection

UNOWNED = {
    "core_cache": "rate limits and used codes by opaque keys",
    "django_session": "found by its secret key alone",
    "django_migrations": "which migrations are in",
    "django_content_type": "names of models; no role of the application reads it",
    "auth_permission": "of the framework; no role of the application reads it",
    "auth_group": "of the framework; no role of the application reads it",
    "auth_group_permissions": "of the framework; no role of the application reads it",
    "registry_enterprise": "the public register",
    "registry_industry": "the national table of industries",
    "registry_region": "the national table of divisions",
    "registry_event": "published events of the public register",
    "scoring_scorecard": "public scorecards of the zone",
}
APPLICATION = (
    "portal_web", "portal_coordinator", "portal_regulator", "portal_admin", "portal_signin", "zone_exchange",
)  # fmt: skip


def rows(query: str, *parameters) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(query, parameters or None)
        return cursor.fetchall()


@pytest.fixture(autouse=True)
def _database(db):
    pass


def test_every_table_forces_row_level_security_or_says_why_not():
    bare = {
        name
        for (name,) in rows(
            "select c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace"
            " where n.nspname = 'public' and c.relkind in ('r', 'p')"
            " and not (c.relrowsecurity and c.relforcerowsecurity)"
        )
    }
    assert bare - set(UNOWNED) == set()


def test_a_guarded_table_has_a_policy_for_somebody():
    mute = rows(
        "select c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace"
        " where n.nspname = 'public' and c.relkind in ('r', 'p') and c.relrowsecurity"
        " and not exists (select 1 from pg_policy p where p.polrelid = c.oid)"
    )
    assert mute == []


def test_a_table_with_an_owner_lets_a_tenant_see_only_by_tenant_or_party():
    """Wherever rows have an owner, the policy of the tenants' login reads the transaction's tenant."""
    loose = rows(
        """
        select c.relname, p.polname from pg_policy p
          join pg_class c on c.oid = p.polrelid
          join pg_attribute a on a.attrelid = c.oid and a.attname = 'owner' and not a.attisdropped
         where ('portal_web'::regrole = any (p.polroles) or 0 = any (p.polroles))
           and coalesce(pg_get_expr(p.polqual, p.polrelid), '') || coalesce(pg_get_expr(p.polwithcheck, p.polrelid), '')
               not like '%app.tenant%'
        """
    )
    assert loose == []


def test_no_policy_is_for_everybody():
    assert rows("select polrelid::regclass::text, polname from pg_policy where 0 = any (polroles)") == []


def test_no_role_of_the_application_could_pass_the_policies():
    strong = rows(
        "select rolname from pg_roles where rolname = any (%s)"
        " and (rolsuper or rolbypassrls or rolcreaterole or rolcreatedb or rolreplication)",
        list(APPLICATION),
    )
    assert strong == []
    owning = rows(
        "select c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = 'public'"
        " and pg_get_userbyid(c.relowner) = any (%s)",
        list(APPLICATION),
    )
    assert owning == []
    assert rows("select 1 where pg_has_role('portal_web', 'portal_owner', 'member')") == []
    assert rows("select 1 where pg_has_role('portal_coordinator', 'portal_owner', 'member')") == []


def test_a_role_that_nobody_took_gives_nothing():
    """Regulator, admin, sign-in and exchange are granted without inheritance."""
    inherited = rows(
        "select r.rolname from pg_auth_members m join pg_roles r on r.oid = m.roleid"
        " join pg_roles l on l.oid = m.member where l.rolname = any (%s) and m.inherit_option",
        list(APPLICATION),
    )
    assert inherited == []


def test_nobody_may_truncate_or_reference():
    granted = rows(
        "select grantee, table_name, privilege_type from information_schema.role_table_grants"
        " where table_schema = 'public' and grantee = any (%s)"
        " and privilege_type in ('TRUNCATE', 'REFERENCES', 'TRIGGER')",
        [*APPLICATION, "PUBLIC"],
    )
    assert granted == []
    assert rows("select 1 where has_schema_privilege('portal_web', 'public', 'create')") == []


def test_nothing_looks_past_the_policies():
    """No view that runs as its owner, no materialised view, no function that runs as its owner."""
    views = rows(
        "select c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = 'public'"
        " and (c.relkind = 'm' or (c.relkind = 'v' and not coalesce(c.reloptions, '{}') @> '{security_invoker=true}'))"
    )
    assert views == []
    functions = rows(
        "select p.proname from pg_proc p join pg_namespace n on n.oid = p.pronamespace"
        " where n.nspname = 'public' and p.prosecdef"
    )
    assert functions == []


def test_a_party_is_named_by_the_rows_owner_alone():
    """Each party table hangs on (id, owner) of its shared row, and writes need `owner = me`: no self-invitation."""
    tables = {table for (table,) in rows(
        "select c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = 'public'"
        " and c.relkind = 'r' and (select count(*) from pg_attribute a where a.attrelid = c.oid"
        " and a.attname in ('org', 'subject', 'owner')) = 3"
    )}  # fmt: skip
    assert tables
    for table in tables:
        keys = rows(
            "select pg_get_constraintdef(oid) from pg_constraint where conrelid = %s::regclass and contype = 'f'", table
        )
        assert any("(subject, owner) REFERENCES" in key and "(id, owner)" in key for (key,) in keys), table
        checks = rows(
            "select pg_get_expr(polwithcheck, polrelid) from pg_policy where polrelid = %s::regclass"
            " and polcmd in ('*', 'a', 'w') and 'portal_web'::regrole = any (polroles)", table
        )  # fmt: skip
        assert checks, table
        assert all(check.strip("(").startswith("owner = ") and " OR " not in check for (check,) in checks), table
