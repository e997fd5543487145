"""Who may do what, all of it here: roles inside an organisation, and the acts each may do in which kind of one.

Apps keep the gates of their own objects (`MAY` in their selectors); this table holds what concerns the portal as a
whole. Roles at a node are the node's own roster and are not these.
"""

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.core.tenancy import DatabaseRole
from apps.ledger.readers import MAY as LEDGER_READERS


class Kind(models.TextChoices):
    """What an organisation is in the zone."""

    CODE_CENTRE = "code_centre", _("code centre")
    BANK = "bank", _("bank")
    PLATFORM = "platform", _("platform")
    SME = "sme", _("small firm")
    REGULATOR = "regulator", _("regulator")
    OPERATOR = "operator", _("zone operator")


class Role(models.TextChoices):
    """What a person is in an organisation."""

    OWNER = "owner", _("owner")
    STEWARD = "steward", _("data steward")
    OFFICER = "officer", _("officer")
    APPROVER = "approver", _("approver")
    AUDITOR = "auditor", _("auditor")
    VIEWER = "viewer", _("viewer")


class Capability(models.TextChoices):
    """An act on the portal that is not bound to one object."""

    MANAGE_ORGANISATIONS = "manage-organisations", _("add organisations and register their cards")
    MANAGE_PEOPLE = "manage-people", _("add people and give them roles")
    SEE_NODES = "see-nodes", _("see how the nodes are")
    READ_LEDGER = "read-ledger", _("read the ledger")
    ENTER_NODE = "enter-node", _("go to the organisation's own node")
    ISSUE_TOKEN = "issue-token", _("issue an API token for oneself")


EVERY_ROLE = frozenset(Role)
NODE_KINDS = frozenset({Kind.CODE_CENTRE, Kind.BANK, Kind.PLATFORM, Kind.SME, Kind.OPERATOR})
EVERY_KIND = frozenset(Kind)

MAY: dict[Capability, tuple[frozenset[Kind], frozenset[Role]]] = {
    Capability.MANAGE_ORGANISATIONS: (frozenset({Kind.OPERATOR}), frozenset({Role.OWNER, Role.STEWARD})),
    Capability.MANAGE_PEOPLE: (frozenset({Kind.OPERATOR}), frozenset({Role.OWNER, Role.STEWARD})),
    Capability.SEE_NODES: (frozenset({Kind.OPERATOR, Kind.REGULATOR}), EVERY_ROLE),
    Capability.READ_LEDGER: (EVERY_KIND, frozenset(Role(name) for name in LEDGER_READERS)),
    Capability.ENTER_NODE: (NODE_KINDS, EVERY_ROLE - {Role.VIEWER}),
    Capability.ISSUE_TOKEN: (EVERY_KIND, EVERY_ROLE - {Role.VIEWER}),
}

WHO_TO_ASK: dict[Capability, object] = {
    Capability.MANAGE_ORGANISATIONS: _("the zone's operator"),
    Capability.MANAGE_PEOPLE: _("the zone's operator"),
    Capability.SEE_NODES: _("the zone's operator"),
}


def may(kind: str, role: str, capability: Capability) -> bool:
    """Whether `role` in an organisation of `kind` may do it; unknown names may nothing."""
    kinds, roles = MAY[capability]
    return kind in kinds and role in roles


def database_role(kind: str) -> DatabaseRole:
    """The database role in which people of such an organisation work."""
    if kind == Kind.REGULATOR:
        return "regulator"
    return "admin" if kind == Kind.OPERATOR else "tenant"
