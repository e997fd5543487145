"""At what price."""

from typing import Any, ClassVar, Self

from creditzone.kernel.forms import Fen
from creditzone.kernel.policy.constraints.base import OF_A_JOB, Constraint, Names, Scope, Segment, limit
from creditzone.kernel.policy.use import Use
from creditzone.kernel.refusals import Refusal


class Payment(Constraint, frozen=True, kw_only=True, tag="payment"):
    """A contract pays at least `least_fen` (integer fen) a matched firm, when it is agreed and for as long as jobs run
    under it. A use without a contract, a firm's enquiry about itself, has no price."""

    checked_at: ClassVar[frozenset[Scope]] = OF_A_JOB | {Scope.CONTRACT}
    term: ClassVar[str] = "payAmount"
    least_fen: Fen

    def check(self, use: Use) -> Refusal | None:
        """The contract's price is not below."""
        if use.price_fen is None and use.scope != Scope.CONTRACT:
            return None
        if use.price_fen is not None and use.price_fen >= self.least_fen:
            return None
        return Refusal("price", {"least": str(self.least_fen), "found": str(use.price_fen)})

    def meet(self, other: Self) -> Self:
        """The higher price."""
        return max(self, other, key=lambda one: one.least_fen)

    def say(self, language: str, names: Names) -> list[Segment]:
        """；每户不低于 ¥ … / ; for at least ¥ … a firm"""
        amount = f"¥{self.least_fen // 100}.{self.least_fen % 100:02d}"
        zh = language == "zh"
        said = [Segment("；每户不低于 " if zh else "; for at least "), Segment(amount, "price")]
        return said if zh else [*said, Segment(" a firm")]

    def to_odrl(self) -> list[dict[str, Any]]:
        """The price in fen."""
        return [limit(self.term, "gteq", self.least_fen)]
