"""The running zone as tests meet it: started once a run by `make test` with `make up`'s own code, named by
CREDITZONE_TEST_ZONE. To run one of these by hand, name the home of a zone that `make up` runs."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import psycopg
import pytest

from deploy.officers.passkey import SoftwarePasskey
from deploy.officers.person import Officer, until

MARKS = {"zone", "browser", "faults", "restart"}


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Whatever lies here needs the zone; without one it is left out, and says so. What ends the zone comes last."""
    home = os.environ.get("CREDITZONE_TEST_ZONE")
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents and not MARKS & {mark.name for mark in item.iter_markers()}:
            item.add_marker("zone")
        if here in item.path.parents and not home:
            item.add_marker(
                pytest.mark.skip(reason="no zone runs: CREDITZONE_TEST_ZONE is not set (make test sets it)")
            )
    items.sort(key=lambda item: item.get_closest_marker("restart") is not None)


@dataclass(eq=False)
class LiveZone:
    """Addresses, people and processes of the running zone."""

    home: Path

    @cached_property
    def notes(self) -> dict[str, Any]:
        """`demo.json`."""
        found: dict[str, Any] = json.loads((self.home / "demo.json").read_text())
        return found

    @property
    def portal(self) -> str:
        """The portal's address."""
        return str(self.notes["portal"])

    def user(self, username: str) -> dict[str, Any]:
        """A person's entry in `demo.json`."""
        return next(user for user in self.notes["users"] if user["username"] == username)

    def node_url(self, name: str) -> str:
        """A node's console by its host name."""
        return next(url for url in self.notes["nodes"].values() if f"//{name}." in url)

    @cached_property
    def officers(self) -> dict[str, Officer]:
        """Everybody as a script acts for them; sessions last for the whole run."""
        nodes = {
            "officer": "bank",
            "bank-steward": "bank",
            "steward": "centre",
            "merchant": "platform",
            "owner": "hosted",
            "approver": "centre",
            "merchant-approver": "platform",
            "bank-approver": "bank",
        }
        found = {
            user["username"]: Officer(
                portal=self.portal,
                node=self.node_url(nodes[user["username"]]) if user["username"] in nodes else "",
                id=user["person"],
                username=user["username"],
                password=user["password"],
                totp=user["totp"],
                token=user["token"],
                node_totp=user["node_totp"] or "",
                passphrase=user["passphrase"] or "",
                passkey=SoftwarePasskey.read(user["passkey"]) if user["passkey"] else None,
            )
            for user in self.notes["users"]
        }
        for user in self.notes["users"]:
            found[user["username"]].checker = found.get(user["checker"])
        return found

    # processes ----------------------------------------------------------------------------------------------------

    def control(self, *arguments: str) -> str:
        """The supervisor's own command."""
        conf = str(self.home / "run" / "supervisord.conf")
        command = [sys.executable, "-m", "supervisor.supervisorctl", "-c", conf, *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout

    def pid(self, program: str) -> int:
        """A program's process id; 0 while it is down."""
        answer = self.control("pid", program).strip()
        return int(answer) if answer.isdigit() else 0

    def wait_running(self, *programs: str) -> None:
        """Until the supervisor has them running again."""
        for program in programs:
            until(
                lambda program=program: self.control("status", program),
                lambda said: "RUNNING" in said,
                what=f"{program} to run",
                seconds=60,
            )

    @cached_property
    def superuser_url(self) -> str:
        """The embedded PostgreSQL's superuser, for tests that tamper with the database."""
        drawn = json.loads((self.home / "secrets.json").read_text())
        socket = self.home / "postgres" / "run"
        return f"postgresql://postgres:{drawn['database:postgres']}@/creditzone?host={socket}"

    def sql(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """Run a statement as superuser: what the zone's operator could do behind everybody's back."""
        with psycopg.connect(self.superuser_url, autocommit=True) as connection:
            cursor = connection.execute(statement, values)  # type: ignore[call-overload]
            return cursor.fetchall() if cursor.description else []

    # jobs ---------------------------------------------------------------------------------------------------------

    def card(self, *domains: str) -> dict[str, Any]:
        """The registered scorecard over exactly these domains."""
        found = self.officers["officer"].call("GET", "/scorecards/")["results"]
        return next(one for one in found if sorted(one["domains"]) == sorted(domains))

    def draft(
        self,
        *domains: str,
        title: str = "测试任务",
        disclosures: tuple[str, ...] = ("grade",),
        instead: dict[str, str] | None = None,
    ) -> dict[str, Any]:
        """The bank drafts a job over the demonstration's capsules of these domains, or over others `instead`."""
        card, capsules = self.card(*domains), {**self.notes["capsules"], **(instead or {})}
        asked = {
            "title": title,
            "model": card["digest"],
            "purpose": "credit-risk/pre-loan",
            "disclosures": list(disclosures),
            "capsules": [capsules[domain] for domain in card["domains"]],
        }
        drafted: dict[str, Any] = self.officers["officer"].call("POST", "/jobs/", asked)
        return drafted

    def submit(self, *domains: str, **more: Any) -> str:
        """Draft a job and sign its request in the bank's node; its id."""
        drafted = self.draft(*domains, **more)
        self.officers["officer"].sign(drafted["digest"])
        return str(drafted["id"])

    def job(self, job: str) -> dict[str, Any]:
        """The job as the bank sees it now."""
        seen: dict[str, Any] = self.officers["officer"].call("GET", f"/jobs/{job}/")
        return seen

    def wait_job(self, job: str, holds: Callable[[dict[str, Any]], bool], *, seconds: float = 120) -> dict[str, Any]:
        """Until the job is as wanted."""
        seen: dict[str, Any] = until(lambda: self.job(job), holds, what=f"job {job}", seconds=seconds)
        return seen

    def wait_end(self, job: str, *, seconds: float = 150) -> dict[str, Any]:
        """Until the job has ended, however."""
        return self.wait_job(job, lambda seen: seen["state"] not in OPEN, seconds=seconds)


OPEN = {"drafted", "queued", "offered", "running"}


@pytest.fixture(scope="session")
def live() -> LiveZone:
    """The running zone."""
    return LiveZone(Path(os.environ["CREDITZONE_TEST_ZONE"]))
