"""Acts on capsules, as their providers' nodes signed them: what each touches, and what follows at the portal.

Nothing here closes or opens a capsule: its node did, and says so. The portal stops what it has ordered, tells whom it
concerns, and keeps the signed act. The app that keeps jobs registers itself (`register_jobs`)."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import msgspec
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from apps.capsules.models import Capsule, CapsuleAct, CapsuleCertificate, CapsuleParty, CapsuleVersion
from apps.capsules.selectors import head_of
from apps.capsules.sources import closed_source, derived_of, own_state, policy_of, sources_of
from apps.core import clock
from apps.core.errors import IllegalMove, Invalid, NotFound
from apps.exchange.cards import require_signed_by
from apps.exchange.services import send_completed
from apps.ledger.services import append_entry
from apps.tenants.models import Organisation
from creditzone.kernel import documents
from creditzone.kernel.capsule.states import STATE_AFTER, after
from creditzone.kernel.documents import CapsuleActed, CapsuleCertified, Signed
from creditzone.kernel.policy.constraints.subject import SUBJECT
from creditzone.kernel.refusals import Refusal

LedgerActs = {"freeze": "freeze", "resume": "thaw", "revoke": "revoke", "destroy": "destroy"}


@dataclass(frozen=True, kw_only=True)
class JobOn:
    """A job that uses a capsule and is not over, with its page."""

    title: str
    href: str
    is_out: bool
    """Its orders are with the nodes; else it still waits."""


@dataclass(frozen=True, kw_only=True)
class Impact:
    """What an act on a capsule would touch, as far as the reader may see it: shown before anything is signed."""

    queued: tuple[JobOn, ...]
    running: tuple[JobOn, ...]
    contracts: tuple[Any, ...]
    derived: tuple[Capsule, ...]
    grantees: tuple[Organisation, ...]
    for_subjects: bool


FindJobs = Callable[[Capsule], Sequence[JobOn]]
EndJobs = Callable[[Capsule, Refusal], int]
_JOBS: list[tuple[FindJobs, EndJobs]] = []


def register_jobs(find: FindJobs, end: EndJobs) -> None:
    """Where the jobs on a capsule are found, and how they end with a clause; `end` says how many it ended."""
    if (find, end) not in _JOBS:
        _JOBS.append((find, end))


def impact_of(capsule: Capsule) -> Impact:
    """What an act on the capsule would touch, jobs on what was made of it too."""
    derived = derived_of(capsule)
    jobs = {job.href: job for find, _end in _JOBS for one in (capsule, *derived) for job in find(one)}.values()
    head = head_of(capsule)
    grantees = {one for rule in head.policy.rules for one in rule.grantees} if head else set()
    contracts: Any = capsule.contracts  # type: ignore[attr-defined]  # the app above names its contracts so
    return Impact(
        queued=tuple(job for job in jobs if not job.is_out),
        running=tuple(job for job in jobs if job.is_out),
        contracts=tuple(
            contracts.filter(state__in=("proposed", "active", "suspended")).select_related("consumer").order_by("-id")
        ),
        derived=tuple(derived),
        grantees=tuple(Organisation.objects.filter(uscc__in=grantees).order_by("kind", "id")),
        for_subjects=SUBJECT in grantees,
    )


def acts_on(capsule: Capsule) -> QuerySet[CapsuleAct]:
    """The signed acts on a capsule, newest first."""
    return CapsuleAct.objects.filter(capsule=capsule).order_by("-at", "-id")


def record_act(*, organisation: Organisation, acted: CapsuleActed) -> Capsule:
    """Take in what a provider's node did to its capsule; the same act again changes nothing.

    Jobs on it and on what was made of it end with the clause, and every node that its policy or its head names gets the
    signed act. Raises DocumentError, SignatureInvalid, NotFound, IllegalMove."""
    document = require_signed_by(acted.act, documents.CapsuleAct, organisation)
    found = Capsule.objects.select_for_update(of=("self",)).filter(pk=UUID(document.capsule), owner=organisation.id)
    capsule = found.select_related("provider").first()
    if capsule is None or document.by != organisation.uscc:
        raise NotFound(what=_("capsule"))
    if CapsuleAct.objects.filter(pk=UUID(document.id)).exists():
        return capsule
    _require_next(capsule, document.act)
    _keep(capsule, document, acted)
    derived = derived_of(capsule)
    ended = sum(_settle(one) for one in (capsule, *derived))
    concerned = _concerned(capsule, [one.provider for one in derived])
    send_completed(acted.act, to=concerned, sender=capsule.owner)
    facts = {"version": document.version, "reason": document.reason, "person": acted.person, "jobs": ended}
    if derived:
        facts["derived"] = len(derived)
    _log(f"capsule.{LedgerActs[document.act]}", capsule, concerned, facts)
    return capsule


def record_certificate(*, organisation: Organisation, certified: CapsuleCertified) -> CapsuleCertificate:
    """Keep what a provider's node certified to one organisation; the same again changes nothing.

    Raises DocumentError, SignatureInvalid, NotFound; Invalid where it does not fit the act that it certifies."""
    document = require_signed_by(certified.certificate, documents.CapsuleCertificate, organisation)
    act = CapsuleAct.objects.filter(digest=document.act, capsule__owner=organisation.id).first()
    to = Organisation.objects.filter(uscc=document.to).first()
    if act is None or to is None or document.by != organisation.uscc:
        raise NotFound(what=_("act"))
    if (document.did, document.capsule) != (act.act, str(act.capsule_id)):
        raise Invalid.of("act", _("The certificate does not fit the act."))
    known = CapsuleCertificate.objects.filter(act=act, org=to.id).first()
    if known is not None:
        return known
    kept = CapsuleCertificate(
        id=UUID(document.id),
        act=act,
        owner=organisation.id,
        org=to.id,
        digest=certified.certificate.digest,
        document=msgspec.to_builtins(certified.certificate),
        at=clock.from_ms(document.issued_at),
    )
    kept.save(force_insert=True)
    _log("capsule.certify", act.capsule, [to], {"certificate": kept.digest, "to": to.uscc})
    return kept


def certificates_of(capsule: Capsule) -> list[CapsuleCertificate]:
    """The certificates about a capsule that the reader may see, newest first."""
    return list(CapsuleCertificate.objects.select_related("act").filter(act__capsule=capsule).order_by("-at", "-id"))


def certificate_of(capsule: Capsule, certificate_id: UUID) -> CapsuleCertificate:
    """One certificate; raises NotFound where it is none of the reader's."""
    found = CapsuleCertificate.objects.select_related("act").filter(pk=certificate_id, act__capsule=capsule).first()
    if found is None:
        raise NotFound(what=_("certificate"))
    return found


