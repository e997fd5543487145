"""Refusals as data: the clause that decided, the facts it read, and its words for whoever reads them.

A refusal travels from a node to the portal in a statement and is put into words where it is shown, in the reader's
language. Each clause has a sentence (what was wrong) and a remedy (what to do), in Chinese and English.
"""

from dataclasses import dataclass, field
from typing import Literal

from creditzone.kernel.forms import RefusalNote
from creditzone.kernel.refusals.clause import Clause
from creditzone.kernel.refusals.of_jobs import OF_JOBS
from creditzone.kernel.refusals.of_policies import OF_POLICIES

Language = Literal["zh", "en"]


@dataclass(frozen=True)
class Refusal:
    """The deciding clause and what it read."""

    clause: str
    facts: dict[str, str] = field(default_factory=dict)

    def sentence(self, language: Language) -> str:
        """What was wrong, in words; a fact `why` that is itself a clause is said in its own sentence."""
        clause = CLAUSES.get(self.clause, UNKNOWN)
        said = self
        if (why := self.facts.get("why")) in CLAUSES and why != self.clause:
            said = Refusal(self.clause, {**self.facts, "why": Refusal(why, self.facts).sentence(language)})
        return _fill(clause.zh if language == "zh" else clause.en, said)

    def remedy(self, language: Language) -> str:
        """What the reader may do next."""
        clause = CLAUSES.get(self.clause, UNKNOWN)
        return _fill(clause.remedy_zh if language == "zh" else clause.remedy_en, self)

    def note(self) -> RefusalNote:
        """The refusal as it travels in a statement."""
        return RefusalNote(clause=self.clause, facts=tuple(sorted(self.facts.items())))

    @classmethod
    def from_note(cls, note: RefusalNote) -> "Refusal":
        """The refusal that a statement carries."""
        return cls(note.clause, dict(note.facts))


class Refused(Exception):
    """Raised where a check fails; nothing was done."""

    def __init__(self, clause: str, **facts: object) -> None:
        self.refusal = Refusal(clause, {name: str(value) for name, value in facts.items()})
        super().__init__(self.refusal.sentence("en"))


class _Facts(dict[str, str]):
    def __missing__(self, name: str) -> str:
        return "—"


def _fill(template: str, refusal: Refusal) -> str:
    return template % _Facts(refusal.facts, clause=refusal.clause)


UNKNOWN = Clause("因 %(clause)s 未放行。", "Refused: %(clause)s.", "请联系空间运营方。", "Ask the zone operator.")
CLAUSES: dict[str, Clause] = OF_JOBS | OF_POLICIES
