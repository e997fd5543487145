"""Calls are counted for the node whose signature fits: past the limit 429, the seconds to wait, nothing taken in."""

import hashlib

import msgspec
import pytest
from django.db import connection

from apps.core.errors import TooManyRequests
from apps.core.limits import count
from creditzone.kernel.documents import signed
from tests.core.test_limits_are_counted_one_by_one import at_once
from tests.exchange.test_a_call_counts_once_and_only_from_its_own_node import HOUR, counter_of, datasets
from tests.road import Road, make_measured

LIMIT = 3


@pytest.fixture(autouse=True)
def _few(settings):
    settings.LIMITS = {"exchange": LIMIT, "api": LIMIT}


def test_past_the_limit_nothing_is_taken_in_and_the_node_is_told_how_long_to_wait(road: Road):
    node = road.nodes["centre"]
    for _ in range(LIMIT - made(node.uscc)):
        node.call()
    node.say(make_measured("profit_and_loss"))
    before = counter_of(node)
    answer = node.post(msgspec.json.encode(signed(node.uplink(), node.key, by=node.uscc)))
    assert (answer.status_code, answer.json()["code"]) == (429, "too-many-requests")
    assert 1 <= int(answer["Retry-After"]) <= 60
    assert answer.json()["facts"] == {"seconds": int(answer["Retry-After"])}
    assert (counter_of(node), datasets()) == (before, 0)
    other = road.nodes["bank"]
    assert made(other.uscc) < LIMIT
    other.call()


def test_a_minute_later_it_is_heard_again(road: Road):
    node = road.nodes["centre"]
    for _ in range(LIMIT - made(node.uscc)):
        node.call()
    assert node.refused() == "too-many-requests"
    with connection.cursor() as cursor:
        cursor.execute("update core_cache set expires = clock_timestamp() where cache_key like '%limit:exchange%'")
    node.call()


def test_refused_calls_count_but_nobody_uses_up_another_nodes(road: Road):
    node, other = road.nodes["centre"], road.nodes["bank"]
    left = LIMIT - made(node.uscc)
    for _ in range(LIMIT + 1):
        forged = msgspec.json.encode(signed(node.uplink(), other.key, by=node.uscc))
        assert node.post(forged).json()["code"] == "call-signature"
    for _ in range(left):
        assert node.refused(sent_at=node.uplink().sent_at - HOUR) == "clock-skew"
    assert node.refused() == "too-many-requests"


def test_calls_at_once_are_all_counted(db):
    def one(number: int) -> bool:
        try:
            count("exchange", "somebody")
        except TooManyRequests:
            return False
        return True

    assert sum(at_once(one)) == LIMIT


def made(uscc: str) -> int:
    """How many calls the road's fixture made in the node's name, as they are counted."""
    with connection.cursor() as cursor:
        key = f"%limit:exchange:{hashlib.sha256(uscc.encode()).hexdigest()}"
        cursor.execute("select value from core_cache where cache_key like %s", [key])
        row = cursor.fetchone()
    return int(row[0]) if row else 0