def tell_again(node: Organisation) -> None:
    """Send a node, whose store is a backup, the acts on the capsules that concern it once more."""
    served = Organisation.objects.filter(Q(pk=node.pk) | Q(hosted_by=node)).values("id")
    named = CapsuleParty.objects.filter(org__in=served).values("subject")
    held = CapsuleVersion.objects.filter(header__text__icontains=node.uscc).values("capsule")
    of_sources = Q(capsule__in=set(_sources_at(served)))
    for act in CapsuleAct.objects.filter(Q(capsule__in=named) | Q(capsule__in=held) | of_sources).order_by("at", "id"):
        signed = msgspec.convert(act.document, Signed)
        send_completed(signed, to=[node], sender=act.capsule.owner)


def _keep(capsule: Capsule, document: documents.CapsuleAct, acted: CapsuleActed) -> None:
    CapsuleAct(
        id=UUID(document.id),
        capsule=capsule,
        digest=acted.act.digest,
        act=document.act,
        version=document.version,
        reason=document.reason,
        person=UUID(acted.person),
        document=msgspec.to_builtins(acted.act),
        at=clock.from_ms(document.at),
    ).save(force_insert=True)


def _require_next(capsule: Capsule, act: documents.CapsuleActKind) -> None:
    own = own_state(capsule)
    if after(own, act) is None:
        raise IllegalMove(now=Capsule.State(own).label, to=Capsule.State(STATE_AFTER[act]).label)


def _settle(capsule: Capsule) -> int:
    """Let a capsule stand where its provider's acts and its sources leave it; how many jobs that ended."""
    own = own_state(capsule)
    source = closed_source(capsule) if own == "sealed" else None
    to = Capsule.State.FROZEN if source else Capsule.State(own)
    why = {"clause": source.clause, "facts": source.facts} if source else {}
    if capsule.state != to and not (capsule.is_usable and to == Capsule.State.SEALED):
        capsule.move(to=to, closed_by=why)
    elif capsule.closed_by != why:
        capsule.closed_by = why
        capsule.save(update_fields=["closed_by"])
    refusal = capsule.refusal
    return sum(end(capsule, refusal) for _find, end in _JOBS) if refusal else 0


def _concerned(capsule: Capsule, others: Sequence[Organisation]) -> list[Organisation]:
    """Whom its policy names, who guards a part of its secret, and who made something of it."""
    parties = CapsuleParty.objects.filter(subject=capsule).values("org")
    head = head_of(capsule)
    holders = {holder.organisation for holder in head.header.custody.holders} if head else set()
    named = Organisation.objects.filter(Q(pk__in=parties) | Q(uscc__in=holders) | Q(pk__in=[one.pk for one in others]))
    return list(named.order_by("id"))


def _sources_at(served: QuerySet[Organisation, Any]) -> Iterator[str]:
    """What the capsules of these organisations were made of."""
    for head in CapsuleVersion.objects.filter(capsule__owner__in=served, policy__text__contains='"parents":[{'):
        yield from (source.capsule for source in sources_of(policy_of(head)))


def _log(act: str, capsule: Capsule, concerned: Sequence[Organisation], facts: dict[str, Any]) -> None:
    append_entry(
        actor=None,
        act=act,
        subject_type="capsule",
        subject_id=capsule.id,
        facts=facts,
        organisations=[capsule.owner, *(one.id for one in concerned)],
    )
