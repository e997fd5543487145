"""With which code."""

from typing import Annotated, Any, ClassVar, Self

from msgspec import Meta

from creditzone.kernel.forms import Digest
from creditzone.kernel.policy.constraints.base import (
    OF_A_JOB,
    Constraint,
    Names,
    Scope,
    Segment,
    common,
    listed,
    one_of,
    short,
)
from creditzone.kernel.policy.use import Use
from creditzone.kernel.refusals import Refusal

Models = Annotated[tuple[Digest, ...], Meta(max_length=200)]


class Code(Constraint, frozen=True, kw_only=True, tag="code"):
    """Only scorecards with exactly these digests; and, where any is named, only node programs with these digests."""

    checked_at: ClassVar[frozenset[Scope]] = OF_A_JOB
    term: ClassVar[str] = "cz:model"
    models: Models
    programs: tuple[Digest, ...] = ()

    def check(self, use: Use) -> Refusal | None:
        """The scorecard's digest is listed, and so is the program's."""
        if use.model not in self.models:
            return Refusal("model", {"model": use.model})
        if self.programs and use.scope == Scope.OPENING and use.program not in self.programs:
            return Refusal("program", {"program": use.program or "—"})
        return None

    def touches(self, use: Use) -> bool:
        """The scorecard is listed, and so is the program where any is named, or it is not told. Beforehand nobody
        knows which program a node will run, so a rule that names one is left to the node."""
        if use.scope == Scope.ADMISSION and self.programs:
            return False
        programs = not self.programs or use.program is None or use.program in self.programs
        return use.model in self.models and programs

    def meet(self, other: Self) -> Self | None:
        """Scorecards that both list; programs that both allow."""
        models = common(self.models, other.models)
        either = self.programs or other.programs
        programs = common(self.programs, other.programs) if self.programs and other.programs else either
        return type(self)(models=models, programs=programs) if models and (programs or not either) else None

    def say(self, language: str, names: Names) -> list[Segment]:
        """，使用评分卡 … / with the scorecard …"""
        zh = language == "zh"
        models = [_say_model(model, language, names) for model in self.models]
        said = [
            Segment("，使用评分卡 " if zh else " with the scorecard "),
            *listed(models, "model", language),
        ]
        if self.programs:
            programs = listed([short(one) for one in self.programs], "program", language)
            said += [
                Segment("（节点程序限 " if zh else " (only node programs "),
                *programs,
                Segment("）" if zh else ")"),
            ]
        return said

    def to_odrl(self) -> list[dict[str, Any]]:
        """Digests of scorecards and programs."""
        return [one_of(self.term, self.models), *([one_of("cz:program", self.programs)] if self.programs else [])]


def _say_model(digest: str, language: str, names: Names) -> str:
    """Its name with its digest: another scorecard may bear the same name and version."""
    name = names.model(digest)
    if name.startswith("sm3:"):
        return short(digest)
    return f"{name}（{short(digest)}）" if language == "zh" else f"{name} ({short(digest)})"
