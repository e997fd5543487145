"""On whose consent."""

from typing import Annotated, Any, ClassVar, Literal, Self

from msgspec import Meta

from creditzone.kernel.policy.constraints.base import OF_A_JOB, Constraint, Names, Scope, Segment, listed, one_of
from creditzone.kernel.policy.use import Use
from creditzone.kernel.refusals import Refusal

Evidence = Literal["declared", "signed"]
EVIDENCE: dict[str, tuple[str, str]] = {
    "declared": ("使用方声明的企业授权", "firms' authorisations as the user declares them"),
    "signed": ("企业签署的授权书", "authorisations that the firms signed"),
}


class Consent(Constraint, frozen=True, kw_only=True, tag="consent"):
    """What shows that the firms agree: the user's signed declaration, or authorisations that the firms signed. Rows
    without a live one drop out where it is kept, and are counted."""

    checked_at: ClassVar[frozenset[Scope]] = OF_A_JOB
    term: ClassVar[str] = "cz:consent"
    evidence: Annotated[tuple[Evidence, ...], Meta(min_length=1)]

    def check(self, use: Use) -> Refusal | None:
        """The use rests on evidence of a kind that counts."""
        return None if use.evidence in self.evidence else Refusal("consent", {"found": use.evidence})

    def meet(self, other: Self) -> Self | None:
        """Evidence that counts for both."""
        both = tuple(one for one in self.evidence if one in other.evidence)
        return type(self)(evidence=both) if both else None

    def say(self, language: str, names: Names) -> list[Segment]:
        """；凭 … / ; on …"""
        words = [EVIDENCE[one][language != "zh"] for one in self.evidence]
        return [Segment("；凭 " if language == "zh" else "; on "), *listed(words, "consent", language)]

    def to_odrl(self) -> list[dict[str, Any]]:
        """The kinds of evidence."""
        return [one_of(self.term, self.evidence)]
