"""Votes on a derived capsule, for pages, the API and services."""

from uuid import UUID

from django.utils.translation import gettext_lazy as _

from apps.capsules import selectors as capsules
from apps.capsules.derived import lineage_of
from apps.capsules.models import Capsule
from apps.core.errors import Invalid, NotFound
from apps.tenants.members import Member
from apps.votes.models import Vote
from creditzone.kernel.documents import Lineage


def capsule_for(actor: Member, capsule_id: UUID) -> Capsule:
    """The actor's own capsule whose policy it may draft; raises NotFound, Forbidden."""
    return capsules.get_for(actor, capsule_id, to=capsules.Act.DRAFT_POLICY)


def lineage_for(capsule: Capsule) -> Lineage:
    """What a capsule was made of; raises Invalid for one that was uploaded, for it has no other owners."""
    lineage = lineage_of(capsule.dataset)
    if lineage is None:
        raise Invalid.of("capsule", _("This capsule was not made of others: its owner alone writes its rules."))
    return lineage


def votes_on(capsule: Capsule) -> list[Vote]:
    """Every vote on a capsule of the reader's organisation, newest first."""
    return list(Vote.objects.filter(capsule=capsule)[:50])


def get_for(actor: Member, vote_id: UUID) -> Vote:
    """One vote of the actor's organisation; raises NotFound, Forbidden."""
    capsules.require_role(actor, capsules.Act.DRAFT_POLICY)
    vote = Vote.objects.select_related("capsule__dataset").filter(pk=vote_id, owner=actor.organisation_id).first()
    if vote is None:
        raise NotFound(what=_("vote"))
    return vote
