"""In which environment."""

from typing import Any, ClassVar, Literal, Self

from creditzone.kernel.policy.constraints.base import (
    OF_A_JOB,
    Constraint,
    Names,
    Scope,
    Segment,
    listed,
    one_of,
)
from creditzone.kernel.policy.use import Use
from creditzone.kernel.refusals import Refusal

Engine = Literal["cheetah", "aby3"]
Attestation = Literal["none", "simulated", "hardware"]
ENGINES: dict[str, tuple[str, str]] = {
    "cheetah": ("两方密态评分（CHEETAH）", "two-party scoring (CHEETAH)"),
    "aby3": ("三方密态评分（ABY3）", "three-party scoring (ABY3)"),
}
ATTESTATIONS: dict[str, tuple[str, str]] = {
    "none": ("无硬件证明", "without hardware attestation"),
    "simulated": ("模拟的硬件证明", "simulated attestation"),
    "hardware": ("硬件证明", "hardware attestation"),
}


def say_engine(code: str, language: str) -> str:
    """The engine's name for people."""
    zh, en = ENGINES.get(code, (code, code))
    return zh if language == "zh" else en


class Environment(Constraint, frozen=True, kw_only=True, tag="environment"):
    """Only these protocols, and only environments of these levels of attestation. Levels are named and have no order:
    whoever takes an unattested environment says so, and a rule for attested ones never covers it."""

    checked_at: ClassVar[frozenset[Scope]] = OF_A_JOB
    term: ClassVar[str] = "cz:engine"
    engines: tuple[Engine, ...]
    attestations: tuple[Attestation, ...]

    def check(self, use: Use) -> Refusal | None:
        """The engine is listed, and so is the environment's level."""
        if use.engine not in self.engines:
            return Refusal("engine", {"engine": use.engine})
        return None if use.attestation in self.attestations else Refusal("attestation", {"found": use.attestation})

    def meet(self, other: Self) -> Self | None:
        """Engines and levels that both list."""
        engines = tuple(one for one in sorted(self.engines) if one in other.engines)
        levels = tuple(one for one in self.attestations if one in other.attestations)
        return type(self)(engines=engines, attestations=levels) if engines and levels else None

    def say(self, language: str, names: Names) -> list[Segment]:
        """，以 …（无硬件证明） / by …"""
        zh = language == "zh"
        engines = [say_engine(engine, language) for engine in self.engines]
        levels = [ATTESTATIONS[level][not zh] for level in self.attestations]
        return [
            Segment("，以 " if zh else ", by "),
            *listed(engines, "engine", language),
            Segment("（环境：" if zh else " (environment: "),
            *listed(levels, "attestation", language),
            Segment("）" if zh else ")"),
        ]

    def to_odrl(self) -> list[dict[str, Any]]:
        """Engines and levels."""
        return [one_of(self.term, self.engines), one_of("cz:attestation", self.attestations)]
