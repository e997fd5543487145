"""Sign-ins live in memory: 15 minutes idle, 8 hours at most; a polling page keeps none alive."""

import pytest

from apps.node.console.signins import SignIns
from apps.node.tickets import IDLE_MS, SESSION_MS, Arrival

ARRIVAL = Arrival(ticket="t", person="p", person_name="李敏", organisation="o", path="/", state="sm3:", expires_at=0)


@pytest.fixture
def clock():
    return [0]


@pytest.fixture
def sign_ins(clock):
    return SignIns(clock=lambda: clock[0])


def test_a_sign_in_ends_after_fifteen_idle_minutes(sign_ins, clock):
    cookie = sign_ins.begin(ARRIVAL)
    clock[0] = IDLE_MS
    assert sign_ins.find(cookie, is_life=True)
    clock[0] = 2 * IDLE_MS + 1
    assert sign_ins.find(cookie, is_life=True) is None


def test_polling_keeps_no_sign_in_alive(sign_ins, clock):
    cookie = sign_ins.begin(ARRIVAL)
    clock[0] = IDLE_MS
    assert sign_ins.find(cookie, is_life=False)
    clock[0] = IDLE_MS + 1
    assert sign_ins.find(cookie, is_life=False) is None


def test_a_sign_in_ends_after_eight_hours_however_busy(sign_ins, clock):
    cookie = sign_ins.begin(ARRIVAL)
    for clock[0] in range(0, SESSION_MS + 1, IDLE_MS):
        assert sign_ins.find(cookie, is_life=True)
    clock[0] = SESSION_MS + 1
    assert sign_ins.find(cookie, is_life=True) is None


def test_the_factor_changes_the_cookie(sign_ins):
    cookie = sign_ins.begin(ARRIVAL)
    fresh = sign_ins.confirm_factor(cookie, factor_at=7)
    assert sign_ins.find(cookie, is_life=True) is None
    assert sign_ins.find(fresh, is_life=True).factor_at == 7


def test_an_arrival_waits_two_minutes(sign_ins, clock):
    cookie = sign_ins.arrive(ARRIVAL)
    clock[0] = 120_001
    assert sign_ins.claim(cookie) is None
