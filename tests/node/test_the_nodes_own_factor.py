"""The node's second factor: each time step once, five wrong codes lock, and nothing of it is readable on disk."""

from __future__ import annotations

import base64
import sqlite3
from uuid import uuid4

import pytest

from apps.node import factors, people, roster
from apps.node.errors import FactorLocked, FactorStale, FactorWrong, NodeError
from apps.node.store import Store, StoreUnknown
from creditzone.kernel.documents import now_ms
from tests.node import world
from tests.node.world import BANK, HOST, Zone


@pytest.fixture
def enrolled(zone: Zone):
    node = zone.node(BANK, "bank")
    owner = world.person(node)
    enrolment = people.add(node, owner, person="0" * 8, person_name="张某", role="officer")
    return node, enrolment


def code(enrolment, at: int) -> str:
    return factors.code_at(base64.b32decode(enrolment.secret), at)


def test_a_code_counts_once_and_only_around_its_time(enrolled):
    node, enrolment = enrolled
    now = now_ms()
    assert factors.check(node, person=enrolment.person, organisation=BANK, code=code(enrolment, now), now=now) == now
    with pytest.raises(FactorWrong):
        factors.check(node, person=enrolment.person, organisation=BANK, code=code(enrolment, now), now=now)
    with pytest.raises(FactorWrong):
        factors.check(node, person=enrolment.person, organisation=BANK, code=code(enrolment, now - 90_000), now=now)
    later = now + 30_000
    factors.check(node, person=enrolment.person, organisation=BANK, code=code(enrolment, later), now=later)
    with pytest.raises(FactorWrong):  # an older step than the last one used
        factors.check(node, person=enrolment.person, organisation=BANK, code=code(enrolment, now), now=later)


def test_five_wrong_codes_lock_this_person_for_fifteen_minutes_even_for_the_right_code(enrolled):
    node, enrolment = enrolled
    now = now_ms()
    wrong = f"{(int(code(enrolment, now)) + 1) % 10**6:06d}"
    for left in (4, 3, 2, 1):
        with pytest.raises(FactorWrong) as refused:
            factors.check(node, person=enrolment.person, organisation=BANK, code=wrong, now=now)
        assert refused.value.facts["left"] == str(left)
    with pytest.raises(FactorLocked):
        factors.check(node, person=enrolment.person, organisation=BANK, code=wrong, now=now)
    with pytest.raises(FactorLocked):
        factors.check(node, person=enrolment.person, organisation=BANK, code=code(enrolment, now), now=now)
    after = now + factors.LOCK_MS + 1
    assert (
        factors.check(node, person=enrolment.person, organisation=BANK, code=code(enrolment, after), now=after) == after
    )


def test_the_secret_lies_sealed(enrolled):
    node, enrolment = enrolled
    needles = [enrolment.secret.encode(), base64.b32decode(enrolment.secret)]
    assert world.folder_holds(node.home, needles) == []


def test_what_binds_needs_a_fresh_code_and_a_role(zone):
    node = zone.node(BANK, "bank")
    owner = world.person(node)
    stale = roster.acting(node, person=owner.person, organisation=BANK, factor_at=now_ms() - roster.FRESH_MS - 1)
    with pytest.raises(FactorStale):
        people.add(node, stale, person="x", person_name="某", role="viewer")
    viewer = world.person(node, "viewer")
    with pytest.raises(NodeError) as refused:
        people.add(node, viewer, person="x", person_name="某", role="owner")
    assert refused.value.code == "forbidden"
    with pytest.raises(NodeError) as last:
        people.change(node, owner, person=owner.person, role="viewer")
    assert last.value.code == "last-owner"


def test_a_hosted_firms_owner_neither_draws_nor_ends_the_factor_with_which_somebody_acts_for_another(zone):
    node = zone.node(HOST, "operator", hosts=True)
    firm, host = world.host_firm(node), world.person(node, "owner", organisation=HOST)
    victim = people.add(node, host, person=str(uuid4()), person_name="张某", role="steward")
    taken = people.add(node, firm, person=victim.person, person_name="张某", role="viewer")
    renewed = people.new_factor(node, firm, person=victim.person)
    now = now_ms()
    for known in (taken, renewed):
        with pytest.raises(FactorWrong):
            factors.check(node, person=victim.person, organisation=HOST, code=code(known, now), now=now)
    people.remove(node, firm, person=victim.person)
    assert factors.check(node, person=victim.person, organisation=HOST, code=code(victim, now), now=now) == now


def test_a_store_of_another_version_is_refused_and_left_as_it_is(tmp_path):
    path = tmp_path / "node.db"
    before = sqlite3.connect(path)
    before.executescript("CREATE TABLE roster (person TEXT); PRAGMA user_version = 1;")
    before.close()
    with pytest.raises(StoreUnknown, match="set the node up anew"):
        Store(path)
    names = sqlite3.connect(path).execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    assert names == [("roster",)]
