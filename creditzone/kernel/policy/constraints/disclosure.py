"""What may come out."""

from dataclasses import dataclass
from typing import ClassVar, Self

from creditzone.kernel.documents import Rule
from creditzone.kernel.policy.constraints.base import Names, Segment, listed
from creditzone.kernel.policy.use import Use
from creditzone.kernel.refusals import Refusal

DISCLOSURES: dict[str, tuple[str, str]] = {
    "decision": ("是否达到准入线", "whether the firm passes"),
    "grade": ("评分等级", "the score grade"),
    "reasons": ("原因代码（至多四项）", "at most four reason codes"),
    "score": ("分数", "the score"),
}


def say_disclosure(code: str, language: str) -> str:
    """The disclosure's name for people."""
    zh, en = DISCLOSURES.get(code, (code, code))
    return zh if language == "zh" else en


@dataclass(frozen=True, kw_only=True)
class DisclosureLimit:
    """Only these forms of result; a use may ask for several, each must be listed."""

    clause: ClassVar[str] = "disclosure"
    disclosures: tuple[str, ...]

    @classmethod
    def of(cls, rule: Rule) -> Self:
        """The rule's disclosures."""
        return cls(disclosures=rule.disclosures)

    def check(self, use: Use) -> Refusal | None:
        """Something is asked for, and nothing beyond the list."""
        beyond = [form for form in use.disclosures if form not in self.disclosures]
        if beyond or not use.disclosures:
            return Refusal(self.clause, {"disclosure": ", ".join(beyond) or "—"})
        return None

    def say(self, language: str, names: Names) -> list[Segment]:
        """仅返回 … / and only … come out"""
        forms = [say_disclosure(form, language) for form in self.disclosures]
        if language == "zh":
            return [Segment("，仅返回 "), *listed(forms, self.clause, language)]
        return [Segment("; what comes out is only "), *listed(forms, self.clause, language)]
