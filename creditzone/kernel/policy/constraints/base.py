"""What a constraint is: a clause of a rule, with its fields, its check, its meet, its words and its ODRL term."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, ClassVar, Protocol, Self

from msgspec import Struct

from creditzone.kernel.policy.use import Use
from creditzone.kernel.refusals import Refusal


class Scope(StrEnum):
    """Where a use is judged: when a contract is offered, a job admitted, a capsule opened, a result released."""

    CONTRACT = "contract"
    ADMISSION = "admission"
    OPENING = "opening"
    RELEASE = "release"


EVERYWHERE = frozenset(Scope)
OF_A_JOB = frozenset({Scope.ADMISSION, Scope.OPENING})


class Names(Protocol):
    """Names for sentences: a node takes them from confirmed cards and registered scorecards."""

    def organisation(self, uscc: str) -> str:
        """The organisation's name, or its code where no card is confirmed."""

    def model(self, digest: str) -> str:
        """The scorecard's name and version, or its digest."""


@dataclass(frozen=True)
class Segment:
    """A piece of a sentence; `clause` names what its value is, `deny` marks what is forbidden."""

    text: str
    clause: str | None = None
    deny: bool = False


class Constraint(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="clause"):
    """One clause of a rule. A clause is judged in the scopes that it names and, there, on the facts that are known."""

    checked_at: ClassVar[frozenset[Scope]]
    term: ClassVar[str]

    @property
    def clause(self) -> str:
        """The clause's name in documents."""
        return str(self.__struct_config__.tag)

    def check(self, use: Use) -> Refusal | None:
        """None where the use is within the clause, else why not."""
        raise NotImplementedError

    def touches(self, use: Use) -> bool:
        """Whether a rule that denies by this clause means the use: where a use names several things, one is enough."""
        return self.check(use) is None

    def meet(self, other: Self) -> Self | None:
        """The clause that permits what both permit and nothing more; None where that is nothing."""
        raise NotImplementedError

    def say(self, language: str, names: Names) -> list[Segment]:
        """The clause in words."""
        raise NotImplementedError

    def to_odrl(self) -> list[dict[str, Any]]:
        """The clause as ODRL constraints."""
        raise NotImplementedError


def one_of(term: str, values: Iterable[object]) -> dict[str, Any]:
    """An ODRL constraint: the operand is one of these."""
    return {"leftOperand": term, "operator": "isAnyOf", "rightOperand": list(values)}


def limit(term: str, operator: str, value: object) -> dict[str, Any]:
    """An ODRL constraint on one value."""
    return {"leftOperand": term, "operator": operator, "rightOperand": value}


def common(mine: Sequence[str], theirs: Sequence[str]) -> tuple[str, ...]:
    """What stands in both, in one order."""
    return tuple(sorted(set(mine) & set(theirs)))


def least(*values: int | None) -> int | None:
    """The smallest of the limits that there are."""
    return min((value for value in values if value is not None), default=None)


def short(digest: str) -> str:
    """A digest as sentences show it: enough of both ends that nobody finds another that looks the same."""
    return f"{digest[:20]}…{digest[-8:]}"


def listed(values: Sequence[str], clause: str, language: str) -> list[Segment]:
    """Values as tokens, joined as the language joins them."""
    segments: list[Segment] = []
    for index, value in enumerate(values):
        if index:
            segments.append(Segment("、" if language == "zh" else ", "))
        segments.append(Segment(value, clause))
    return segments
