"""Who in an organisation reads what the ledger says about it."""

from django.utils.translation import gettext_lazy as _

from apps.core.errors import Forbidden
from apps.core.http import Actor

MAY = frozenset({"owner", "steward", "auditor"})
"""Roles; the same in every kind of organisation."""


def require_reader(actor: Actor) -> None:
    """Raise Forbidden unless the actor's role may read the ledger."""
    if actor.role not in MAY:
        raise Forbidden(act=_("read the ledger"), role=actor.role.label)
