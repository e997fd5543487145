"""`python -m deploy.set_up`: the set-up job of a deployment on many machines; safe again.

Roles and database, migrations, static files, public register and scorecards. Reads `ADMIN_DATABASE_URL` (a user who may
create roles) and the three logins' passwords `PORTAL_MIGRATE_PASSWORD`, `PORTAL_WEB_PASSWORD`,
`PORTAL_COORDINATOR_PASSWORD`, beside what `creditzone.settings.migrate` reads. No other process is told these.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import psycopg

from demo.split import REGISTER_AS_OF, REGISTER_SOURCE, write_register
from deploy import roles
from deploy.place import ROOT, CannotStart, read_address


def main() -> int:
    """Do all of it; 1 with a sentence where a setting is missing or the server refuses."""
    try:
        passwords = {login: required(f"{login.upper()}_PASSWORD") for login in roles.LOGINS}
        addresses = {name: required(name) for name in ("CREDITZONE_DATABASE_URL", "ADMIN_DATABASE_URL")}
        named, _ = (read_address(name, url) for name, url in addresses.items())
        roles.set_up_roles(addresses["ADMIN_DATABASE_URL"], passwords=passwords, database=str(named.get("dbname")))
    except (LookupError, CannotStart, psycopg.Error) as error:
        print(f"✗ {roles.said(error) if isinstance(error, psycopg.Error) else error.args[0]}", file=sys.stderr)
        return 1
    manage("migrate", "--noinput")
    manage("collectstatic", "--noinput", "--verbosity", "0")
    with tempfile.TemporaryDirectory() as folder:
        register = Path(folder) / "registry.csv"
        write_register(register)
        manage("load_registry", "--firms", str(register), "--source", REGISTER_SOURCE, "--as-of", REGISTER_AS_OF)
    manage("load_scorecards")
    return 0


def required(name: str) -> str:
    """The variable's value; raises LookupError with a sentence."""
    if value := os.environ.get(name):
        return value
    raise LookupError(f"{name} is not set.")


def manage(*arguments: str) -> None:
    """One of Django's commands; ends the job where it fails."""
    subprocess.run([sys.executable, "manage.py", *arguments], cwd=ROOT, check=True)


if __name__ == "__main__":
    sys.exit(main())
