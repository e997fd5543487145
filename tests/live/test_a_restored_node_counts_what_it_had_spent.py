"""A running node's home is put back from a copy: it gets its own statements back from the zone, counts again the use
that it had spent since, and does the next job."""

import shutil
import sqlite3

import pytest

from deploy.officers.person import until

pytestmark = pytest.mark.faults
BALANCE, PROFIT = "balance_sheet", "profit_and_loss"
PROGRAMS = ("centre-runner", "centre-console")


def read(live, sql):
    """One row of the centre's own store's file."""
    store = live.home / "nodes" / "centre" / "store.sqlite3"
    with sqlite3.connect(f"file:{store}?mode=ro", uri=True) as connection:
        return connection.execute(sql).fetchone()


def jobs_spent(live):
    """Jobs that spent a use at the centre."""
    return read(live, "SELECT count(*) FROM use WHERE state = 'spent'")[0]


def last_statement(live):
    """The newest statement and whether the zone has it."""
    return read(live, "SELECT number, acknowledged FROM outbox ORDER BY number DESC LIMIT 1")


def while_stopped(live, act):
    """Do something to the centre's home while nothing runs in it."""
    for program in PROGRAMS:
        live.control("stop", program)
    try:
        act()
    finally:
        for program in PROGRAMS:
            live.control("start", program)
    live.wait_running(*PROGRAMS)


def test_a_node_put_back_from_a_copy_counts_its_uses_and_works_again(live, tmp_path):
    home, copy = live.home / "nodes" / "centre", tmp_path / "centre"
    until(lambda: last_statement(live), lambda last: last[1], what="all statements to arrive", seconds=30)
    before = jobs_spent(live)
    while_stopped(live, lambda: shutil.copytree(home, copy))

    ended = live.wait_end(live.submit(BALANCE, PROFIT, title="备份之后"))
    assert ended["state"] == "done", ended["reason_words"]
    assert jobs_spent(live) == before + 1
    until(lambda: last_statement(live), lambda last: last[1], what="all statements to arrive", seconds=30)
    said = last_statement(live)[0]

    def put_back():
        shutil.rmtree(home)
        shutil.copytree(copy, home)
        assert (jobs_spent(live), last_statement(live)[0] < said) == (before, True)

    while_stopped(live, put_back)
    until(
        lambda: (last_statement(live)[0] >= said, read(live, "SELECT 1 FROM setting WHERE name = 'restoring'")),
        lambda seen: seen == (True, None),
        what="the node to be whole again",
        seconds=30,
    )
    assert jobs_spent(live) == before + 1

    again = live.wait_end(live.submit(BALANCE, PROFIT, title="恢复之后"))
    assert again["state"] == "done", again["reason_words"]
    assert jobs_spent(live) == before + 2
