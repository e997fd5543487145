"""What changes votes for looser rules. Each owner signs in its own node; the portal only carries the signatures, and
the derived capsule's own node checks all of them before it seals the looser policy, and whenever it opens it."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import msgspec
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.capsules import derived
from apps.capsules import services as capsules
from apps.capsules.models import Capsule
from apps.core import clock
from apps.core.errors import Invalid, NotFound
from apps.exchange.registry import DeclinedDraft, SignedDraft
from apps.exchange.services import request_signatures, send_completed, withdraw_drafts
from apps.ledger.services import append_entry
from apps.tenants import zone
from apps.tenants.members import Member
from apps.tenants.models import Organisation
from apps.votes.models import Vote
from apps.votes.selectors import capsule_for, get_for, lineage_for
from creditzone.kernel.documents import LooseningVote, Rule, unsigned, with_signature
from creditzone.kernel.domain import domain

MOST_DAYS = 90


@transaction.atomic
def ask(*, actor: Member, capsule_id: UUID, rules: Sequence[Rule], days: int) -> Vote:
    """Ask every owner of what a derived capsule was made of for these rules; each finds it in its node to sign.

    Raises NotFound, Forbidden, and Invalid where the capsule is none, or an owner has no node here."""
    capsule = capsule_for(actor, capsule_id)
    document = compose(actor=actor, capsule=capsule, rules=rules, days=days)
    owners = list(Organisation.objects.filter(uscc__in=document.owners))
    if len(owners) < len(document.owners):
        raise Invalid.of("capsule", _("An owner of what it was made of is no organisation of this zone any more."))
    vote = Vote(
        owner=actor.organisation_id,
        capsule=capsule,
        digest=request_signatures(document, of=owners, drafter=actor.organisation_id),
        signed=msgspec.to_builtins(unsigned(document)),
        expires_at=clock.from_ms(document.expires_at),
    )
    vote.save(force_insert=True)
    _log(actor, "vote.ask", vote, owners=list(document.owners))
    return vote


def compose(*, actor: Member, capsule: Capsule, rules: Sequence[Rule], days: int) -> LooseningVote:
    """The document as it would be asked now; nothing is kept. Raises Invalid, also for rules that no policy could have,
    whoever agreed to them."""
    if not 1 <= days <= MOST_DAYS:
        raise Invalid.of("days", _("A vote is open for 1 to 90 days."))
    if not any(rule.effect == "permit" for rule in rules):
        raise Invalid.of("rules", _("A policy needs at least one rule: without one it allows nothing."))
    version, held = capsule.version + 1, domain(capsule.domain)
    wanted = capsules.compose_policy(actor=actor, dataset=capsule.dataset, version=version, rules=rules)
    capsules.require_sound(wanted, held)
    now = clock.now()
    return LooseningVote(
        zone=zone.zone_digest(),
        capsule=str(capsule.id),
        provider=actor.organisation.uscc,
        ancestors=derived.ancestors(lineage_for(capsule).parents),
        rules=tuple(rules),
        expires_at=clock.to_ms(now + timedelta(days=days)),
        drafted_at=clock.to_ms(now),
    )


@transaction.atomic
def withdraw(*, actor: Member, vote_id: UUID) -> Vote:
    """Take a question back that not all have answered. Raises NotFound, Forbidden, IllegalMove."""
    vote = get_for(actor, vote_id)
    vote.move(to=Vote.State.WITHDRAWN)
    withdraw_drafts(vote.digest)
    _log(actor, "vote.withdraw", vote)
    return vote


@transaction.atomic
def draft_policy(*, actor: Member, vote_id: UUID) -> Capsule:
    """Draft the policy that all owners agreed to, with the vote and the sources' policies for the own node.

    Raises NotFound, Forbidden, and Invalid where not all agreed, or the vote has expired."""
    vote = get_for(actor, vote_id)
    if vote.state != Vote.State.AGREED or vote.expires_at <= clock.now():
        raise Invalid.of("vote", _("Only a vote that all owners signed, and that has not expired, loosens rules."))
    bring(actor.organisation, vote)
    return capsules.draft_policy(
        actor=actor,
        dataset_id=vote.capsule.dataset_id,
        rules=vote.document.rules,
        parents=lineage_for(vote.capsule).parents,
        loosened_by=vote.digest,
    )


def record_signature(*, signed: SignedDraft) -> Vote:
    """An owner signed; with the last signature the vote goes to everybody whom it concerns. Raises NotFound."""
    vote = _asked(signed.digest)
    vote.signed = msgspec.to_builtins(with_signature(vote.as_signed, signed.signature))
    vote.save(update_fields=["signed"])
    if not vote.missing:
        vote.move(to=Vote.State.AGREED)
        concerned = Organisation.objects.filter(uscc__in={*vote.document.owners, vote.document.provider})
        send_completed(vote.as_signed, to=concerned, sender=vote.owner)
    _log(None, "vote.sign", vote, by=signed.by.uscc, person=signed.person)
    return vote


def record_decline(*, declined: DeclinedDraft) -> Vote:
    """An owner said no: the vote is over, for the others too."""
    vote = _asked(declined.digest)
    vote.move(to=Vote.State.DECLINED, said_no=declined.by.uscc, reason=declined.reason)
    withdraw_drafts(vote.digest)
    _log(None, "vote.decline", vote, by=declined.by.uscc, reason=declined.reason)
    return vote


def bring(organisation: Organisation, vote: Vote) -> None:
    """Leave a vote that all agreed to, and the policies by which it is checked, for the organisation's node."""
    send_completed(vote.as_signed, to=[organisation], sender=vote.owner)
    for source in derived.sources_of(vote.document.ancestors):
        if source.capsule.owner != organisation.id:
            send_completed(source.signed, to=[organisation], sender=vote.owner)


def tell_again(node: Organisation) -> None:
    """The node's store is a backup: it gets again what all agreed to about capsules that it keeps."""
    for served in Organisation.objects.filter(Q(pk=node.id) | Q(hosted_by=node)):
        for vote in Vote.objects.filter(owner=served.id, state=Vote.State.AGREED).order_by("id"):
            bring(served, vote)


def _asked(digest: str) -> Vote:
    vote = Vote.objects.select_for_update().filter(digest=digest).first()
    if vote is None:
        raise NotFound(what=_("vote"))
    return vote


def _log(actor: Member | None, act: str, vote: Vote, **facts: object) -> None:
    append_entry(
        actor=actor,
        act=act,
        subject_type="vote",
        subject_id=vote.id,
        facts={"capsule": str(vote.capsule_id), "digest": vote.digest, **facts},
        organisations=[vote.owner],
    )
