"""What a use obliges to."""

from typing import Annotated, Any, ClassVar, Self

from msgspec import Meta

from creditzone.kernel.policy.constraints.base import EVERYWHERE, Constraint, Names, Scope, Segment, least
from creditzone.kernel.policy.use import Use
from creditzone.kernel.refusals import Refusal


class Duties(Constraint, frozen=True, kw_only=True, tag="duties"):
    """The provider is told of each use (`notify`); the recipient's node deletes the sealed result so many days after
    it came, and certifies that. Every use is logged anyway."""

    checked_at: ClassVar[frozenset[Scope]] = EVERYWHERE
    term: ClassVar[str] = "delayPeriod"
    notify: bool = False
    delete_after_days: Annotated[int, Meta(ge=1, le=3660)] | None = None

    def check(self, use: Use) -> Refusal | None:
        """A duty forbids no use: it is owed after one."""
        return None

    def meet(self, other: Self) -> Self:
        """All duties of both, the earlier deletion."""
        return type(self)(
            notify=self.notify or other.notify,
            delete_after_days=least(self.delete_after_days, other.delete_after_days),
        )

    def say(self, language: str, names: Names) -> list[Segment]:
        """；每次使用告知提供方；结果 … 天后删除 / ; tells the provider of each use; deletes the result after …"""
        zh = language == "zh"
        lead, said = "；" if zh else "; ", []
        if self.notify:
            words = "每次使用告知提供方" if zh else "the provider is told of each use"
            said += [Segment(lead), Segment(words, "notify")]
        if self.delete_after_days is not None:
            number = f"{self.delete_after_days} 天" if zh else f"{self.delete_after_days} days"
            said += [
                Segment("；使用方节点须在 " if zh else "; the recipient's node deletes the result "),
                Segment(number, "delete-after"),
                Segment("后删除结果并出具证明" if zh else " after it came, with a certificate"),
            ]
        return said or [Segment(lead), Segment("用后无附带义务" if zh else "no duty follows a use", "notify")]

    def to_odrl(self) -> list[dict[str, Any]]:
        """None: a duty is no constraint on the use."""
        return []

    def to_odrl_duties(self) -> list[dict[str, Any]]:
        """ODRL duties: to inform the assigner, and to delete after a delay."""
        duties: list[dict[str, Any]] = [{"action": "inform"}] if self.notify else []
        if self.delete_after_days is not None:
            delay = {"leftOperand": self.term, "operator": "eq", "rightOperand": f"P{self.delete_after_days}D"}
            duties.append({"action": "delete", "constraint": [delay]})
        return duties
