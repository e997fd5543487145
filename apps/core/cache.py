"""Rate limits and used codes in PostgreSQL: each step one atomic statement, values as JSON.

A key that is new to two requests at once is given to one of them: the other waits for that one's transaction to end.
Nothing that lives is ever pushed out for want of room; the coordinator removes what has ended.
"""

import json
from datetime import UTC, datetime
from typing import Any

from django.core.cache.backends.base import DEFAULT_TIMEOUT, BaseCache
from django.db import connection

_LIVE = "core_cache.expires > clock_timestamp()"
_INSERT = (
    "insert into core_cache (cache_key, value, expires) values (%s, %s, coalesce(%s::timestamptz, 'infinity'))"
    " on conflict (cache_key) do update set value = excluded.value, expires = excluded.expires"
)


class TableCache(BaseCache):
    """The table `core_cache` as Django's cache. Nobody's rows lie in it: keys are opaque, values counts and marks."""

    def __init__(self, _location: str, parameters: dict[str, Any]) -> None:
        super().__init__(parameters)

    def add(self, key: str, value: Any, timeout: float | None = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        """Set a key that is not there, or no more; whether it was set."""
        return bool(self._run(f"{_INSERT} where not ({_LIVE})", self._row(key, value, timeout, version)))

    def get(self, key: str, default: Any = None, version: int | None = None) -> Any:
        """The value of a live key."""
        with connection.cursor() as cursor:
            name = self.make_and_validate_key(key, version=version)
            cursor.execute(f"select value from core_cache where cache_key = %s and {_LIVE}", [name])  # noqa: S608 (a constant)
            row = cursor.fetchone()
        return default if row is None else json.loads(row[0])

    def set(self, key: str, value: Any, timeout: float | None = DEFAULT_TIMEOUT, version: int | None = None) -> None:
        """Set a key, whatever it was."""
        self._run(_INSERT, self._row(key, value, timeout, version))

    def touch(self, key: str, timeout: float | None = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        """Let a live key end at another time; whether there was one."""
        name, ends = self.make_and_validate_key(key, version=version), self._ends(timeout)
        sql = f"update core_cache set expires = coalesce(%s::timestamptz, 'infinity') where cache_key = %s and {_LIVE}"  # noqa: S608 (a constant)
        return bool(self._run(sql, [ends, name]))

    def delete(self, key: str, version: int | None = None) -> bool:
        """Remove a key; whether it was there."""
        name = self.make_and_validate_key(key, version=version)
        return bool(self._run("delete from core_cache where cache_key = %s", [name]))

    def clear(self) -> None:
        """Remove every key."""
        self._run("delete from core_cache", [])

    def _row(self, key: str, value: Any, timeout: float | None, version: int | None) -> list[Any]:
        return [self.make_and_validate_key(key, version=version), json.dumps(value), self._ends(timeout)]

    def _ends(self, timeout: float | None) -> datetime | None:
        until = self.get_backend_timeout(timeout)
        return None if until is None else datetime.fromtimestamp(until, tz=UTC)

    @staticmethod
    def _run(sql: str, values: list[Any]) -> int:
        with connection.cursor() as cursor:
            cursor.execute(sql, values)
            return int(cursor.rowcount)


def count(key: str, seconds: float) -> tuple[int, float]:
    """One more under a key that lives for `seconds` from its first: how many by now, and how long it still lives.

    Requests at once get a number each; they wait only for one that counts within its transaction."""
    sql = (  # nothing in it but constants
        "insert into core_cache (cache_key, value, expires)"  # noqa: S608
        " values (%s, '1', clock_timestamp() + make_interval(secs => %s))"
        " on conflict (cache_key) do update set"
        f" value = case when {_LIVE} then (core_cache.value::bigint + 1)::text else '1' end,"
        f" expires = case when {_LIVE} then core_cache.expires else excluded.expires end"
        " returning value::bigint, extract(epoch from expires - clock_timestamp())"
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, [key, seconds])
        number, left = cursor.fetchone()
    return int(number), float(left)


def clear_ended() -> None:
    """Remove what has ended; the coordinator's login may do this and read nothing but when a key ends."""
    TableCache._run("delete from core_cache where expires < now()", [])
