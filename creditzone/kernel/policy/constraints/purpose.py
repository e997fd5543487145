"""What for."""

from dataclasses import dataclass
from typing import ClassVar, Self

from creditzone.kernel.documents import Rule
from creditzone.kernel.policy.constraints.base import Names, Segment, listed
from creditzone.kernel.policy.purposes import permits, say_purpose
from creditzone.kernel.policy.use import Use
from creditzone.kernel.refusals import Refusal


@dataclass(frozen=True, kw_only=True)
class PurposeLimit:
    """Only these purposes and their children in the tree."""

    clause: ClassVar[str] = "purpose"
    purposes: tuple[str, ...]

    @classmethod
    def of(cls, rule: Rule) -> Self:
        """The rule's purposes."""
        return cls(purposes=rule.purposes)

    def check(self, use: Use) -> Refusal | None:
        """Some allowed purpose covers the one asked."""
        if any(permits(allowed, use.purpose) for allowed in self.purposes):
            return None
        return Refusal(self.clause, {"purpose": use.purpose})

    def say(self, language: str, names: Names) -> list[Segment]:
        """为 … 目的 / for the purpose of …"""
        purposes = [say_purpose(purpose, language) for purpose in self.purposes]
        if language == "zh":
            return [Segment(" 为 "), *listed(purposes, self.clause, language), Segment(" 目的，")]
        return [Segment(", for "), *listed(purposes, self.clause, language), Segment(",")]
