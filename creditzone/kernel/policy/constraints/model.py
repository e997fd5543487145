"""With which scorecard."""

from dataclasses import dataclass
from typing import ClassVar, Self

from creditzone.kernel.documents import Rule
from creditzone.kernel.policy.constraints.base import Names, Segment, listed
from creditzone.kernel.policy.use import Use
from creditzone.kernel.refusals import Refusal


@dataclass(frozen=True, kw_only=True)
class ModelLimit:
    """Only scorecards with exactly these digests."""

    clause: ClassVar[str] = "model"
    models: tuple[str, ...]

    @classmethod
    def of(cls, rule: Rule) -> Self:
        """The rule's scorecards."""
        return cls(models=rule.models)

    def check(self, use: Use) -> Refusal | None:
        """The scorecard's digest is listed."""
        return None if use.model in self.models else Refusal(self.clause, {"model": use.model})

    def say(self, language: str, names: Names) -> list[Segment]:
        """使用评分卡 … / with the scorecard …"""
        models = [names.model(model) for model in self.models]
        lead = Segment("使用评分卡 " if language == "zh" else " with the scorecard ")
        return [lead, *listed(models, self.clause, language)]
