"""A custodian's running node that is down, or withholds its share: the job ends once, names it, and spends nothing."""

import sqlite3

import pytest

from deploy.manifest import ORGANISATIONS, PLATFORM
from tests.live.test_a_job_ends_once_whatever_dies import BALANCE, PROFIT, spent

pytestmark = pytest.mark.faults
NODES = ("bank", "centre")
NAME = next(one["name"] for one in ORGANISATIONS if one["uscc"] == PLATFORM)


def ended_without_use(live, title):
    """A job over the centre's capsule, whose custodian is the platform, to its end."""
    before = [spent(live, node) for node in NODES]
    end = live.wait_end(live.submit(BALANCE, PROFIT, title=title))
    assert [spent(live, node) for node in NODES] == before
    assert end["attempt"] == 1
    assert end["reason_words"]["zh"].count(NAME) == 1, end["reason_words"]
    return end["state"], end["reason"]


def age_deposits(live, versions):
    """As a store put back from a backup might have it: the platform holds deposits of other versions."""
    with sqlite3.connect(live.home / "nodes" / "platform" / "store.sqlite3", timeout=30) as connection:
        connection.execute("UPDATE deposit SET version = version + ?", [versions])


def test_a_job_whose_custodian_is_down_is_refused_and_names_it(live):
    live.control("stop", "platform-runner")
    try:
        assert ended_without_use(live, "保管方停机") == ("refused", "share-missing")
    finally:
        live.control("start", "platform-runner")
    live.wait_running("platform-runner")
    after = live.wait_end(live.submit(BALANCE, PROFIT, title="保管方恢复"))
    assert after["state"] == "done", after["reason_words"]


def test_a_job_whose_custodian_withholds_its_share_is_refused_and_names_it(live):
    age_deposits(live, 1)
    try:
        assert ended_without_use(live, "保管方不交出") == ("refused", "share-withheld")
    finally:
        age_deposits(live, -1)
    after = live.wait_end(live.submit(BALANCE, PROFIT, title="保管方再交出"))
    assert after["state"] == "done", after["reason_words"]
