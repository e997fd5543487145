"""What an operator would run before going live: https, plain http refused, migrations both ways."""

import os
import subprocess
import sys

import psycopg
import pytest

from creditzone.settings import env
from tests import database


def manage(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    given = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "creditzone.settings.portal",
        "CREDITZONE_SECRET_KEY": "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ",
        "CREDITZONE_DATABASE_URL": "postgresql://portal_web@127.0.0.1:1/nowhere",
        **environment,
    }
    return subprocess.run(
        [sys.executable, "manage.py", *arguments], env=given, cwd=database.ROOT, capture_output=True, text=True,
        check=False,
    )  # fmt: skip


def test_the_deployment_check_has_nothing_to_say_behind_https():
    done = manage("check", "--deploy", "--fail-level", "WARNING", CREDITZONE_URL="https://zone.example.cn")
    assert done.returncode == 0, done.stdout + done.stderr


def test_plain_http_is_refused_on_a_name_that_is_not_loopback():
    done = manage("check", CREDITZONE_URL="http://zone.example.cn")
    assert done.returncode != 0
    assert "use https there" in done.stderr


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("CREDITZONE_SECRET_KEY", "", "CREDITZONE_SECRET_KEY is not set"),
        ("CREDITZONE_SECRET_KEY", "0123456789abcdefghijklm", "CREDITZONE_SECRET_KEY can be guessed"),
        ("CREDITZONE_SECRET_KEY", "abcabcabc" * 8, "CREDITZONE_SECRET_KEY can be guessed"),
        ("CREDITZONE_TRUSTED_PROXIES", "-1", "CREDITZONE_TRUSTED_PROXIES"),
        ("CREDITZONE_DATABASE_URL", "", "CREDITZONE_DATABASE_URL is not set"),
        ("CREDITZONE_PORT", "many", "CREDITZONE_PORT"),
    ],
)
def test_a_missing_or_wrong_setting_is_one_sentence_that_names_it(name, value, words):
    done = manage("check", **{name: value})
    assert done.returncode != 0
    assert words in done.stderr.strip().splitlines()[-1]


def test_addresses_become_settings():
    settings = env.database("postgresql://portal_web:p%40ss@/zone?host=/run/pg&port=5433")
    assert (settings["USER"], settings["PASSWORD"], settings["HOST"], settings["PORT"], settings["NAME"]) == (
        "portal_web", "p@ss", "/run/pg", "5433", "zone",
    )  # fmt: skip


BACK = """
from django.core.management import call_command
from django.db.migrations.loader import MigrationLoader
from django.db import connection
for app in sorted(MigrationLoader(connection).migrated_apps):
    call_command("migrate", app, "zero", verbosity=0, skip_checks=True)
"""


def test_every_migration_goes_forward_and_back(database_server):
    name = f"cz_test_back_{os.getpid()}"
    urls = database.make(database_server, name)
    try:
        back = manage(
            "shell", "-v", "0", "-c", BACK, DJANGO_SETTINGS_MODULE="creditzone.settings.migrate",
            CREDITZONE_DATABASE_URL=urls["portal_migrate"],
        )  # fmt: skip
        assert back.returncode == 0, back.stderr
        with psycopg.connect(urls["portal_migrate"]) as owner:
            left = owner.execute(
                "select tablename from pg_tables where schemaname = 'public' and tablename <> 'django_migrations'"
            ).fetchall()
        assert left == []
        database.migrate(urls["portal_migrate"])
    finally:
        database.drop(database_server, name)


def test_the_roles_are_set_up_twice_without_harm_by_one_who_may_only_create_roles(database_server):
    from deploy.roles import set_up_roles

    name = f"cz_test_ext_{os.getpid()}"
    with psycopg.connect(database_server, autocommit=True) as admin:
        admin.execute("drop role if exists cz_test_creator")
        admin.execute("create role cz_test_creator login createrole createdb password 'c'")
        for role in ("portal_owner", "portal_migrate", "portal_web", "portal_coordinator", "portal_regulator",
                     "portal_admin", "portal_signin", "zone_exchange"):  # fmt: skip
            admin.execute(f"grant {role} to cz_test_creator with admin option")
    try:
        creator = psycopg.conninfo.make_conninfo(database_server, user="cz_test_creator", password="c")
        for _ in range(2):
            urls = set_up_roles(creator, passwords=database.passwords(database_server), database=name)
        database.migrate(urls["portal_migrate"])
    finally:
        database.drop(database_server, name)
        with psycopg.connect(database_server, autocommit=True) as admin:
            admin.execute("drop owned by cz_test_creator")
            admin.execute("drop role cz_test_creator")


def test_proxies_that_are_named_are_trusted_and_no_others():
    show = ("shell", "-v", "0", "-c", "from django.conf import settings; print(settings.ALLAUTH_TRUSTED_PROXY_COUNT)")
    assert manage(*show).stdout.split()[-1:] == ["0"]
    assert manage(*show, CREDITZONE_TRUSTED_PROXIES="2").stdout.split()[-1:] == ["2"]
