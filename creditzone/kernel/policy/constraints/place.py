"""Where the recipient is registered."""

from typing import Annotated, Any, ClassVar, Self

from msgspec import Meta

from creditzone.kernel.policy.constraints.base import OF_A_JOB, Constraint, Names, Scope, Segment, listed, one_of
from creditzone.kernel.policy.use import Use
from creditzone.kernel.refusals import Refusal

Division = Annotated[str, Meta(pattern=r"^[0-9]{2}([0-9]{2}){0,2}$")]


class Place(Constraint, frozen=True, kw_only=True, tag="place"):
    """Only recipients whose unified code was given in one of these divisions (GB/T 2260: two, four or six digits)."""

    checked_at: ClassVar[frozenset[Scope]] = OF_A_JOB | {Scope.CONTRACT}
    term: ClassVar[str] = "spatial"
    divisions: Annotated[tuple[Division, ...], Meta(min_length=1)]

    def check(self, use: Use) -> Refusal | None:
        """The recipient's code names a division within."""
        division = use.grantee[2:8]
        if any(division.startswith(one) for one in self.divisions):
            return None
        return Refusal("place", {"division": division})

    def meet(self, other: Self) -> Self | None:
        """The narrower of each two that overlap."""
        both = {
            max(mine, theirs, key=len)
            for mine in self.divisions
            for theirs in other.divisions
            if mine.startswith(theirs) or theirs.startswith(mine)
        }
        return type(self)(divisions=tuple(sorted(both))) if both else None

    def say(self, language: str, names: Names) -> list[Segment]:
        """；限登记地 … / ; only recipients registered in …"""
        lead = "；使用方登记地限行政区划 " if language == "zh" else "; only recipients registered in the divisions "
        return [Segment(lead), *listed(self.divisions, "place", language)]

    def to_odrl(self) -> list[dict[str, Any]]:
        """The divisions."""
        return [one_of(self.term, self.divisions)]
