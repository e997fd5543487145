"""The zone-wide rules for pages, the API, and the apps whose documents keep to them."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.core.errors import Forbidden, NotFound
from apps.governance.models import ZoneRules
from apps.tenants.members import Member
from apps.tenants.roles import Kind, Role


class Act(models.TextChoices):
    """What may be done with zone-wide rules at the portal."""

    DRAFT = "draft-zone-rules", _("draft zone-wide rules")


STEWARDS = frozenset({Role.OWNER, Role.STEWARD})


def in_force() -> ZoneRules | None:
    """The newest signed version; None while there is none. Everybody may read it."""
    return ZoneRules.objects.filter(state=ZoneRules.State.SIGNED).order_by("-version").first()


def history() -> list[ZoneRules]:
    """Every signed version, newest first."""
    return list(ZoneRules.objects.filter(state=ZoneRules.State.SIGNED).order_by("-version"))


def by_digest(digest: str | None) -> ZoneRules | None:
    """The signed version with this digest."""
    return ZoneRules.objects.filter(state=ZoneRules.State.SIGNED, digest=digest or "").first()


def get_version(version: int) -> ZoneRules:
    """One signed version; raises NotFound."""
    found = ZoneRules.objects.filter(state=ZoneRules.State.SIGNED, version=version).first()
    if found is None:
        raise NotFound(what=_("zone-wide rules"))
    return found


def waiting(actor: Member) -> ZoneRules | None:
    """The draft that waits in the actor's own node."""
    return ZoneRules.objects.filter(owner=actor.organisation_id, state=ZoneRules.State.DRAFT).first()


def may_draft(actor: Member) -> bool:
    """Whether the actor drafts them: a steward of the code centre, of the one that signed the first where any did."""
    head = in_force()
    governs = actor.kind == Kind.CODE_CENTRE and (head is None or head.owner == actor.organisation_id)
    return governs and actor.role in STEWARDS


def require_may_draft(actor: Member) -> None:
    """Raise Forbidden unless the actor drafts them."""
    if not may_draft(actor):
        raise Forbidden(act=Act.DRAFT.label, role=Role(actor.role).label)
