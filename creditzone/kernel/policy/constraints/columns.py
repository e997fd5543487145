"""Which columns, in which use, changed how."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby, pairwise
from typing import Annotated, Any, ClassVar, Literal, Self

from msgspec import Meta

from creditzone.kernel.domain import say_column
from creditzone.kernel.forms import DecimalText, Part
from creditzone.kernel.policy.constraints.base import OF_A_JOB, Constraint, Names, Scope, Segment, limit, one_of
from creditzone.kernel.policy.use import Use
from creditzone.kernel.refusals import Refusal

ALL = "*"
Mode = Literal["match", "score", "statistic"]
MODES: dict[str, tuple[str, str]] = {
    "match": ("匹配", "to match rows"),
    "score": ("评分", "to score"),
    "statistic": ("统计", "to count"),
}
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
        """；仅用字段 …（评分，企业授权，分档 0、10） / ; uses only the columns … (for …; ground: …)

        Columns that follow each other under the same terms share these."""
        zh = language == "zh"
        shown = [one for one in self.columns if one.modes]
        texts = [
            _say_columns([one.name for one in alike], how, language, self._shut(language))
            for how, alike in groupby(shown, key=lambda one: _say_terms(one, language))
        ]
        said = [Segment("；仅用字段 " if zh else "; uses only the columns ")]
        for at, text in enumerate(texts):
            said += [Segment("、" if zh else ", ")] if at else []
            said.append(Segment(text, "columns"))
        return said

    def _shut(self, language: str) -> str:
        """Columns that are named and enter in no way."""
        names = [say_column(one.name, language) for one in self.columns if not one.modes]
        return ("、" if language == "zh" else ", ").join(names)

    def to_odrl(self) -> list[dict[str, Any]]:
        """The columns' names, and of each what it is read for, its ground and how it is changed."""
        found = [one_of(self.term, (one.name for one in self.columns if one.modes))]
        for one in self.columns:
            found.append(one_of(f"cz:column:{one.name}:mode", one.modes))
            found += [limit(f"cz:column:{one.name}:ground", "eq", one.ground)] if one.modes else []
            found += [] if one.transform is None else [_odrl_change(one.name, one.transform)]
        return found


def _odrl_change(name: str, change: Transform) -> dict[str, Any]:
    term = f"cz:column:{name}:change"
    match change:
        case Mask():
            return limit(term, "eq", "mask")
        case Band(edges=edges):
            return {"leftOperand": f"{term}:band", "operator": "eq", "rightOperand": list(edges)}
        case Round(step=step):
            return limit(f"{term}:round", "eq", step)


def _say_columns(names: Sequence[str], how: str, language: str, shut: str) -> str:
    """Columns with the terms that they share; beside `*` those that it does not open."""
    zh = language == "zh"
    rest = "其余字段" if zh else "every other column"
    if shut:
        rest = f"{rest}（{shut}除外）" if zh else f"{rest} but {shut}"
    words = ("、" if zh else ", ").join(rest if name == ALL else say_column(name, language) for name in names)
    return f"{words}（{how}）" if zh else f"{words} ({how})"


def _say_terms(column: ColumnUse, language: str) -> str:
    """What a column is read for, on which ground, and how it is changed before."""
    zh = language == "zh"
    ways, ground = (MODES[mode][not zh] for mode in column.modes), GROUNDS[column.ground][not zh]
    said = ["、".join(ways) if zh else " and ".join(ways), f"依据{ground}" if zh else f"on {ground}"]
    match column.transform:
        case Mask():
            said.append("隐去" if zh else "masked")
        case Band(edges=edges):
            said.append(f"分档，下界 {'、'.join(edges)}" if zh else f"in bands from {', '.join(edges)}")
        case Round(step=step):
            said.append(f"取整到 {step}" if zh else f"rounded to {step}")
    return ("；" if zh else "; ").join(said)


def _both(name: str, mine: ColumnUse | None, theirs: ColumnUse | None) -> ColumnUse:
    order = list(GROUNDS)
    modes = tuple(mode for mode in mine.modes if mode in theirs.modes) if mine and theirs else ()
    if mine is None or theirs is None or not modes:
        return ColumnUse(name=name, ground=order[-1], modes=())
    transforms = [one.transform for one in (mine, theirs) if one.transform is not None]
    transform: Transform | None = Mask() if len(set(map(repr, transforms))) > 1 else next(iter(transforms), None)
    ground = max(mine.ground, theirs.ground, key=order.index)
    return ColumnUse(name=name, ground=ground, modes=modes, transform=transform)
