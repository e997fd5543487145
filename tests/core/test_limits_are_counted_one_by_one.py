"""Rate limits and used codes: of many requests at once one gets a key, nothing is pickled, nothing live is lost."""

import json
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import psycopg
import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import connection, transaction
from django.test import RequestFactory

TOGETHER = 6


@pytest.fixture(autouse=True)
def _database(db):
    pass


def at_once(work) -> list:
    """The answers of several requests that begin together, each in a transaction and on a connection of its own."""
    gate = Barrier(TOGETHER)

    def one(number: int):
        try:
            with transaction.atomic():
                gate.wait(20)
                return work(number)
        finally:
            connection.close()

    with ThreadPoolExecutor(TOGETHER) as pool:
        return list(pool.map(one, range(TOGETHER)))


def test_a_code_is_used_once_even_by_requests_at_once():
    assert sum(at_once(lambda number: cache.add("used", "y", timeout=30))) == 1


def test_a_code_whose_mark_has_ended_is_used_once_too():
    cache.set("used", "y", timeout=-1)
    assert cache.get("used") is None
    assert sum(at_once(lambda number: cache.add("used", "y", timeout=30))) == 1


def test_failed_sign_ins_at_once_are_all_counted():
    from allauth.core.internal import ratelimit

    def fail(number: int) -> bool:
        request = RequestFactory().post("/accounts/login/")
        return bool(ratelimit.consume(request, app="account", action="x", config={"x": "4/15m/key"}, key="somebody"))

    assert sum(at_once(fail)) == 4


def test_what_lies_there_is_json_and_ends_by_itself():
    cache.set("key", {"times": [1.5, 2]}, timeout=60)
    with connection.cursor() as cursor:
        cursor.execute("select value, expires > now() from core_cache")
        assert [(json.loads(value), live) for value, live in cursor.fetchall()] == [({"times": [1.5, 2]}, True)]
    assert cache.get("key") == {"times": [1.5, 2]}
    with pytest.raises(TypeError):
        cache.set("key", object())
    assert (cache.touch("key", -1), cache.get("key", "none"), cache.touch("key", 60)) == (True, "none", False)
    cache.set("key", 1, timeout=None)
    assert (cache.get("key"), cache.delete("key"), cache.delete("key")) == (1, True, False)


def test_many_live_keys_push_no_other_out():
    for number in range(400):
        cache.set(f"key-{number}", number, timeout=60)
    assert all(cache.get(f"key-{number}") == number for number in range(400))


def test_the_coordinator_removes_what_has_ended_and_reads_none():
    from apps.core.tasks import clear_limits

    cache.set("ended", 1, timeout=-1)
    cache.set("live", 2, timeout=60)
    with psycopg.connect(settings.TEST_LOGINS["portal_coordinator"], autocommit=True) as coordinator:
        coordinator.execute("delete from core_cache where expires < now()")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            coordinator.execute("select value from core_cache")
    cache.set("ended", 1, timeout=-1)
    clear_limits()
    with connection.cursor() as cursor:
        cursor.execute("select cache_key from core_cache")
        assert [key for (key,) in cursor.fetchall()] == [":1:live"]
