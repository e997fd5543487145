"""What one organisation lays down for the whole zone: floors that no policy undercuts, and templates to begin with."""

from typing import Annotated

from msgspec import Meta

from creditzone.kernel.forms import Digest, Document, Instant, Part, Uscc, Words
from creditzone.kernel.policy.constraints import KINDS, REQUIRED, Clause
from creditzone.kernel.policy.constraints.base import Constraint
from creditzone.kernel.policy.constraints.consent import Evidence
from creditzone.kernel.policy.constraints.environment import Attestation
from creditzone.kernel.policy.constraints.window import Window
from creditzone.kernel.policy.purposes import PURPOSES

Days = Annotated[int, Meta(ge=1, le=36500)]


class Floors(Part, frozen=True, kw_only=True):
    """What every rule that permits keeps to: at least so many firms behind a statistic, at most so many days and jobs,
    only these levels of attestation and these kinds of evidence, and at least so many who open a capsule together."""

    minimum_group: Annotated[int, Meta(ge=2, le=10**6)]
    max_days: Days
    max_uses: Annotated[int, Meta(ge=1, le=10**9)]
    attestations: Annotated[tuple[Attestation, ...], Meta(min_length=1)]
    evidence: Annotated[tuple[Evidence, ...], Meta(min_length=1)]
    custody_threshold: Annotated[int, Meta(ge=1, le=256)]


class Template(Part, frozen=True, kw_only=True):
    """Clauses to begin a rule with, `days` long; what a rule needs beside them its steward still chooses."""

    id: Annotated[str, Meta(pattern=r"^[a-z0-9-]{1,40}$")]
    name: Words
    name_en: Words
    about: Words
    about_en: Words
    days: Days
    clauses: tuple[Clause, ...]

    def __post_init__(self) -> None:
        kinds = [type(one) for one in self.clauses]
        if kinds != [kind for kind in KINDS if kind in kinds] or Window in kinds:
            raise ValueError("a template has each kind of clause once, in its order, and days in the place of a window")

    @property
    def open(self) -> frozenset[type[Constraint]]:
        """The kinds of clause that are still to be chosen."""
        here = {type(one) for one in self.clauses}
        return frozenset(kind for kind in KINDS if kind in REQUIRED and kind not in here and kind is not Window)


class ZoneRules(Document, frozen=True, kw_only=True, tag="zone-rules"):
    """The zone-wide rules, signed by the organisation that governs the zone. Every version names the one before; a
    policy keeps to the version that it was written under, until its own next version."""

    version: Annotated[int, Meta(ge=1)]
    previous: Digest | None
    governor: Uscc
    purposes: Annotated[tuple[str, ...], Meta(min_length=1)]
    floors: Floors
    templates: Annotated[tuple[Template, ...], Meta(max_length=40)]
    drafted_at: Instant

    def __post_init__(self) -> None:
        if (self.version == 1) != (self.previous is None):
            raise ValueError("every version but the first names the one before")
        if not set(self.purposes) <= set(PURPOSES):
            raise ValueError("a purpose that is not in the tree")
        names = [one.id for one in self.templates]
        if len(set(names)) != len(names):
            raise ValueError("each template has a name of its own")
