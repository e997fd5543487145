"""Which columns, in which use, changed how."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Any, ClassVar, Literal, Self

from msgspec import Meta

from creditzone.kernel.domain import say_column
from creditzone.kernel.forms import DecimalText, Part
from creditzone.kernel.policy.constraints.base import OF_A_JOB, Constraint, Names, Scope, Segment, one_of
from creditzone.kernel.policy.use import Use
from creditzone.kernel.refusals import Refusal

ALL = "*"
Mode = Literal["match", "score", "statistic"]
GROUNDS: dict[str, tuple[str, str]] = {
    "public_disclosure": ("依法公示", "published by law"),
    "firm_authorisation": ("企业授权", "the firm's authorisation"),
    "person_consent": ("个人单独同意", "a person's separate consent"),
    "statutory_duty": ("法定职责", "statutory duty"),
}


class Mask(Part, frozen=True, kw_only=True, tag_field="kind", tag="mask"):
    """The column enters as if it were empty."""


class Band(Part, frozen=True, kw_only=True, tag_field="kind", tag="band"):
    """A value enters as the lower edge of its band; one below the first edge as if it were empty."""

    edges: Annotated[tuple[DecimalText, ...], Meta(min_length=1, max_length=100)]

    def __post_init__(self) -> None:
        if any(float(low) >= float(high) for low, high in pairwise(self.edges)):
            raise ValueError("the edges of bands rise")


class Round(Part, frozen=True, kw_only=True, tag_field="kind", tag="round"):
    """A value enters as the nearest multiple of `step`."""

    step: DecimalText

    def __post_init__(self) -> None:
        if float(self.step) <= 0:
            raise ValueError("a step is above zero")


Transform = Mask | Band | Round


class ColumnUse(Part, frozen=True, kw_only=True):
    """A column with its ground and the ways in which it may enter; `*` is every column that is not named. A named one
    without any way enters in none, whatever `*` says."""

    name: str
    ground: str
    modes: tuple[Mode, ...]
    transform: Transform | None = None

    def __post_init__(self) -> None:
        if self.ground not in GROUNDS:
            raise ValueError(f"no such ground: {self.ground}")


class Columns(Constraint, frozen=True, kw_only=True, tag="columns"):
    """Only these columns; one that is not listed is not let out: its key is not even wrapped."""

    checked_at: ClassVar[frozenset[Scope]] = OF_A_JOB
    term: ClassVar[str] = "cz:column"
    columns: tuple[ColumnUse, ...]

    def __post_init__(self) -> None:
        names = [one.name for one in self.columns]
        if len(set(names)) != len(names):
            raise ValueError("a column is listed once")

    def of(self, name: str) -> ColumnUse | None:
        """How the column may be used; None where it may not."""
        named = next((one for one in self.columns if one.name == name), None)
        found = named or next((one for one in self.columns if one.name == ALL), None)
        return found if found is not None and found.modes else None

    def check(self, use: Use) -> Refusal | None:
        """Every column that the use reads is listed, for what it is read."""
        for name, mode in use.columns or ():
            found = self.of(name)
            if found is None or mode not in found.modes:
                return Refusal("columns", {"columns": name})
        return None

    def touches(self, use: Use) -> bool:
        """The use reads some listed column, for what it is listed, or it is not known what it reads."""
        if use.columns is None:
            return any(one.modes for one in self.columns)
        return any((found := self.of(name)) is not None and mode in found.modes for name, mode in use.columns)

    def meet(self, other: Self) -> Self | None:
        """Columns that both list, in the ways that both allow, by both changes where these can be made one. One that
        has no way left is named nevertheless where `*` stands beside it: it must not come back in as one of those."""
        names = {one.name for side in (self, other) for one in side.columns}
        both = [_both(name, self.of(name), other.of(name)) for name in sorted(names)]
        ways = {one.name for one in both if one.modes}
        left = tuple(one for one in both if one.modes or ALL in ways)
        return type(self)(columns=left) if ways else None

    def say(self, language: str, names: Names) -> list[Segment]:
        """；可用字段 … / ; columns: …"""
        zh = language == "zh"
        if [one.name for one in self.columns] == [ALL]:
            return [Segment("；可用 " if zh else "; uses "), Segment("全部字段" if zh else "all columns", "columns")]
        comma = "、" if zh else ", "
        shown = [_say_column(one, language) for one in self.columns if one.name != ALL and one.modes]
        without = comma.join(say_column(one.name, language) for one in self.columns if not one.modes)
        rest = ["其余字段" if zh else "every other column"] if self.of(ALL) else []
        if rest and without:
            rest = [f"其余字段（{without}除外）" if zh else f"every other column but {without}"]
        text = comma.join([*shown, *rest])
        return [Segment("；仅用字段 " if zh else "; uses only the columns "), Segment(text, "columns")]

    def to_odrl(self) -> list[dict[str, Any]]:
        """The columns' names."""
        return [one_of(self.term, (one.name for one in self.columns if one.modes))]


def _say_column(column: ColumnUse, language: str) -> str:
    name = say_column(column.name, language)
    match column.transform:
        case Mask():
            how = ("隐去", "masked")
        case Band():
            how = ("分档", "in bands")
        case Round(step=step):
            how = (f"取整到 {step}", f"rounded to {step}")
        case _:
            return name
    return f"{name}（{how[0]}）" if language == "zh" else f"{name} ({how[1]})"


def _both(name: str, mine: ColumnUse | None, theirs: ColumnUse | None) -> ColumnUse:
    order = list(GROUNDS)
    modes = tuple(mode for mode in mine.modes if mode in theirs.modes) if mine and theirs else ()
    if mine is None or theirs is None or not modes:
        return ColumnUse(name=name, ground=order[-1], modes=())
    transforms = [one.transform for one in (mine, theirs) if one.transform is not None]
    transform: Transform | None = Mask() if len(set(map(repr, transforms))) > 1 else next(iter(transforms), None)
    ground = max(mine.ground, theirs.ground, key=order.index)
    return ColumnUse(name=name, ground=ground, modes=modes, transform=transform)
