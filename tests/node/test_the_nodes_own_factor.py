"""The node's second factor: each time step once, five wrong codes lock, and nothing of it is readable on disk."""

from __future__ import annotations

import base64

import pytest

from apps.node import factors, roster
from apps.node.errors import FactorLocked, FactorStale, FactorWrong, NodeError
from creditzone.kernel.documents import now_ms
from tests.node import world
from tests.node.world import BANK, Zone


@pytest.fixture
def enrolled(zone: Zone):
    node = zone.node(BANK, "bank")
    owner = world.person(node)
    enrolment = roster.add(node, owner, person="0" * 8, person_name="张某", role="officer")
    assert enrolment is not None
    return node, enrolment


def code(enrolment, at: int) -> str:
    return factors.code_at(base64.b32decode(enrolment.secret), at)


def test_a_code_counts_once_and_only_around_its_time(enrolled):
    node, enrolment = enrolled
    now = now_ms()
    assert factors.check(node, person=enrolment.person, code=code(enrolment, now), now=now) == now
    with pytest.raises(FactorWrong):
        factors.check(node, person=enrolment.person, code=code(enrolment, now), now=now)
    with pytest.raises(FactorWrong):
        factors.check(node, person=enrolment.person, code=code(enrolment, now - 90_000), now=now)
    later = now + 30_000
    factors.check(node, person=enrolment.person, code=code(enrolment, later), now=later)
    with pytest.raises(FactorWrong):  # an older step than the last one used
        factors.check(node, person=enrolment.person, code=code(enrolment, now), now=later)


def test_five_wrong_codes_lock_this_person_for_fifteen_minutes_even_for_the_right_code(enrolled):
    node, enrolment = enrolled
    now = now_ms()
    wrong = f"{(int(code(enrolment, now)) + 1) % 10**6:06d}"
    for left in (4, 3, 2, 1):
        with pytest.raises(FactorWrong) as refused:
            factors.check(node, person=enrolment.person, code=wrong, now=now)
        assert refused.value.facts["left"] == str(left)
    with pytest.raises(FactorLocked):
        factors.check(node, person=enrolment.person, code=wrong, now=now)
    with pytest.raises(FactorLocked):
        factors.check(node, person=enrolment.person, code=code(enrolment, now), now=now)
    after = now + factors.LOCK_MS + 1
    assert factors.check(node, person=enrolment.person, code=code(enrolment, after), now=after) == after


def test_the_secret_lies_sealed(enrolled):
    node, enrolment = enrolled
    needles = [enrolment.secret.encode(), base64.b32decode(enrolment.secret)]
    assert world.folder_holds(node.home, needles) == []


def test_what_binds_needs_a_fresh_code_and_a_role(zone):
    node = zone.node(BANK, "bank")
    owner = world.person(node)
    stale = roster.acting(node, person=owner.person, organisation=BANK, factor_at=now_ms() - roster.FRESH_MS - 1)
    with pytest.raises(FactorStale):
        roster.add(node, stale, person="x", person_name="某", role="viewer")
    viewer = world.person(node, "viewer")
    with pytest.raises(NodeError) as refused:
        roster.add(node, viewer, person="x", person_name="某", role="owner")
    assert refused.value.code == "forbidden"
    with pytest.raises(NodeError) as last:
        roster.change(node, owner, person=owner.person, role="viewer")
    assert last.value.code == "last-owner"
