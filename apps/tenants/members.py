"""Who acts: a person in an organisation, in a role. Every service takes one."""

from dataclasses import dataclass
from uuid import UUID

from rest_framework.request import Request

from apps.core.errors import Forbidden
from apps.core.http import Actor
from apps.tenants.models import Organisation
from apps.tenants.roles import WHO_TO_ASK, Capability, Kind, Role, may


@dataclass(frozen=True, kw_only=True)
class Member(Actor):
    """A signed-in person as a member of one organisation; `request.actor` where somebody is signed in."""

    person_id: UUID
    person_name: str
    organisation: Organisation
    role: Role

    @property
    def organisation_id(self) -> UUID:
        """The tenant."""
        return self.organisation.id

    @property
    def kind(self) -> Kind:
        """What the organisation is."""
        return Kind(self.organisation.kind)

    def may(self, capability: Capability) -> bool:
        """Whether this member may do it."""
        return may(self.kind, self.role, capability)

    def require(self, capability: Capability) -> None:
        """Raise Forbidden, naming the act and whom to ask, unless this member may do it."""
        if not self.may(capability):
            asked = WHO_TO_ASK.get(capability)
            extra = {"ask": asked} if asked else {}
            raise Forbidden(act=capability.label, role=self.role.label, **extra)  # type: ignore[arg-type]


def actor_of(request: Request) -> Member:
    """The member who sends an API request; without one nothing behind `SignedIn` is reached."""
    member: object = request.user
    assert isinstance(member, Member)
    return member
