"""What may be made of it."""

from typing import Any, ClassVar, Self

from creditzone.kernel.policy.constraints.base import EVERYWHERE, Constraint, Names, Scope, Segment, limit
from creditzone.kernel.policy.use import Use
from creditzone.kernel.refusals import Refusal


class Derivation(Constraint, frozen=True, kw_only=True, tag="derivation"):
    """Whether a sealed result may be an input again, `generations` times over; what is derived is never looser."""

    checked_at: ClassVar[frozenset[Scope]] = EVERYWHERE
    term: ClassVar[str] = "cz:generations"
    generations: int

    def __post_init__(self) -> None:
        if self.generations < 0:
            raise ValueError("generations are counted from 0")

    def check(self, use: Use) -> Refusal | None:
        """No use of the capsule itself derives anything: this is asked where a derived capsule is sealed."""
        return None

    def meet(self, other: Self) -> Self:
        """The fewer generations."""
        return min(self, other, key=lambda one: one.generations)

    def say(self, language: str, names: Names) -> list[Segment]:
        """；结果可再作输入 … 代 / ; results may be inputs again …"""
        zh = language == "zh"
        if self.generations == 0:
            return [
                Segment("；" if zh else "; "),
                Segment("结果不得再作输入" if zh else "results are no inputs again", "derivation"),
            ]
        lead = "；结果可再作输入，至多 " if zh else "; results may be inputs again, for at most "
        number = f"{self.generations} 代" if zh else f"{self.generations} generations"
        return [Segment(lead), Segment(number, "derivation")]

    def to_odrl(self) -> list[dict[str, Any]]:
        """The generations."""
        return [limit(self.term, "lteq", self.generations)]
