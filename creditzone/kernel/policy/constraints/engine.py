"""By which protocol."""

from dataclasses import dataclass
from typing import ClassVar, Self

from creditzone.kernel.documents import Rule
from creditzone.kernel.policy.constraints.base import Names, Segment, listed
from creditzone.kernel.policy.use import Use
from creditzone.kernel.refusals import Refusal

ENGINES: dict[str, tuple[str, str]] = {
    "cheetah": ("两方密态评分（CHEETAH）", "two-party scoring (CHEETAH)"),
    "aby3": ("三方密态评分（ABY3）", "three-party scoring (ABY3)"),
}


def say_engine(code: str, language: str) -> str:
    """The engine's name for people."""
    zh, en = ENGINES.get(code, (code, code))
    return zh if language == "zh" else en


@dataclass(frozen=True, kw_only=True)
class EngineLimit:
    """Only these protocols; none of them is attested by hardware."""

    clause: ClassVar[str] = "engine"
    engines: tuple[str, ...]

    @classmethod
    def of(cls, rule: Rule) -> Self:
        """The rule's engines."""
        return cls(engines=rule.engines)

    def check(self, use: Use) -> Refusal | None:
        """The engine is listed."""
        return None if use.engine in self.engines else Refusal(self.clause, {"engine": use.engine})

    def say(self, language: str, names: Names) -> list[Segment]:
        """进行 … / by …"""
        engines = [say_engine(engine, language) for engine in self.engines]
        lead = Segment(" 进行 " if language == "zh" else " by ")
        return [lead, *listed(engines, self.clause, language)]
