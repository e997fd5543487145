"""How often."""

from dataclasses import dataclass
from typing import ClassVar, Self

from creditzone.kernel.documents import Rule
from creditzone.kernel.policy.constraints.base import Names, Segment
from creditzone.kernel.policy.use import Use
from creditzone.kernel.refusals import Refusal


@dataclass(frozen=True, kw_only=True)
class UseCount:
    """At most `uses` jobs under this rule; each rule has its own count."""

    clause: ClassVar[str] = "uses"
    rule: str
    uses: int

    @classmethod
    def of(cls, rule: Rule) -> Self:
        """The rule's count."""
        return cls(rule=rule.id, uses=rule.uses)

    def check(self, use: Use) -> Refusal | None:
        """A use is left."""
        used = use.spent.get(self.rule, 0)
        return None if used < self.uses else Refusal(self.clause, {"uses": str(self.uses), "used": str(used)})

    def say(self, language: str, names: Names) -> list[Segment]:
        """累计 … 次 / at most … times"""
        if language == "zh":
            return [Segment("，累计 "), Segment(f"{self.uses} 次", self.clause)]
        return [Segment(", at most "), Segment(f"{self.uses} times", self.clause)]
