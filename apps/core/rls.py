"""Row-level security as migration operations: each states its SQL and the SQL that takes it back.

Policies read `app.tenant`, which `tenancy.tenant_tx` sets for one transaction; without it every statement on a
guarded table fails. Names of tables and columns are ours, never a user's.
"""

from django.db.migrations import RunSQL

ME = "(select current_setting('app.tenant')::uuid)"
PERSON = "(select current_setting('app.person')::uuid)"
ANY_TENANT = f"{ME} <> '00000000-0000-0000-0000-000000000000'"
"""For what the whole zone may read: any organisation's people, but no transaction without one."""
WEB, COORDINATOR = "portal_web", "portal_coordinator"
REGULATOR, ADMIN, EXCHANGE, SIGNIN = "portal_regulator", "portal_admin", "zone_exchange", "portal_signin"


def enable(table: str) -> RunSQL:
    """Row-level security on `table`, for its owner too."""
    return RunSQL(
        f'alter table "{table}" enable row level security; alter table "{table}" force row level security;',
        f'alter table "{table}" no force row level security; alter table "{table}" disable row level security;',
    )


def policy(
    table: str, name: str, *, using: str | None = None, check: str | None = None, to: str = WEB, command: str = "all"
) -> RunSQL:
    """One policy. `using` guards rows that are read or changed, `check` rows that are written (default: `using`)."""
    clauses = ""
    if using is not None and command != "insert":
        clauses += f" using ({using})"
    if command in {"all", "insert", "update"}:
        clauses += f" with check ({check if check is not None else using})"
    return RunSQL(
        f'create policy "{name}" on "{table}" for {command} to {to}{clauses};',
        f'drop policy "{name}" on "{table}";',
    )


def grant(table: str, privileges: str, *, to: str = WEB) -> RunSQL:
    """Privileges on `table`; never `truncate`, which ignores row-level security."""
    return RunSQL(f'grant {privileges} on "{table}" to {to};', f'revoke {privileges} on "{table}" from {to};')


def only_columns(table: str, privilege: str, columns: str, *, to: str = WEB) -> RunSQL:
    """Narrow `privilege` (select or update), granted on the whole table before, to these columns of it."""
    return RunSQL(
        f'revoke {privilege} on "{table}" from {to}; grant {privilege} ({columns}) on "{table}" to {to};',
        f'revoke {privilege} ({columns}) on "{table}" from {to}; grant {privilege} on "{table}" to {to};',
    )


def own_rows(table: str, column: str = "owner", *, privileges: str = "select, insert, update, delete") -> list[RunSQL]:
    """A table of one organisation each: its tenant sees and writes its own rows, nobody else's."""
    return [
        enable(table),
        policy(table, "own", using=f"{column} = {ME}"),
        grant(table, privileges),
    ]


def shared_rows(table: str, party_table: str, *, privileges: str = "select, insert, update, delete") -> list[RunSQL]:
    """A table of rows with an `owner` and parties, and its party table (`org`, `subject`, `owner`).

    The owner writes a row; its parties read it. The party table shows the rows of one's own organisation and of
    one's own subjects; only the owner of a row names its parties, held by the composite key (`subject`, `owner`) to
    the shared row's (`id`, `owner`), so that nobody invites himself to a stranger's row.
    """
    party = f'exists (select 1 from "{party_table}" p where p.subject = "{table}".id and p.org = {ME})'  # noqa: S608
    return [
        RunSQL(
            f'alter table "{table}" add constraint "{table}_id_owner" unique (id, owner);',
            f'alter table "{table}" drop constraint "{table}_id_owner";',
        ),
        RunSQL(
            f'alter table "{party_table}" add constraint "{party_table}_subject_owner" '
            f'foreign key (subject, owner) references "{table}" (id, owner) on delete cascade;',
            f'alter table "{party_table}" drop constraint "{party_table}_subject_owner";',
        ),
        RunSQL(
            f'create unique index "{party_table}_org_subject" on "{party_table}" (org, subject);'
            f'create index "{party_table}_subject" on "{party_table}" (subject);',
            f'drop index "{party_table}_org_subject"; drop index "{party_table}_subject";',
        ),
        enable(table),
        policy(table, "shared", using=f"owner = {ME} or {party}", check=f"owner = {ME}"),
        grant(table, privileges),
        enable(party_table),
        policy(party_table, "parties", using=f"org = {ME} or owner = {ME}", check=f"owner = {ME}"),
        grant(party_table, privileges),
    ]


def child_rows(table: str, party_table: str, column: str, *, privileges: str = "select, insert") -> list[RunSQL]:
    """A table whose rows hang on a shared row (`column` is its id): readable by that row's parties and owner."""
    of_row = f'p.subject = "{table}"."{column}"'
    party = f'exists (select 1 from "{party_table}" p where {of_row} and (p.org = {ME} or p.owner = {ME}))'  # noqa: S608
    return [enable(table), policy(table, "of_parties", using=party), grant(table, privileges)]


def open_to(table: str, role: str, *, privileges: str = "select") -> list[RunSQL]:
    """All rows of `table` to a role without login (regulator, admin, exchange), with just these privileges."""
    return [policy(table, f"all_{role}", using="true", to=role), grant(table, privileges, to=role)]


def append_only(table: str) -> RunSQL:
    """Refuse update, delete and truncate on `table` by trigger, for its owner too."""
    return RunSQL(
        f"""
        create function "{table}_is_append_only"() returns trigger language plpgsql as
        $$ begin raise exception '{table} only grows: % is refused', tg_op using errcode = '23001'; end $$;
        create trigger append_only_rows before update or delete on "{table}"
            for each row execute function "{table}_is_append_only"();
        create trigger append_only_table before truncate on "{table}"
            for each statement execute function "{table}_is_append_only"();
        """,
        f"""
        drop trigger append_only_rows on "{table}"; drop trigger append_only_table on "{table}";
        drop function "{table}_is_append_only"();
        """,
    )
