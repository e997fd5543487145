"""`python -m deploy.set_up`, the set-up job of compose.yaml: an empty server becomes a filled portal; safe again."""

import os
import re
import secrets
import subprocess
import sys

import psycopg

from deploy import roles
from tests import database
from tests.database import ROOT


def job(told: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run the job with `told` as its settings."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("CREDITZONE_", "DJANGO_"))}
    command = [sys.executable, "-m", "deploy.set_up"]
    return subprocess.run(command, cwd=ROOT, env=kept | told, capture_output=True, text=True, check=False)


def test_the_set_up_job_fills_an_empty_server_and_is_safe_twice(database_server, tmp_path):
    name = f"cz_set_up_{os.getpid()}_{secrets.token_hex(3)}"
    words = database.passwords(database_server)
    address = roles.address(database_server, user="portal_migrate", password=words["portal_migrate"], database=name)
    told = {f"{login.upper()}_PASSWORD": word for login, word in words.items()} | {
        "ADMIN_DATABASE_URL": database_server,
        "CREDITZONE_DATABASE_URL": address,
        "CREDITZONE_HOME": str(tmp_path),
        "CREDITZONE_SECRET_KEY": "tests-only-0123456789-" + "0" * 40,
        "DJANGO_SETTINGS_MODULE": "creditzone.settings.migrate",
    }
    try:
        counts = []
        for _ in range(2):
            done = job(told)
            assert done.returncode == 0, done.stderr
            counts.append(_counts(database_server, name))
        assert counts[0] == counts[1]
        assert all(counts[0])
        assert (tmp_path / "static").is_dir()
    finally:
        database.drop(database_server, name)


def test_a_missing_setting_is_named():
    done = job({"DJANGO_SETTINGS_MODULE": "creditzone.settings.migrate"})
    assert (done.returncode, done.stderr) == (1, "✗ PORTAL_MIGRATE_PASSWORD is not set.\n")


def test_compose_asks_for_what_its_example_lists():
    asked = set(re.findall(r"\$\{([A-Z_]+)", (ROOT / "compose.yaml").read_text()))
    listed = set(re.findall(r"^([A-Z_]+)=", (ROOT / "deploy" / "compose.env.example").read_text(), re.MULTILINE))
    assert asked == listed


def _counts(server: str, name: str) -> tuple[int, ...]:
    """Rows of the register and of the scorecards."""
    with psycopg.connect(psycopg.conninfo.make_conninfo(server, dbname=name)) as connection:
        return tuple(
            connection.execute(f"select count(*) from {table}").fetchone()[0]
            for table in ("registry_enterprise", "scoring_scorecard")
        )
