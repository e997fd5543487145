"""What is done with it."""

from __future__ import annotations

from typing import Any, ClassVar, Literal, Self

from creditzone.kernel.forms import Part
from creditzone.kernel.policy.constraints.base import OF_A_JOB, Constraint, Names, Scope, Segment, listed, one_of
from creditzone.kernel.policy.use import Use
from creditzone.kernel.refusals import Refusal

OPERATIONS: dict[str, tuple[str, str]] = {
    "psi-id": ("隐私求交", "private set intersection"),
    "psi-count": ("隐私求交计数", "counting an intersection"),
    "score": ("联合评分", "joint scoring"),
    "statistics": ("联合统计", "joint statistics"),
    "train": ("联合训练", "joint training"),
    "export": ("导出", "export"),
    "*": ("任何密态计算", "any sealed computation"),
}
ANY = "*"
PARAMETERS: dict[str, tuple[str, str]] = {
    "minimum_group": ("每个数最少户数", "least firms a figure"),
    "grouping": ("分组", "grouping"),
}
"""What a policy may put bounds on: parameters that a job request tells of a statistic."""
_SIGNS = {"eq": "=", "lte": "≤", "gte": "≥", "in": "∈"}


class Bound(Part, frozen=True, kw_only=True):
    """A bound on one parameter of an operation; a parameter that is not told is not within it."""

    parameter: str
    operator: Literal["eq", "lte", "gte", "in"]
    values: tuple[int | str, ...]

    def __post_init__(self) -> None:
        if not self.values or (self.operator != "in" and len(self.values) != 1):
            raise ValueError("a bound has one value, or `in` and several")
        if self.operator in ("lte", "gte") and not isinstance(self.values[0], int):
            raise ValueError("only whole numbers have an order")

    def holds(self, value: int | str | None) -> bool:
        """Whether the parameter's value is within."""
        edge = self.values[0]
        match self.operator:
            case "lte":
                return isinstance(value, int) and isinstance(edge, int) and value <= edge
            case "gte":
                return isinstance(value, int) and isinstance(edge, int) and value >= edge
            case _:
                return value in self.values


class Operation(Part, frozen=True, kw_only=True):
    """An operation with bounds on its parameters; `*` is any operation, and its bounds hold for each."""

    name: str
    bounds: tuple[Bound, ...] = ()

    def __post_init__(self) -> None:
        if self.name not in OPERATIONS:
            raise ValueError(f"no such operation: {self.name}")

    def fails(self, use: Use) -> Bound | None:
        """The first bound that the use is not within."""
        return next((one for one in self.bounds if not one.holds(use.parameters.get(one.parameter))), None)

    def touches(self, use: Use) -> bool:
        """Whether every parameter that the use tells is within its bound."""
        told = use.parameters
        return all(one.parameter not in told or one.holds(told[one.parameter]) for one in self.bounds)


class Action(Constraint, frozen=True, kw_only=True, tag="action"):
    """Only these operations; none listed is none allowed. Where the operation is listed and `*` is too, the bounds of
    both hold."""

    checked_at: ClassVar[frozenset[Scope]] = OF_A_JOB
    term: ClassVar[str] = "cz:operation"
    operations: tuple[Operation, ...]

    def __post_init__(self) -> None:
        names = [one.name for one in self.operations]
        if len(set(names)) != len(names):
            raise ValueError("an operation is listed once")

    def check(self, use: Use) -> Refusal | None:
        """The operation is listed, and within every bound that is put on it."""
        matching = self._of(use.operation)
        if not matching:
            return Refusal("operation", {"operation": use.operation})
        for operation in matching:
            if bound := operation.fails(use):
                facts = {"parameter": bound.parameter, "found": str(use.parameters.get(bound.parameter, "—"))}
                return Refusal("parameter", {"operation": use.operation, **facts})
        return None

    def touches(self, use: Use) -> bool:
        """The operation is listed, by its name or as any, and within the bounds of that listing as far as its
        parameters are told."""
        return any(one.touches(use) for one in self._of(use.operation))

    def meet(self, other: Self) -> Self | None:
        """Operations that both list, with the bounds of both."""
        mine, theirs = ({one.name for one in side.operations} for side in (self, other))
        names = sorted((mine if ANY in theirs else set()) | (theirs if ANY in mine else set()) | (mine & theirs))
        both = tuple(Operation(name=name, bounds=self._bounds(name, other)) for name in names)
        return type(self)(operations=both) if both else None

    def _of(self, name: str) -> list[Operation]:
        return [one for one in self.operations if one.name in (name, ANY)]

    def _bounds(self, name: str, other: Action) -> tuple[Bound, ...]:
        bounds = [bound for side in (self, other) for one in side._of(name) for bound in one.bounds]
        return tuple(dict.fromkeys(bounds))

    def say(self, language: str, names: Names) -> list[Segment]:
        """进行 …（参数…） / by …"""
        said = [Segment("进行 " if language == "zh" else " by ")]
        for at, one in enumerate(self.operations):
            words = OPERATIONS[one.name][language != "zh"]
            bounds = "; ".join(_say_bound(bound, language) for bound in one.bounds)
            said += [Segment("、" if language == "zh" else ", ")] if at else []
            said += listed([f"{words} ({bounds})" if bounds else words], "operation", language)
        return said

    def to_odrl(self) -> list[dict[str, Any]]:
        """The operations, and each bound as a constraint of its own."""
        found = [one_of(self.term, (one.name for one in self.operations))]
        operators = {"eq": "eq", "lte": "lteq", "gte": "gteq", "in": "isAnyOf"}
        for one in self.operations:
            found += [
                {
                    "leftOperand": f"cz:parameter:{one.name}:{bound.parameter}",
                    "operator": operators[bound.operator],
                    "rightOperand": list(bound.values),
                }
                for bound in one.bounds
            ]
        return found


def _say_bound(bound: Bound, language: str) -> str:
    """A bound with its values as the document has them: 1 is not "1"."""
    name = PARAMETERS.get(bound.parameter, (bound.parameter, bound.parameter))[language != "zh"]
    values = ", ".join(str(one) if isinstance(one, int) else f'"{one}"' for one in bound.values)
    return f"{name} {_SIGNS[bound.operator]} {values}"
