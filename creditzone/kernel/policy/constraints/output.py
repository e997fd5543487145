"""What may come out."""

from typing import Annotated, Any, ClassVar, Literal, Self

from msgspec import Meta

from creditzone.kernel.policy.constraints.base import (
    OF_A_JOB,
    Constraint,
    Names,
    Scope,
    Segment,
    common,
    least,
    limit,
    listed,
    one_of,
)
from creditzone.kernel.policy.use import Use
from creditzone.kernel.refusals import Refusal

Form = Literal["decision", "grade", "reasons", "score", "statistic"]
STATISTIC = "statistic"
FORMS: dict[str, tuple[str, str]] = {
    "decision": ("是否达到准入线", "whether the firm passes"),
    "grade": ("评分等级", "the score grade"),
    "reasons": ("原因代码（至多四项）", "at most four reason codes"),
    "score": ("分数", "the score"),
    STATISTIC: ("统计结果", "statistics"),
}


def say_form(code: str, language: str) -> str:
    """A form's name for people."""
    zh, en = FORMS.get(code, (code, code))
    return zh if language == "zh" else en


class Output(Constraint, frozen=True, kw_only=True, tag="output"):
    """Only these forms of result; a use may ask for several, each must be listed. A statistic rests on at least
    `minimum_group` firms; one firm's result is guarded by that firm's authorisation instead. `decision_bands` are the
    lowest bands that a decision may cut at; none listed is any."""

    checked_at: ClassVar[frozenset[Scope]] = OF_A_JOB | {Scope.RELEASE}
    term: ClassVar[str] = "cz:form"
    forms: tuple[Form, ...]
    minimum_group: Annotated[int, Meta(ge=1)] | None = None
    max_rows: Annotated[int, Meta(ge=1)] | None = None
    decision_bands: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if STATISTIC in self.forms and self.minimum_group is None:
            raise ValueError("a rule that lets statistics out says how many firms each rests on")

    def check(self, use: Use) -> Refusal | None:
        """Something is asked for, nothing beyond the list, and nothing on too few firms or of too many."""
        beyond = [form for form in use.disclosures if form not in self.forms]
        if beyond or not use.disclosures:
            return Refusal("disclosure", {"disclosure": ", ".join(beyond) or "—"})
        if "decision" in use.disclosures and self.decision_bands and use.decision_band not in self.decision_bands:
            return Refusal("decision-band", {"band": str(use.decision_band)})
        if STATISTIC in use.disclosures and (use.least_group or 0) < (self.minimum_group or 0):
            return Refusal("minimum-group", {"found": str(use.least_group or 0), "k": str(self.minimum_group)})
        if use.scope != Scope.RELEASE:
            return None
        if self.max_rows is not None and (use.rows is None or use.rows > self.max_rows):
            return Refusal("max-rows", {"rows": str(use.rows), "limit": str(self.max_rows)})
        if STATISTIC in use.disclosures and (use.group or 0) < (self.minimum_group or 0):
            return Refusal("minimum-group", {"found": str(use.group or 0), "k": str(self.minimum_group)})
        return None

    def touches(self, use: Use) -> bool:
        """Some listed form is asked for."""
        return any(form in self.forms for form in use.disclosures)

    def meet(self, other: Self) -> Self | None:
        """Forms of both, the larger group, the smaller limit."""
        bands = common(_texts(self), _texts(other)) if self.decision_bands and other.decision_bands else ()
        either = self.decision_bands or other.decision_bands
        forms = [form for form in self.forms if form in other.forms]
        if either and not bands and self.decision_bands and other.decision_bands:
            forms = [form for form in forms if form != "decision"]
        if not forms:
            return None
        return type(self)(
            forms=tuple(forms),
            minimum_group=max((one.minimum_group or 0 for one in (self, other)), default=0) or None,
            max_rows=least(self.max_rows, other.max_rows),
            decision_bands=tuple(sorted(map(int, bands))) or either,
        )

    def say(self, language: str, names: Names) -> list[Segment]:
        """仅返回 … / and only … come out"""
        zh = language == "zh"
        forms = [say_form(form, language) for form in self.forms]
        said = [Segment("，仅返回 " if zh else "; what comes out is only "), *listed(forms, "disclosure", language)]
        if self.decision_bands:
            bands = "、".join(map(str, self.decision_bands)) if zh else ", ".join(map(str, self.decision_bands))
            said += [Segment("（准入线限第 " if zh else " (a decision cuts at band "), Segment(bands, "decision-band")]
            said.append(Segment(" 档）" if zh else ")"))
        if self.minimum_group is not None:
            said.append(Segment("；统计类结果不少于 " if zh else "; each statistic rests on at least "))
            said.append(Segment(f"{self.minimum_group} 户" if zh else f"{self.minimum_group} firms", "minimum-group"))
        if self.max_rows is not None:
            said.append(Segment("；每次至多 " if zh else "; at most "))
            said.append(Segment(f"{self.max_rows:,} 户" if zh else f"{self.max_rows:,} firms a time", "max-rows"))
        return said

    def to_odrl(self) -> list[dict[str, Any]]:
        """Forms and limits."""
        found = [one_of(self.term, self.forms)]
        found += [limit("cz:minimumGroup", "gteq", self.minimum_group)] if self.minimum_group is not None else []
        found += [limit("cz:rows", "lteq", self.max_rows)] if self.max_rows is not None else []
        return found + ([one_of("cz:decisionBand", self.decision_bands)] if self.decision_bands else [])


def _texts(output: Output) -> tuple[str, ...]:
    return tuple(map(str, output.decision_bands))
