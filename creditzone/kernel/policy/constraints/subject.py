"""Who may use the capsule."""

from typing import Annotated, Any, ClassVar, Literal, Self, TypeVar

from msgspec import Meta
from msgspec.structs import replace

from creditzone.kernel.forms import Id
from creditzone.kernel.policy.constraints.base import (
    OF_A_JOB,
    Constraint,
    Names,
    Scope,
    Segment,
    common,
    listed,
    one_of,
)
from creditzone.kernel.policy.use import Use
from creditzone.kernel.refusals import Refusal

SUBJECT = "subject"
Grantee = Annotated[str, Meta(pattern=r"^(subject|[0-9A-HJ-NPQRTUWXY]{18})$")]
Role = Literal["owner", "steward", "officer", "approver"]
ROLES: dict[str, tuple[str, str]] = {
    "owner": ("负责人", "owner"),
    "steward": ("数据管理员", "steward"),
    "officer": ("经办人", "officer"),
    "approver": ("审批人", "approver"),
}


class Subject(Constraint, frozen=True, kw_only=True, tag="subject"):
    """Only the named organisations, matched on their code; `subject` is the firm that asks about itself. Empty roles
    or people mean any of the organisation's; what its own node vouches for counts. Nobody may pass anything on."""

    checked_at: ClassVar[frozenset[Scope]] = OF_A_JOB | {Scope.CONTRACT}
    term: ClassVar[str] = "assignee"
    organisations: tuple[Grantee, ...]
    roles: tuple[Role, ...] = ()
    people: tuple[Id, ...] = ()

    def check(self, use: Use) -> Refusal | None:
        """Granted by name, or as the subject of the enquiry; by this role and person where the clause names any."""
        if use.subject is None and use.grantee not in self.organisations:
            return Refusal("grantee", {"grantee": use.grantee})
        if use.subject is not None and (SUBJECT not in self.organisations or use.subject != use.grantee):
            return Refusal("grantee", {"grantee": use.grantee})
        if use.scope == Scope.CONTRACT:
            return None
        if self.roles and use.role not in self.roles:
            return Refusal("role", {"role": use.role or "—"})
        return Refusal("person") if self.people and use.person not in self.people else None

    def touches(self, use: Use) -> bool:
        """The organisation is named, and its role and person too, or they were not told. A contract tells neither, so
        where they are named a contract is left to its jobs."""
        if self.organisations and replace(self, roles=(), people=()).check(use) is not None:
            return False
        if use.scope == Scope.CONTRACT:
            return not self.roles and not self.people
        by_role = not self.roles or use.role is None or use.role in self.roles
        return by_role and (not self.people or use.person is None or use.person in self.people)

    def meet(self, other: Self) -> Self | None:
        """Both name it; a role or person must be of both lists where both have one."""
        organisations = common(self.organisations, other.organisations)
        roles, people = _narrower(self.roles, other.roles), _narrower(self.people, other.people)
        if not organisations or roles is None or people is None:
            return None
        return type(self)(organisations=organisations, roles=roles, people=people)

    def say(self, language: str, names: Names) -> list[Segment]:
        """允许 江城银行、… / Allows …"""
        themselves = "企业本人" if language == "zh" else "the firm itself"
        who = [themselves if one == SUBJECT else names.organisation(one) for one in self.organisations]
        said = [Segment("允许 " if language == "zh" else "Allows "), *listed(who, "grantee", language)]
        if self.roles:
            roles = [ROLES[role][language != "zh"] for role in self.roles]
            said += [Segment(" 的 " if language == "zh" else " through its "), *listed(roles, "role", language)]
        if self.people:
            people = listed(self.people, "person", language)
            zh = language == "zh"
            said += [Segment("（限人员 " if zh else " (only the people "), *people, Segment("）" if zh else ")")]
        return said

    def to_odrl(self) -> list[dict[str, Any]]:
        """Assignees; roles and people as constraints of ours."""
        found = [one_of(self.term, self.organisations)]
        found += [one_of("cz:role", self.roles)] if self.roles else []
        return found + ([one_of("cz:person", self.people)] if self.people else [])


T = TypeVar("T", bound=str)


def _narrower(mine: tuple[T, ...], theirs: tuple[T, ...]) -> tuple[T, ...] | None:
    """Empty means any; None where two lists have nobody in common."""
    if not mine or not theirs:
        return mine or theirs
    return tuple(one for one in sorted(mine) if one in theirs) or None
