"""Who is signed in at this console: in this process's memory only, so that a restart signs everybody out.

A sign-in begins with a ticket (a name, nothing else) and is *live* once the node's own factor was given. It ends
after 15 minutes without a request and after 8 hours at the latest. Results that were opened during a sign-in are
kept with it and go with it.
"""

import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from apps.node.counts import OpenedCount
from apps.node.results import OpenedResult
from apps.node.tickets import IDLE_MS, SESSION_MS, Arrival

PENDING_MS = 120_000
AT_MOST = 500
OPENED_AT_MOST = 4


def steady_ms() -> int:
    """Milliseconds of a clock that only moves forward."""
    return time.monotonic_ns() // 1_000_000


@dataclass(frozen=True)
class Said:
    """One passing message, and whether it is good or bad news."""

    words: str
    level_tag: str = "success"

    def __str__(self) -> str:
        return self.words


@dataclass(frozen=True, kw_only=True)
class SignIn:
    """One person in one browser. `began` and `seen` are of the steady clock; `factor_at` is an instant of the node."""

    person: str
    person_name: str
    organisation: str
    began: int
    seen: int
    factor_at: int | None = None
    opened: dict[str, OpenedResult | OpenedCount] = field(default_factory=dict)
    """Results opened during this sign-in, by job; the oldest goes when there are too many."""
    said: list[Said] = field(default_factory=list)
    """What the next page tells the person."""

    def keep(self, result: OpenedResult | OpenedCount) -> None:
        """Hold an opened result for the pages that show it."""
        self.opened.pop(result.job, None)
        self.opened[result.job] = result
        while len(self.opened) > OPENED_AT_MOST:
            self.opened.pop(next(iter(self.opened)))


class SignIns:
    """The sign-ins and arrivals of this process, by the random value in the browser's cookie."""

    def __init__(self, clock: Callable[[], int] = steady_ms) -> None:
        self.clock = clock
        self._lock = threading.Lock()
        self._signed_in: dict[str, SignIn] = {}
        self._arrived: dict[str, tuple[int, Arrival]] = {}

    def arrive(self, arrival: Arrival) -> str:
        """Keep a checked ticket for two minutes; returns the pending cookie's value."""
        cookie = secrets.token_urlsafe(32)
        with self._lock:
            self._forget_old()
            self._arrived[cookie] = (self.clock(), arrival)
        return cookie

    def claim(self, cookie: str) -> Arrival | None:
        """The arrival behind a pending cookie, once."""
        with self._lock:
            self._forget_old()
            _, arrival = self._arrived.pop(cookie, (0, None))
        return arrival

    def begin(self, arrival: Arrival) -> str:
        """Sign the arrived person in, without a factor yet; returns the cookie's value."""
        cookie, now = secrets.token_urlsafe(32), self.clock()
        with self._lock:
            self._forget_old()
            self._signed_in[cookie] = SignIn(
                person=arrival.person,
                person_name=arrival.person_name,
                organisation=arrival.organisation,
                began=now,
                seen=now,
            )
        return cookie

    def find(self, cookie: str, *, is_life: bool) -> SignIn | None:
        """The sign-in behind a cookie if it has neither idled nor grown too old.

        `is_life`: a person did something, so the idle time starts again; a page that polls does not count."""
        with self._lock:
            self._forget_old()
            found = self._signed_in.get(cookie)
            if found is not None and is_life:
                self._signed_in[cookie] = found = replace(found, seen=self.clock())
        return found

    def confirm_factor(self, cookie: str, *, factor_at: int) -> str:
        """Note when the factor was given; the cookie's value changes with the rights it carries."""
        fresh = secrets.token_urlsafe(32)
        with self._lock:
            found = self._signed_in.pop(cookie)
            self._signed_in[fresh] = replace(found, seen=self.clock(), factor_at=factor_at)
        return fresh

    def end(self, cookie: str) -> None:
        """Sign out, and forget the results that were open."""
        with self._lock:
            self._signed_in.pop(cookie, None)

    def minutes_left(self, signed_in: SignIn) -> int:
        """Whole minutes until the sign-in ends if nothing more happens."""
        ends = min(signed_in.seen + IDLE_MS, signed_in.began + SESSION_MS)
        return max(0, (ends - self.clock()) // 60_000)

    def _forget_old(self) -> None:
        now = self.clock()
        self._arrived = {c: (at, a) for c, (at, a) in self._arrived.items() if now - at <= PENDING_MS}
        self._signed_in = {
            cookie: each
            for cookie, each in self._signed_in.items()
            if now - each.seen <= IDLE_MS and now - each.began <= SESSION_MS
        }
        while len(self._arrived) > AT_MOST:
            self._arrived.pop(next(iter(self._arrived)))
        while len(self._signed_in) > AT_MOST:
            self._signed_in.pop(next(iter(self._signed_in)))


SIGN_INS = SignIns()
