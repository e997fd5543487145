"""Mutual TLS with the parties' own leaves: who shows another certificate, or none, gets no message through."""

from __future__ import annotations

import pytest

from tests.kernel.engine.zone import book_of, books, in_common, write_key


@pytest.mark.parametrize("stage", ["psi", "grade"])
def test_a_stranger_is_refused(meeting, stage):
    zone, held = meeting(2, timeout_ms=2000), books(parties=2, rows=20)
    tasks = [zone.task(rank, steps=[stage], common=in_common(held), **book_of(held[rank])) for rank in range(2)]
    tasks[1]["credentials"] = write_key(zone.folder / "stranger")
    assert [outcome.reason for outcome in zone.run(tasks, deadline=30)] == ["peer-lost"] * 2


def test_a_peer_without_tls_is_refused(meeting):
    zone, held = meeting(2, timeout_ms=2000), books(parties=2, rows=20)
    tasks = [zone.task(rank, steps=["grade"], common=in_common(held), **book_of(held[rank])) for rank in range(2)]
    tasks[1]["steps"] = ["plain"]
    honest, plain = zone.run(tasks, deadline=30)
    assert honest.code == "peer-refused"
    assert plain.reason in ("crashed", "peer-lost")  # it never was on the link
