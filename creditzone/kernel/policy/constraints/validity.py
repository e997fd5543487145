"""From when until when."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Self
from zoneinfo import ZoneInfo

from creditzone.kernel.documents import Rule
from creditzone.kernel.policy.constraints.base import Names, Segment
from creditzone.kernel.policy.use import Use
from creditzone.kernel.refusals import Refusal

_SHANGHAI = ZoneInfo("Asia/Shanghai")


def say_instant(instant: int) -> str:
    """An instant as Shanghai date and minute."""
    return datetime.fromtimestamp(instant / 1000, _SHANGHAI).strftime("%Y-%m-%d %H:%M")


@dataclass(frozen=True, kw_only=True)
class Validity:
    """From `not_before` up to, not including, `not_after`; compared as instants."""

    clause: ClassVar[str] = "validity"
    not_before: int
    not_after: int

    @classmethod
    def of(cls, rule: Rule) -> Self:
        """The rule's window."""
        return cls(not_before=rule.not_before, not_after=rule.not_after)

    def check(self, use: Use) -> Refusal | None:
        """The evaluating clock stands in the window."""
        if self.not_before <= use.at < self.not_after:
            return None
        window = {"not_before": say_instant(self.not_before), "not_after": say_instant(self.not_after)}
        return Refusal(self.clause, window)

    def say(self, language: str, names: Names) -> list[Segment]:
        """… 至 … 内有效 / from … to …"""
        since, until = say_instant(self.not_before), say_instant(self.not_after)
        if language == "zh":
            return [Segment("；"), Segment(f"{since} 至 {until}", self.clause), Segment(" 内有效")]
        return [Segment("; valid from "), Segment(f"{since} to {until}", self.clause)]
