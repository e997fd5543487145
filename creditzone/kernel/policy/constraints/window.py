"""From when until when."""

from datetime import datetime
from typing import Annotated, Any, ClassVar, Self
from zoneinfo import ZoneInfo, available_timezones

from msgspec import Meta
from msgspec.structs import replace

from creditzone.kernel.forms import Instant, Part
from creditzone.kernel.policy.constraints.base import EVERYWHERE, Constraint, Names, Scope, Segment, least, limit
from creditzone.kernel.policy.use import Use
from creditzone.kernel.refusals import Refusal

_SHANGHAI = ZoneInfo("Asia/Shanghai")
_DAY_MS = 86_400_000
Minute = Annotated[int, Meta(ge=0, lt=1440)]


_LAST = 253_370_736_000_000
"""The beginning of the year 9999 in Shanghai: a later instant is said as its number."""


def say_instant(instant: int) -> str:
    """An instant as Shanghai date and minute."""
    if instant >= _LAST:
        return str(instant)
    return datetime.fromtimestamp(instant / 1000, _SHANGHAI).strftime("%Y-%m-%d %H:%M")


def say_exactly(instant: int) -> str:
    """The same with the seconds and milliseconds that it has beyond the minute."""
    beyond = instant % 60_000
    if instant >= _LAST or not beyond:
        return say_instant(instant)
    seconds, millis = divmod(beyond, 1000)
    return f"{say_instant(instant)}:{seconds:02d}" + (f".{millis:03d}" if millis else "")


class Daily(Part, frozen=True, kw_only=True):
    """Minutes of the day in a zone, from `since` up to, not including, `until`; over midnight where it is earlier."""

    since: Minute
    until: Minute
    zone: str

    def __post_init__(self) -> None:
        if self.since == self.until or self.zone not in available_timezones():
            raise ValueError("a daily window has two ends and a known time zone")

    def holds(self, at: int) -> bool:
        """Whether the instant's minute lies in the window."""
        local = datetime.fromtimestamp(at / 1000, ZoneInfo(self.zone))
        minute = local.hour * 60 + local.minute
        if self.since < self.until:
            return self.since <= minute < self.until
        return minute >= self.since or minute < self.until

    def __str__(self) -> str:
        return f"{_clock(self.since)}-{_clock(self.until)} ({self.zone})"


class Window(Constraint, frozen=True, kw_only=True, tag="window"):
    """From `not_before` up to, not including, `not_after`, as instants of the judging clock; where they stand, also
    within so many days of the contract's beginning, and within each of these hours of the day."""

    checked_at: ClassVar[frozenset[Scope]] = EVERYWHERE
    term: ClassVar[str] = "dateTime"
    not_before: Instant
    not_after: Instant
    days_from_contract: Annotated[int, Meta(ge=1, le=36500)] | None = None
    daily: tuple[Daily, ...] = ()

    def check(self, use: Use) -> Refusal | None:
        """The judging clock stands in the window; a contract needs only that it has not ended."""
        begun = use.scope == Scope.CONTRACT or self.not_before <= use.at
        if not begun or use.at >= self.not_after:
            window = {"not_before": say_instant(self.not_before), "not_after": say_instant(self.not_after)}
            return Refusal("validity", window)
        if use.scope == Scope.CONTRACT:
            return None
        if self.days_from_contract is not None and not self._near(use):
            return Refusal("contract-days", {"days": str(self.days_from_contract)})
        shut = next((hours for hours in self.daily if not hours.holds(use.at)), None)
        return Refusal("daily-window", {"window": str(shut), "at": say_instant(use.at)}) if shut else None

    def touches(self, use: Use) -> bool:
        """The clock stands in the window; days count from a contract, and from one that is not known always. A contract
        is left to its jobs: it may be used at another time."""
        if use.scope == Scope.CONTRACT:
            return False
        known = self if use.contract_at is not None else replace(self, days_from_contract=None)
        return known.check(use) is None

    def _near(self, use: Use) -> bool:
        days = self.days_from_contract or 0
        return use.contract_at is not None and use.contract_at <= use.at < use.contract_at + days * _DAY_MS

    def meet(self, other: Self) -> Self | None:
        """The later beginning, the earlier end, the fewer days, all hours of both."""
        since, until = max(self.not_before, other.not_before), min(self.not_after, other.not_after)
        if since >= until:
            return None
        hours = tuple(dict.fromkeys(sorted((*self.daily, *other.daily), key=str)))
        days = least(self.days_from_contract, other.days_from_contract)
        return type(self)(not_before=since, not_after=until, days_from_contract=days, daily=hours)

    def say(self, language: str, names: Names) -> list[Segment]:
        """… 至 … 内有效 / from … to …"""
        zh = language == "zh"
        span = f"{say_exactly(self.not_before)} {'至' if zh else 'to'} {say_exactly(self.not_after)}"
        said = [Segment("；" if zh else "; valid from "), Segment(span, "validity"), Segment(" 内有效" if zh else "")]
        if self.days_from_contract is not None:
            said.append(Segment("，合约生效起 " if zh else ", for "))
            text = f"{self.days_from_contract} 天" if zh else f"{self.days_from_contract} days from the contract"
            said += [Segment(text, "contract-days"), Segment("内" if zh else "")]
        if self.daily:
            text = ", ".join(map(str, self.daily))
            said += [Segment("，每日 " if zh else ", daily at "), Segment(text, "daily-window")]
        return [segment for segment in said if segment.text]

    def to_odrl(self) -> list[dict[str, Any]]:
        """Both instants in milliseconds UTC; days and hours as terms of ours."""
        found = [limit(self.term, "gteq", self.not_before), limit(self.term, "lt", self.not_after)]
        if self.days_from_contract is not None:
            found.append(limit("cz:daysFromContract", "lteq", self.days_from_contract))
        return found + [limit("cz:hours", "isPartOf", str(hours)) for hours in self.daily]


def _clock(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"
