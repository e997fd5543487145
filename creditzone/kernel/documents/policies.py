"""What may be done with a capsule."""

from typing import Annotated, Literal, TypeVar, cast

from msgspec import Meta

from creditzone.kernel.forms import Digest, Document, Id, Instant, Part, Uscc
from creditzone.kernel.policy.constraints import KINDS, REQUIRED, Clause
from creditzone.kernel.policy.constraints.action import Action
from creditzone.kernel.policy.constraints.code import Code
from creditzone.kernel.policy.constraints.columns import Columns
from creditzone.kernel.policy.constraints.count import Count
from creditzone.kernel.policy.constraints.environment import Environment
from creditzone.kernel.policy.constraints.output import Output
from creditzone.kernel.policy.constraints.purpose import Purpose
from creditzone.kernel.policy.constraints.subject import Subject
from creditzone.kernel.policy.constraints.window import Window

C = TypeVar("C", bound=Clause)
_OF_DENIAL = frozenset({Subject, Purpose, Action, Code, Environment, Columns, Output, Window})


class Rule(Part, frozen=True, kw_only=True):
    """One way in which a capsule may be used, or may not: inside a rule all clauses hold, each kind at most once, in
    the order of `KINDS`. A rule that permits has every required kind; one that denies has some of those that say who,
    what for, with what and when."""

    id: Annotated[str, Meta(pattern=r"^[a-z0-9-]{1,40}$")]
    effect: Literal["permit", "deny"] = "permit"
    clauses: tuple[Clause, ...]

    def __post_init__(self) -> None:
        kinds = [type(one) for one in self.clauses]
        if kinds != [kind for kind in KINDS if kind in kinds]:
            raise ValueError("each kind of clause stands once, in its order")
        if self.effect == "permit" and (missing := REQUIRED - set(kinds)):
            named = ", ".join(sorted(str(kind.__struct_config__.tag) for kind in missing))
            raise ValueError(f"a rule that permits lacks {named}")
        if self.effect == "deny" and (not kinds or not set(kinds) <= _OF_DENIAL):
            raise ValueError("a rule that denies says who, what for, with what or when, and nothing else")

    def clause(self, kind: type[C]) -> C | None:
        """The rule's clause of a kind; None where it has none."""
        return next((one for one in self.clauses if isinstance(one, kind)), None)

    def of(self, kind: type[C]) -> C:
        """A required clause of a rule that permits."""
        return cast("C", self.clause(kind))

    @property
    def grantees(self) -> tuple[str, ...]:
        """Codes of organisations, or `subject`."""
        found = self.clause(Subject)
        return found.organisations if found else ()

    @property
    def purposes(self) -> tuple[str, ...]:
        """Purposes of the tree."""
        found = self.clause(Purpose)
        return found.purposes if found else ()

    @property
    def models(self) -> tuple[Digest, ...]:
        """Digests of scorecards."""
        found = self.clause(Code)
        return found.models if found else ()

    @property
    def engines(self) -> tuple[str, ...]:
        """Protocols."""
        found = self.clause(Environment)
        return found.engines if found else ()

    @property
    def disclosures(self) -> tuple[str, ...]:
        """Forms of result."""
        found = self.clause(Output)
        return found.forms if found else ()

    @property
    def minimum_group(self) -> int | None:
        """Firms that a statistic rests on at least."""
        found = self.clause(Output)
        return found.minimum_group if found else None

    @property
    def uses(self) -> int:
        """Jobs in all; 0 for a rule that denies."""
        found = self.clause(Count)
        return found.total if found else 0

    @property
    def not_before(self) -> Instant:
        """From when."""
        return self.of(Window).not_before

    @property
    def not_after(self) -> Instant:
        """Until when, that instant not included."""
        return self.of(Window).not_after


class Parent(Part, frozen=True, kw_only=True):
    """A capsule that another was derived from, with the policy that held for it then."""

    capsule: Id
    provider: Uscc
    policy: Digest


class Lineage(Part, frozen=True, kw_only=True):
    """What a derived dataset was made of: the job whose result it is, and the capsules that the job used."""

    job: Id
    parents: Annotated[tuple[Parent, ...], Meta(min_length=1)]


class Policy(Document, frozen=True, kw_only=True, tag="policy"):
    """A capsule's usage policy: any one of its rules permits a use, and one that denies overrides. `parents` are the
    capsules that a derived one was made of; `zone_rules` is the digest of the zone-wide rules that were in force when
    it was written, None where there were none; `loosened_by` is the digest of the vote by which all owners allow a
    derived one these rules, None where it has just those that its parents leave."""

    capsule: Id
    version: Annotated[int, Meta(ge=1)]
    provider: Uscc
    dataset: Id
    rules: tuple[Rule, ...]
    parents: tuple[Parent, ...] = ()
    loosened_by: Digest | None = None
    zone_rules: Digest | None = None
    drafted_at: Instant

    def __post_init__(self) -> None:
        names = [rule.id for rule in self.rules]
        if len(set(names)) != len(names):
            raise ValueError("each rule has a name of its own")
        if self.loosened_by is not None and not self.parents:
            raise ValueError("only a derived capsule's rules are loosened by a vote")

    def let_in(self, names: tuple[str, ...]) -> set[str]:
        """Which of these columns some rule that permits lets in: only their keys are wrapped."""
        return {
            name
            for name in names
            for rule in self.rules
            if rule.effect == "permit" and rule.of(Columns).of(name) is not None
        }
