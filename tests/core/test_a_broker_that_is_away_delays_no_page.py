"""A hint to the coordinator may be lost; it never fails an act, and never holds a page."""

import json
import os
import subprocess
import sys

import pytest
from django.db import transaction

from apps.core.dispatch import after_commit
from tests.database import ROOT

SEND = """
import django, json, time
django.setup()
from apps.core.dispatch import _send
_send("core.clear_sessions", [])  # the first also builds the connection pool
began = time.monotonic()
_send("core.clear_sessions", [])
print(json.dumps(time.monotonic() - began))
"""


@pytest.mark.parametrize("broker", ["redis+socket:///nowhere/redis.sock", "redis://127.0.0.1:1/0"])
def test_a_hint_that_cannot_be_sent_is_logged_and_let_go_at_once(broker):
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "creditzone.settings.portal",
        "CREDITZONE_SECRET_KEY": "tests-only-0123456789-" + "k" * 40,
        "CREDITZONE_DATABASE_URL": "postgresql://portal_web@127.0.0.1:1/nowhere",
        "CREDITZONE_BROKER_URL": broker,
    }
    done = subprocess.run(
        [sys.executable, "-c", SEND], env=environment, cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert json.loads(done.stdout) < 1
    assert done.stderr.count("hint-not-sent") == 2


def test_a_hint_is_sent_after_the_commit_and_not_for_what_was_rolled_back(db, monkeypatch):
    sent = []
    monkeypatch.setattr("apps.core.dispatch._send", lambda task, arguments: sent.append((task, arguments)))
    with transaction.atomic():
        after_commit("some.task", 7)
        assert sent == []
    assert sent == [("some.task", ["7"])]
    with transaction.atomic():
        after_commit("some.task", 8)
        transaction.set_rollback(True)
    assert len(sent) == 1
