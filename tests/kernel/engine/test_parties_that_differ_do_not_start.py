"""A mismatch in an engine's settings gives garbage without an error: so the parties compare before anything runs."""

from __future__ import annotations

import pytest

from creditzone.kernel.engine.faults import EngineFault
from creditzone.kernel.engine.mpc import OutputShare, Session, reconstruct
from creditzone.kernel.engine.psi import intersect, require_set
from tests.kernel.engine.zone import CUTS, book_of, books, in_common

DIFFERENCES = [
    ("cuts", {"cuts": [[*CUTS[:-1], 999]]}),
    ("model", {"facts": {"model": "sm3:other"}}),
]


@pytest.mark.parametrize(("name", "bent"), DIFFERENCES, ids=[name for name, _ in DIFFERENCES])
def test_both_sides_stop_and_say_what_differs(meeting, name, bent):
    zone, held = meeting(2), books(parties=2, rows=20)
    tasks = [
        zone.task(rank, steps=["grade"], common=in_common(held), facts={"model": "sm3:one"}, **book_of(held[rank]))
        for rank in range(2)
    ]
    tasks[1] |= bent
    outcomes = zone.run(tasks)
    assert [(outcome.reason, outcome.code, outcome.about) for outcome in outcomes] == [
        ("invalid-input", "settings-differ", name)
    ] * 2
    assert not [event for events in zone.events for event in events if event["event"] == "batch"]


def test_two_intersection_protocols_do_not_meet(meeting):
    zone = meeting(2)
    tasks = [zone.task(rank, steps=["psi"], codes=["A1"]) for rank in range(2)]
    tasks[1]["psi_protocol"] = "kkrt"
    assert [(outcome.code, outcome.about) for outcome in zone.run(tasks)] == [("settings-differ", "protocol")] * 2


@pytest.mark.parametrize(
    ("codes", "fault"),
    [
        ([], "empty-set"),
        (["A1", "A2", "A1"], "duplicate-codes"),
        (["A1", "A2,A3"], "malformed-code"),
        (["A1", "A2\n"], "malformed-code"),
        (["A1", ""], "malformed-code"),
    ],
)
def test_a_set_is_checked_before_the_session(codes, fault):
    with pytest.raises(EngineFault, match=fault):
        require_set(codes)
    with pytest.raises(EngineFault, match=fault):
        intersect(codes, receiver=True, me=None, peer=None, link_id="x", credentials=None, scratch=None)


class _Told:
    """A link on which a root says what it likes."""

    world, rank, peers = 2, 1, (0,)

    def __init__(self, message: bytes) -> None:
        self._message = message

    def receive(self, rank: int) -> bytes:
        return self._message


@pytest.mark.parametrize(
    ("message", "fault"),
    [
        (b"A1\nA1", "duplicate-codes"),
        (b"", "malformed-code"),
        (b"A1\n\xff", "set-damaged"),
        (b"A1\n=cmd()", "malformed-code"),
    ],
)
def test_a_provider_refuses_a_common_set_with_a_duplicate_or_a_malformed_code(message, fault):
    session = Session("cheetah", rank=1, endpoints=[None, None], link_id="x", credentials=None)
    session._link = _Told(message)
    with pytest.raises(EngineFault, match=fault):
        session.broadcast_set(None, root=0)


def test_only_the_sound_protocols_with_their_number_of_parties_are_offered():
    for protocol, parties in (("semi2k", 2), ("cheetah", 3), ("aby3", 2)):
        with pytest.raises(EngineFault, match=r"unknown-protocol|wrong-parties"):
            Session(protocol, rank=0, endpoints=[None] * parties, link_id="x", credentials=None)


def test_shares_that_do_not_belong_together_are_not_joined():
    share = OutputShare(protocol="cheetah", rank=0, rows=1, batches=((b"", (b"",)),))
    for shares in ([], [share], [share, share]):
        with pytest.raises(EngineFault, match="share-damaged"):
            reconstruct(shares)
    for bent in ({"rank": 2}, {"rank": True}, {"rows": 0}, {"protocol": "semi2k"}, {"batches": [{"meta": "?"}]}):
        with pytest.raises(EngineFault, match="share-damaged"):
            OutputShare.from_json(share.to_json() | bent)
    assert OutputShare.from_json(share.to_json()) == share
