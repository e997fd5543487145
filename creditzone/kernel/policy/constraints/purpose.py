"""What for."""

from typing import Any, ClassVar, Self

from creditzone.kernel.policy.constraints.base import OF_A_JOB, Constraint, Names, Scope, Segment, listed, one_of
from creditzone.kernel.policy.purposes import PURPOSES, permits, say_purpose
from creditzone.kernel.policy.use import Use
from creditzone.kernel.refusals import Refusal


class Purpose(Constraint, frozen=True, kw_only=True, tag="purpose"):
    """Only these purposes and their children in the tree."""

    checked_at: ClassVar[frozenset[Scope]] = OF_A_JOB | {Scope.CONTRACT}
    term: ClassVar[str] = "purpose"
    purposes: tuple[str, ...]

    def check(self, use: Use) -> Refusal | None:
        """Some allowed purpose covers the one asked."""
        if any(permits(allowed, use.purpose) for allowed in self.purposes):
            return None
        return Refusal("purpose", {"purpose": use.purpose})

    def meet(self, other: Self) -> Self | None:
        """Every purpose of the tree that both cover, the children of one of them left out."""
        both = [one for one in PURPOSES if self._covers(one) and other._covers(one)]
        highest = tuple(one for one in both if not any(up != one and permits(up, one) for up in both))
        return type(self)(purposes=highest) if highest else None

    def _covers(self, purpose: str) -> bool:
        return any(permits(allowed, purpose) for allowed in self.purposes)

    def say(self, language: str, names: Names) -> list[Segment]:
        """为 … 目的 / for the purpose of …"""
        purposes = [say_purpose(purpose, language) for purpose in self.purposes]
        if language == "zh":
            return [Segment(" 为 "), *listed(purposes, "purpose", language), Segment(" 目的，")]
        return [Segment(", for "), *listed(purposes, "purpose", language), Segment(",")]

    def to_odrl(self) -> list[dict[str, Any]]:
        """The purposes."""
        return [one_of(self.term, self.purposes)]
