"""How many firms a statistic must rest on."""

from dataclasses import dataclass
from typing import ClassVar, Self

from creditzone.kernel.documents import Rule
from creditzone.kernel.policy.constraints.base import Names, Segment
from creditzone.kernel.policy.use import Use
from creditzone.kernel.refusals import Refusal


@dataclass(frozen=True, kw_only=True)
class MinimumGroup:
    """No statistic leaves that rests on fewer than `k` firms; a single firm's result is guarded by its authorisation
    instead, so a rule with this clause permits statistics only."""

    clause: ClassVar[str] = "minimum-group"
    k: int

    @classmethod
    def of(cls, rule: Rule) -> Self | None:
        """The rule's minimum group, where it has one."""
        return None if rule.minimum_group is None else cls(k=rule.minimum_group)

    def check(self, use: Use) -> Refusal | None:
        """The use is a statistic on at least k firms."""
        found = use.group or 0
        return None if found >= self.k else Refusal(self.clause, {"found": str(found), "k": str(self.k)})

    def say(self, language: str, names: Names) -> list[Segment]:
        """统计类结果不少于 … 户 / each statistic on at least … firms"""
        if language == "zh":
            return [Segment("；统计类结果不少于 "), Segment(f"{self.k} 户", self.clause)]
        return [Segment("; each statistic rests on at least "), Segment(f"{self.k} firms", self.clause)]
