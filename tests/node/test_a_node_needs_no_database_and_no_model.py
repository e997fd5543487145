"""A node starts with no route to PostgreSQL: neither its console nor its runner can even import a driver or a model."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.node.world import BANK, Zone

ROOT = Path(__file__).resolve().parents[2]
BARRED = """
import sys
class Bar:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("psycopg", "psycopg_pool", "celery", "redis"):
            raise ImportError("barred here: " + name)
sys.meta_path.insert(0, Bar())
"""
CONSOLE = """
from creditzone.node_wsgi import application
from django.urls import get_resolver
get_resolver().url_patterns
"""
RUNNER = """
import apps.node.runner, apps.node.__main__
from apps.node.node import open_node
import os
node = open_node(os.environ["CREDITZONE_NODE_HOME"])
from apps.node import health
health.heartbeat(node, running=())
assert "django" not in sys.modules, "the runner has no Django"
assert "spu" not in sys.modules, "the engine stays in its own processes"
"""
NO_MODELS = """
models = [name for name in sys.modules if name.endswith(".models") and name.startswith("apps.")]
assert not models, models
assert "apps.tenants" not in sys.modules and "apps.compute" not in sys.modules
print("started")
"""


@pytest.mark.parametrize("process", [CONSOLE, RUNNER], ids=["console", "runner"])
def test_a_process_of_the_node_starts_where_every_driver_is_barred(zone: Zone, process: str) -> None:
    node = zone.node(BANK, "bank")
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "CREDITZONE_NODE_HOME": str(node.home),
        "CREDITZONE_NODE_URL": "http://bank.localhost:8101",
        "CREDITZONE_NODE_SECRET_KEY": "only-for-this-test-0123456789-" + "x" * 40,
        "CREDITZONE_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none",
        "CREDITZONE_HOME": str(zone.home / "var"),
    }
    done = subprocess.run(
        [sys.executable, "-c", BARRED + process + NO_MODELS],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.stdout.strip().endswith("started"), done.stderr
