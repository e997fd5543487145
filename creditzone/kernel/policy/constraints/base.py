"""What a constraint is: fields from a rule, a check, and its words."""

from dataclasses import dataclass
from typing import ClassVar, Protocol, Self

from creditzone.kernel.documents import Rule
from creditzone.kernel.policy.use import Use
from creditzone.kernel.refusals import Refusal


class Names(Protocol):
    """Names for sentences: a node takes them from confirmed cards and registered scorecards."""

    def organisation(self, uscc: str) -> str:
        """The organisation's name, or its code where no card is confirmed."""

    def model(self, digest: str) -> str:
        """The scorecard's name and version, or its digest."""


@dataclass(frozen=True)
class Segment:
    """A piece of a sentence; `clause` names the constraint whose value it is, `deny` marks what is forbidden."""

    text: str
    clause: str | None = None
    deny: bool = False


class Constraint(Protocol):
    """One clause of a rule."""

    clause: ClassVar[str]

    @classmethod
    def of(cls, rule: Rule) -> Self | None:
        """The clause as this rule states it; None where the rule does not have it."""

    def check(self, use: Use) -> Refusal | None:
        """None where the use is within the clause, else why not."""

    def say(self, language: str, names: Names) -> list[Segment]:
        """The clause in words."""


def listed(values: list[str], clause: str, language: str) -> list[Segment]:
    """Values as tokens, joined as the language joins them."""
    segments: list[Segment] = []
    for index, value in enumerate(values):
        if index:
            segments.append(Segment("、" if language == "zh" else ", "))
        segments.append(Segment(value, clause))
    return segments
