"""Who may use the capsule."""

from dataclasses import dataclass
from typing import ClassVar, Self

from creditzone.kernel.documents import Rule
from creditzone.kernel.policy.constraints.base import Names, Segment, listed
from creditzone.kernel.policy.use import Use
from creditzone.kernel.refusals import Refusal

SUBJECT = "subject"


@dataclass(frozen=True, kw_only=True)
class Grantee:
    """Only the named organisations, matched on their code; `subject` is the firm that asks about itself."""

    clause: ClassVar[str] = "grantee"
    grantees: tuple[str, ...]

    @classmethod
    def of(cls, rule: Rule) -> Self:
        """The rule's grantees."""
        return cls(grantees=rule.grantees)

    def check(self, use: Use) -> Refusal | None:
        """Granted by name, or as the subject of the enquiry."""
        if use.grantee in self.grantees and use.subject is None:
            return None
        if SUBJECT in self.grantees and use.subject is not None and use.subject == use.grantee:
            return None
        return Refusal(self.clause, {"grantee": use.grantee})

    def say(self, language: str, names: Names) -> list[Segment]:
        """允许 江城银行、… / Allows …"""
        themselves = "企业本人" if language == "zh" else "the firm itself"
        who = [themselves if grantee == SUBJECT else names.organisation(grantee) for grantee in self.grantees]
        return [Segment("允许 " if language == "zh" else "Allows "), *listed(who, self.clause, language)]
