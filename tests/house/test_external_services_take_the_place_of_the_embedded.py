"""With CREDITZONE_DATABASE_URL and CREDITZONE_BROKER_URL nothing embedded starts, and the steps are the same."""

import secrets
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import redis

from deploy import embedded
from deploy.officers.person import until
from deploy.place import Place, free_port, nodes_from
from deploy.zone import Zone
from tests import database

WORD = secrets.token_urlsafe(16)


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[int]:
    """The port of a Redis server that is no part of the zone and asks for a password."""
    port = free_port()
    options = ["--port", str(port), "--bind", "127.0.0.1", "--requirepass", WORD, "--save", "", "--dir", str(tmp_path)]
    server = subprocess.Popen([str(embedded.REDIS), *options], stdout=subprocess.DEVNULL)
    yield port
    server.terminate()
    server.wait(20)


def test_roles_and_coordinator_are_on_the_external_servers_and_no_other_starts(broker, tmp_path):
    home, port = tmp_path / "home", free_port()
    with database.server("") as address:
        url = f"redis://:{WORD}@127.0.0.1:{broker}/0"
        zone = Zone(Place(home=home, port=port, database_url=address, broker_url=url, nodes=nodes_from(port)), print)
        try:
            zone.start_services()
            zone.set_up_roles()
            zone.supervisor.run("coordinator")
            until(lambda: waiting_at(broker), bool, what="the coordinator at the external broker", seconds=60)
            assert {path.name for path in home.iterdir()} == {"secrets.json", "run", "log"}
            assert {path.stem for path in zone.place.log.glob("*.log")} == {"supervisor", "coordinator"}
            with psycopg.connect(zone.logins["portal_web"]) as portal, psycopg.connect(address) as server:
                assert (portal.info.dbname, portal.info.host) == ("creditzone", server.info.host)
        finally:
            zone.stop()


def waiting_at(broker: int) -> list[dict[str, str]]:
    """Clients that wait for a message."""
    with redis.Redis(port=broker, password=WORD) as asked:
        return [client for client in asked.client_list() if client["cmd"] == "brpop"]
