"""`make up` that cannot go on ends with one plain sentence that names what is wrong and what mends it: never a
traceback, never a password."""

import os
import secrets
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from deploy import room
from deploy.place import CannotStart, Place, failure, free_port, nodes_from
from deploy.supervise import clean_environment
from deploy.zone import Zone
from tests.database import ROOT

WORD = "kept-to-ourselves"
NOBODY = f"postgresql://boss:{WORD}@127.0.0.1:9/zone"
NO_BROKER = f"redis://:{WORD}@127.0.0.1:9/0"


@pytest.fixture
def refused(tmp_path: Path) -> Callable[..., str]:
    """Start with these settings (by default an external database and broker that are not there); its sentence."""

    def start(**settings: object) -> str:
        told = {"HOME": tmp_path, "PORT": free_port(), "DATABASE_URL": NOBODY, "BROKER_URL": NO_BROKER, **settings}
        done = subprocess.run(
            [sys.executable, "-m", "deploy.up"],
            cwd=ROOT,
            env=clean_environment() | {f"CREDITZONE_{name}": str(value) for name, value in told.items()},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 1
        sentences = done.stderr.strip().splitlines()
        assert len(sentences) == 1, done.stderr
        assert sentences[0].startswith("✗ ")
        assert WORD not in done.stdout + done.stderr
        return sentences[0]

    return start


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"PORT": "eight"}, "CREDITZONE_PORT is 'eight'; choose a number from 1024 to 64000."),
        ({"LEASE_SECONDS": "soon"}, "CREDITZONE_LEASE_SECONDS is 'soon'; choose a number from 1 to 3600."),
        ({"HOME": "/etc/passwd/zone"}, "/etc/passwd/zone cannot be made (Not a directory): choose another"),
        ({"DATABASE_URL": f"mysql://boss:{WORD}@db/zone"}, "CREDITZONE_DATABASE_URL is not an address: write postgres"),
        ({}, "The database that CREDITZONE_DATABASE_URL names does not answer: connection failed"),
    ],
)
def test_a_setting_that_leads_nowhere_is_named(settings, sentence, refused):
    assert sentence in refused(**settings)


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        (NO_BROKER, "The broker that CREDITZONE_BROKER_URL names does not answer"),
        (f"carrier-pigeon://:{WORD}@coop/0", "CREDITZONE_BROKER_URL is not an address: write redis://"),
        (f"redis://:{WORD}/x@host:6379/0", "CREDITZONE_BROKER_URL is not an address: write redis://"),
    ],
)
def test_a_broker_is_tried_before_anything_rests_on_it(url, sentence, refused, database_server):
    assert sentence in refused(DATABASE_URL=database_server, BROKER_URL=url)


@pytest.mark.parametrize("above", [0, 102, 120], ids=["portal", "console", "link"])
def test_a_port_in_use_is_named_with_another_start(above, refused):
    port = free_port()
    with socket.create_server(("127.0.0.1", port + above)):
        said = refused(PORT=port)
    assert f"Port {port + above} is in use" in said
    assert f"CREDITZONE_PORT={port + 1000} make up" in said


def test_a_home_of_another_user_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(CannotStart, match="may not be written by this user: make it yours"):
        Place(home=tmp_path, port=9000).make_home()


def test_a_disk_that_fills_up_is_named(refused, tmp_path):
    (tmp_path / "secrets.new").symlink_to("/dev/full")
    assert f"The disk below {tmp_path} is full: free about 0.5 GB" in refused()


def test_room_is_asked_for_before_anything_is_written(tmp_path, monkeypatch):
    monkeypatch.setattr(room, "free", lambda _: 0.4)
    with pytest.raises(CannotStart, match=r"has 0\.40 GB of room; a zone needs 0\.5"):
        zone_at(tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "said",
    [
        'FATAL:  could not write to file "pg_wal/xlogtemp.8165": No space left on device\n'
        'child process exited with exit code 1\ninitdb: removing data directory "/srv/var/postgres/data.new"',
        'django.db.utils.OperationalError: could not extend file "base/5/1": No space left on device\n'
        "HINT:  Check free disk space.",
    ],
    ids=["initdb", "migrate"],
)
def test_a_full_disk_is_heard_in_what_a_program_said_before_its_last_line(said, tmp_path):
    assert "is full: free about 0.5 GB" in str(failure("A step failed", said, home=tmp_path))


def test_a_step_that_failed_otherwise_says_its_own_reason(tmp_path):
    said = 'initdb: error: invalid locale name "C.UTF-8"\ninitdb: hint: choose another'
    assert str(failure("No cluster", said, home=tmp_path)) == f"No cluster: {said.splitlines()[0]}"
    assert str(failure("migrate failed", "Traceback\nValueError: x", home=tmp_path)) == "migrate failed: ValueError: x"


def test_a_login_that_may_not_make_roles_is_told_which_right_it_lacks(database_server, tmp_path):
    name = f"small_{secrets.token_hex(4)}"
    with psycopg.connect(database_server, autocommit=True) as server:
        server.execute(f"create role {name} login password '{WORD}'")
        try:
            zone = zone_at(tmp_path, database_url=make_conninfo(database_server, user=name, password=WORD))
            with pytest.raises(CannotStart, match=f"ALTER ROLE {name} CREATEROLE CREATEDB") as stop:
                zone.set_up_roles()
        finally:
            server.execute(f"drop role {name}")
    assert WORD not in str(stop.value)


def zone_at(home: Path, *, database_url: str = NOBODY) -> Zone:
    """A zone with external services, nothing of it started."""
    place = Place(home=home, port=9000, database_url=database_url, broker_url=NO_BROKER, nodes=nodes_from(9000))
    return Zone(place, print)
