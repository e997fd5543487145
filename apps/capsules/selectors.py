"""Capsules, their heads and policies, for pages, API and the apps above."""

from dataclasses import dataclass
from uuid import UUID

import msgspec
from django.db import models
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from apps.capsules.models import Capsule, CapsuleParty, CapsuleVersion, HolderNews
from apps.core.errors import Forbidden, NotFound
from apps.core.finding import NEWEST, fits
from apps.tenants.members import Member
from apps.tenants.models import Organisation
from apps.tenants.roles import Role
from creditzone.kernel.documents import CapsuleHeader, Holder, Policy, Signed, read


class Act(models.TextChoices):
    """What may be done with a capsule at the portal."""

    READ = "read", _("see a capsule")
    DRAFT_POLICY = "draft-policy", _("draft a usage policy")
    LIST = "list", _("list a capsule")
    CLOSE = "close", _("freeze, revoke or destroy a capsule")
    OFFER = "offer", _("offer a capsule under a contract")


STEWARDS = frozenset({Role.OWNER, Role.STEWARD})
MAY = {
    Act.READ: frozenset(Role),
    Act.DRAFT_POLICY: STEWARDS,
    Act.LIST: STEWARDS,
    Act.CLOSE: STEWARDS,
    Act.OFFER: STEWARDS,
}


@dataclass(frozen=True, kw_only=True)
class Head:
    """One version of a capsule: header and policy as documents, and as signed."""

    version: int
    header: CapsuleHeader
    policy: Policy
    signed_header: Signed
    signed_policy: Signed


def get_for(actor: Member, capsule_id: UUID, *, to: Act) -> Capsule:
    """The only door to one capsule. Others than its owner may read it where row-level security shows it."""
    capsule = Capsule.objects.select_related("provider").filter(pk=capsule_id).first()
    if capsule is None or (to != Act.READ and capsule.owner != actor.organisation_id):
        raise NotFound(what=_("capsule"))
    if actor.role not in MAY[to]:
        raise Forbidden(act=to.label, role=Role(actor.role).label)
    return capsule


def capsules_of(actor: Member, *, before: UUID | None = None, limit: int = 50) -> QuerySet[Capsule]:
    """The organisation's own capsules, newest first."""
    return _page(owned(actor), before, limit)


def catalogue(actor: Member, *, before: UUID | None = None, limit: int = 50) -> QuerySet[Capsule]:
    """Other organisations' usable capsules that this one may see: listed ones, and those whose policy names it."""
    return _page(of_others(actor), before, limit)


def owned(actor: Member) -> QuerySet[Capsule]:
    """All of the organisation's capsules, in no order yet, for pages that sort them."""
    return Capsule.objects.filter(owner=actor.organisation_id).select_related("provider")


def of_others(actor: Member) -> QuerySet[Capsule]:
    """The whole catalogue, in no order yet, for pages that sort it."""
    others = Capsule.objects.exclude(owner=actor.organisation_id).filter(state__in=Capsule.USABLE)
    return others.select_related("provider")


def named(actor: Member, typed: str) -> list[Capsule]:
    """Among the newest capsules that are the organisation's own or name it, those whose title holds what was typed, or
    whose id or a digest begins so."""
    mine = owned(actor).order_by("-id")[:NEWEST]
    naming = CapsuleParty.objects.filter(org=actor.organisation_id).select_related("subject__provider")
    others = [party.subject for party in naming.order_by("-subject_id")[:NEWEST]]
    usable = [one for one in others if one.state in Capsule.USABLE]
    found = {one.id: one for one in (*mine, *usable)}.values()
    return [
        one
        for one in sorted(found, key=lambda one: one.id, reverse=True)
        if fits(typed, words=one.title, keys=(str(one.id), one.header_digest, one.policy_digest))
    ]


def usable_of_domain(actor: Member, domain: str) -> QuerySet[Capsule]:
    """Usable capsules of one data domain that this organisation may see, its own among them."""
    return Capsule.objects.filter(domain=domain, state__in=Capsule.USABLE).select_related("provider")


def open_to_subjects(domain: str) -> QuerySet[Capsule]:
    """Usable capsules of one domain whose policy lets firms ask about themselves."""
    return Capsule.objects.filter(Q(is_open_to_subjects=True), domain=domain, state__in=Capsule.USABLE).order_by("-id")


def head_of(capsule: Capsule) -> Head | None:
    """The capsule's head; None while it is a draft, or where its policy is not for this reader."""
    version = CapsuleVersion.objects.filter(capsule=capsule, version=capsule.version).first()
    return _head(version) if version else None


def versions_of(capsule: Capsule) -> list[Head]:
    """Every version that was sealed, the head first."""
    return [_head(version) for version in CapsuleVersion.objects.filter(capsule=capsule).order_by("-version")]


@dataclass(frozen=True, kw_only=True)
class Guard:
    """One who holds a share of a capsule's secret; `news` is what its node said of it, None where it never spoke."""

    holder: Holder
    organisation: Organisation | None
    news: HolderNews | None


def guards_of(capsule: Capsule, head: Head) -> list[Guard]:
    """Who guards the head's secret, in the order of the header."""
    holders = head.header.custody.holders
    named = {one.uscc: one for one in Organisation.objects.filter(uscc__in=[one.organisation for one in holders])}
    news = {one.holder_id: one for one in HolderNews.objects.filter(capsule=capsule)}
    guards = []
    for holder in holders:
        organisation = named.get(holder.organisation)
        said = news.get(organisation.id) if organisation and holder.kind == "node" else None
        guards.append(Guard(holder=holder, organisation=organisation, news=said))
    return guards


def require_role(actor: Member, act: Act) -> None:
    """Raise Forbidden unless the actor's role may do this."""
    if actor.role not in MAY[act]:
        raise Forbidden(act=act.label, role=Role(actor.role).label)


def _head(version: CapsuleVersion) -> Head:
    header, policy = msgspec.convert(version.header, Signed), msgspec.convert(version.policy, Signed)
    return Head(
        version=version.version,
        header=read(header, CapsuleHeader),
        policy=read(policy, Policy),
        signed_header=header,
        signed_policy=policy,
    )


def _page(capsules: QuerySet[Capsule], before: UUID | None, limit: int) -> QuerySet[Capsule]:
    if before is not None:
        capsules = capsules.filter(pk__lt=before)
    return capsules.select_related("provider").order_by("-id")[:limit]
