"""`make test` and `make lint`: every check of the project, in the order in which they fail fastest.

Lint, types, import contracts, migrations and deployment settings; then unit and integration tests against a real
PostgreSQL; then one zone, started once by `make up`'s own code in a temporary home on free ports, for the tests of the
running processes, of faults, and of the pages in headless Chromium.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deploy import chromium, translations
from deploy.demonstration import run_demonstration
from deploy.place import ROOT, CannotStart, Place, free_port, nodes_from
from deploy.supervise import clean_environment
from deploy.zone import Zone

PYTHON = sys.executable
STATIC_CHECKS = {
    "format": [PYTHON, "-m", "ruff", "format", "--check", "."],
    "lint": [PYTHON, "-m", "ruff", "check", "."],
    "import contracts": [str(Path(PYTHON).with_name("lint-imports"))],
    "types": [PYTHON, "-m", "mypy", "creditzone", "apps", "deploy", "demo"],
}
LIVE = {"the running zone": "zone", "pages in the browser": "browser", "faults": "faults", "the next start": "restart"}
"""Tests of the one running zone, by mark. The others make databases of their own and give the logins passwords of
their own, so they run before the zone does."""
LEASE_SECONDS = 5


class Failed(Exception):
    """A check failed; its output stands above."""


def main(arguments: list[str]) -> int:
    """All checks, or with `lint` the static ones only."""
    began = time.monotonic()
    try:
        translations.compile_all()
        for name, command in STATIC_CHECKS.items():
            run(name, command, environment=settings_environment())
        if arguments != ["lint"]:
            dynamic_checks()
    except (Failed, CannotStart, chromium.NoBrowser) as failure:
        print(f"\n✗ {failure}", file=sys.stderr, flush=True)
        return 1
    print(f"\n✓ all checks passed in {time.monotonic() - began:.0f} s", flush=True)
    return 0


def dynamic_checks() -> None:
    """Migrations, deployment settings, and all tests."""
    browser = chromium.find_or_install()
    with temporary_zone() as zone:
        told = settings_environment() | {"CREDITZONE_TEST_DATABASE_URL": zone.admin_url}
        zone.set_up_roles()
        portal = told | zone.portal(login="portal_web", settings="portal")
        https = portal | {"CREDITZONE_URL": "https://zone.example"}
        run(
            "migrations are complete",
            [PYTHON, "manage.py", "makemigrations", "--check", "--dry-run"],
            environment=portal,
        )
        run(
            "deployment settings",
            [PYTHON, "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
            environment=https,
        )
        pytest = [PYTHON, "-m", "pytest", "-q"]
        told["CREDITZONE_TEST_CHROMIUM"] = browser or ""
        apart = [*pytest, "--ignore", "tests/live", "-m"]
        run("unit and integration tests", [*apart, "not browser", "-n", "2", "--dist", "loadfile"], environment=told)
        run("components and homes in the browser", [*apart, "browser"], environment=told)
        zone.start()
        run_demonstration(zone)
        told["CREDITZONE_TEST_ZONE"] = str(zone.place.home)
        for name, mark in LIVE.items():
            run(name, [*pytest, "tests/live", "-m", mark], environment=told)


def settings_environment() -> dict[str, str]:
    """This process's environment without a zone's settings, with those of the tests."""
    return clean_environment() | {"DJANGO_SETTINGS_MODULE": "creditzone.settings.test"}


@contextmanager
def temporary_zone() -> Iterator[Zone]:
    """A zone in a folder of its own on free ports, its database running and the rest not started yet."""
    home = Path(tempfile.mkdtemp(prefix="cz-"))
    home.chmod(0o711)
    port = free_port()
    place = Place(home=home, port=port, lease_seconds=LEASE_SECONDS, nodes=nodes_from(port))
    zone = Zone(place, lambda what: print(f"· {what} …", flush=True))
    try:
        zone.start_services()
        yield zone
    except BaseException:
        keep_logs(home)
        raise
    finally:
        zone.stop()
        shutil.rmtree(home, ignore_errors=True)


def keep_logs(home: Path) -> None:
    """Show the end of each process's log: the folder will be gone."""
    for log in sorted((home / "log").glob("*.log")):
        lines = log.read_text(errors="replace").splitlines()[-15:]
        print(f"\n--- {log.name}", *lines, sep="\n", file=sys.stderr, flush=True)


def run(name: str, command: list[str], *, environment: dict[str, str]) -> None:
    """One check with its output and its time; raises Failed."""
    began = time.monotonic()
    print(f"\n▸ {name}", flush=True)
    if subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode:
        raise Failed(f"{name}: failed")
    print(f"  {name}: {time.monotonic() - began:.0f} s", flush=True)


if __name__ == "__main__":
    os.chdir(ROOT)
    sys.exit(main(sys.argv[1:]))
