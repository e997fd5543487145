"""What changes contracts and authorisations. What binds is signed in the parties' nodes; here it is drafted, and the
nodes' words are taken in and checked before anything moves."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from apps.capsules import selectors as capsules
from apps.capsules.wording import say_refusal
from apps.contracts.models import Authorisation, AuthorisationParty, Contract, ContractAct, ContractParty
from apps.contracts.selectors import (
    Act,
    authorisation_document,
    document_of,
    ending_before,
    get_for,
    require_role,
)
from apps.core import clock
from apps.core.errors import Invalid, NotFound
from apps.core.models import new_id
from apps.core.tenancy import tenant_tx
from apps.exchange.cards import require_signed_by
from apps.exchange.registry import SignedDraft
from apps.exchange.services import request_signatures, send_completed, send_draft, settle_if_waiting, withdraw_drafts
from apps.ledger.services import append_entry
from apps.tenants import zone
from apps.tenants.members import Member
from apps.tenants.models import Organisation
from creditzone.kernel import documents
from creditzone.kernel.documents import Disclosure, Signed, with_signature
from creditzone.kernel.policy.offering import require_offerable
from creditzone.kernel.refusals import Refused

STATE_AFTER = {
    "suspend": Contract.State.SUSPENDED,
    "resume": Contract.State.ACTIVE,
    "terminate": Contract.State.TERMINATED,
}

FIELDS = {"purpose": "purpose", "price": "price_fen", "validity": "not_after"}
"""The part of an offer that a clause of the policy speaks of; the others speak of the user."""


@transaction.atomic
def offer(
    *,
    actor: Member,
    capsule_id: UUID,
    consumer: Organisation,
    purpose: str,
    price_fen: int,
    not_before: datetime,
    not_after: datetime,
) -> Contract:
    """Offer a capsule to a named user; the document goes to both nodes to be signed.

    Raises NotFound, Forbidden; Invalid where the policy does not let this user in, for this purpose, at this price."""
    capsule = capsules.get_for(actor, capsule_id, to=capsules.Act.OFFER)
    head = capsules.head_of(capsule)
    if head is None or not capsule.is_usable:
        raise Invalid.of("capsule", _("Only a sealed capsule in use can be offered."))
    document = documents.Contract(
        zone=zone.zone_digest(),
        id=str(new_id()),
        provider=actor.organisation.uscc,
        consumer=consumer.uscc,
        capsule=str(capsule.id),
        policy=capsule.policy_digest,
        purpose=purpose,
        price_fen=price_fen,
        not_before=clock.to_ms(not_before),
        not_after=clock.to_ms(not_after),
        drafted_at=clock.to_ms(clock.now()),
    )
    _require_offer(head.policy, document)
    digest = request_signatures(document, of=[actor.organisation, consumer], drafter=actor.organisation_id)
    contract = Contract(
        id=UUID(document.id),
        owner=actor.organisation_id,
        provider=actor.organisation,
        consumer=consumer,
        capsule=capsule,
        domain=capsule.domain,
        title=capsule.title,
        policy_digest=document.policy,
        purpose=purpose,
        price_fen=price_fen,
        not_before=clock.from_ms(document.not_before),
        not_after=clock.from_ms(document.not_after),
        digest=digest,
        document=msgspec.to_builtins(documents.unsigned(document)),
    )
    contract.save(force_insert=True)
    ContractParty.objects.bulk_create(
        [
            ContractParty(org=party.id, subject=contract, owner=contract.owner)
            for party in (actor.organisation, consumer)
        ]
    )
    _log(actor, "contract.offer", contract, price_fen=price_fen, purpose=purpose)
    return contract


def _require_offer(policy: documents.Policy, document: documents.Contract) -> None:
    """The provider's node judges the same again before it signs; here the message stands at the field."""
    if document.consumer == policy.provider:
        raise Invalid.of("consumer", _("One's own data needs no contract."))
    if document.not_before >= document.not_after:
        raise Invalid.of("not_after", _("The contract ends before it begins."))
    try:
        require_offerable(policy, document, at=document.drafted_at)
    except Refused as refused:
        field = FIELDS.get(refused.refusal.clause, "consumer")
        raise Invalid.of(field, say_refusal(refused.refusal)) from refused


def record_signature(*, signed: SignedDraft) -> Contract:
    """Keep one party's checked signature; with both the contract is active and goes to both nodes.

    Raises NotFound, IllegalMove where the offer is no longer open."""
    contract = _locked(signed.digest)
    document = with_signature(document_of(contract), signed.signature)
    contract.document = msgspec.to_builtins(document)
    contract.save(update_fields=["document"])
    _log(None, "contract.sign", contract, by=signed.by.uscc, person=signed.person)
    parties = [contract.provider, contract.consumer]
    waiting = [party for party in parties if document.by(party.uscc) is None]
    if contract.state != Contract.State.PROPOSED or not waiting:
        contract.move(to=Contract.State.ACTIVE)
        send_completed(document, to=parties, sender=contract.owner)
        _log(None, "contract.activate", contract)
    for party in waiting:
        send_draft(document, to=party, sender=contract.owner)
    return contract


def decline(*, digest: str, by: Organisation, reason: str) -> Contract:
    """A party returned the offer unsigned: it is over. Raises NotFound, IllegalMove."""
    contract = _locked(digest)
    contract.move(to=Contract.State.TERMINATED, reason=reason)
    withdraw_drafts(digest)
    _log(None, "contract.decline", contract, by=by.uscc, reason=reason)
    return contract


@transaction.atomic
def withdraw_offer(*, actor: Member, contract_id: UUID, reason: str) -> Contract:
    """The provider takes back an offer that is not signed by both. Raises NotFound, Forbidden, IllegalMove."""
    contract = get_for(actor, contract_id, to=Act.WITHDRAW_OFFER)
    if contract.provider_id != actor.organisation_id or contract.state != Contract.State.PROPOSED:
        raise Invalid.of("contract", _("Only the provider withdraws an offer, and only while it is open."))
    contract.move(to=Contract.State.TERMINATED, reason=reason)
    withdraw_drafts(contract.digest)
    _log(actor, "contract.withdraw", contract, reason=reason)
    return contract


@transaction.atomic
def draft_act(*, actor: Member, contract_id: UUID, act: str, reason: str) -> str:
    """Draft a suspension, resumption or termination for the actor's node to sign; the draft's digest.

    Raises NotFound, Forbidden, Invalid where the contract is not in a state for it."""
    contract = get_for(actor, contract_id, to=Act.ACT)
    if STATE_AFTER.get(act) not in Contract.MOVES.get(contract.state, ()):
        raise Invalid.of("act", _("The contract's state does not allow this."))
    document = documents.ContractAct(
        zone=zone.zone_digest(),
        id=str(new_id()),
        contract=contract.digest,
        act=act,  # type: ignore[arg-type]
        by=actor.organisation.uscc,
        reason=reason,
        at=clock.to_ms(clock.now()),
    )
    digest = request_signatures(document, of=[actor.organisation], drafter=actor.organisation_id)
    _log(actor, "contract.draft-act", contract, step=act, draft=digest)
    return digest


def record_act(*, signed: Signed, by: Organisation) -> Contract:
    """A party suspended, resumed or terminated at its node; the same act again changes nothing.

    Only who suspended resumes. The other party's node is told. Raises DocumentError, SignatureInvalid, NotFound,
    Invalid, IllegalMove."""
    document = require_signed_by(signed, documents.ContractAct, by)
    contract = _locked(document.contract)
    if ContractAct.objects.filter(pk=UUID(document.id)).exists():
        return contract
    if document.by != by.uscc or by.id not in {contract.provider_id, contract.consumer_id}:
        raise NotFound(what=_("contract"))
    if document.act == "resume" and contract.suspended_by != by.uscc:
        raise Invalid.of("act", _("Only the party that suspended a contract resumes it."))
    if document.act == "resume" and contract.state != Contract.State.SUSPENDED:
        raise Invalid.of("act", _("The contract is not suspended."))
    suspended_by = by.uscc if document.act == "suspend" else ""
    contract.move(to=STATE_AFTER[document.act], suspended_by=suspended_by, reason=document.reason)
    ContractAct(
        id=UUID(document.id),
        contract=contract,
        by=by,
        act=document.act,
        reason=document.reason,
        document=msgspec.to_builtins(signed),
        at=clock.from_ms(document.at),
    ).save(force_insert=True)
    settle_if_waiting(document, by)
    send_completed(signed, to=[contract.provider, contract.consumer], sender=contract.owner)
    _log(None, f"contract.{document.act}", contract, by=by.uscc, reason=document.reason)
    return contract


def expire_due() -> int:
    """The coordinator's round: end the contracts and authorisations whose term is over; how many. Safe twice."""
    with tenant_tx(None, role="exchange"):
        moment = clock.now()
        return _expire_contracts(moment) + _expire_authorisations(moment)


def _expire_contracts(moment: datetime) -> int:
    ended = list(ending_before(moment).select_for_update(skip_locked=True)[:500])
    for contract in ended:
        contract.move(to=Contract.State.EXPIRED)
        withdraw_drafts(contract.digest)
        _log(None, "contract.expire", contract)
    return len(ended)


def _expire_authorisations(moment: datetime) -> int:
    live = {Authorisation.State.DRAFTED, Authorisation.State.ACTIVE}
    over = Authorisation.objects.select_for_update(skip_locked=True).filter(state__in=live, not_after__lte=moment)[:500]
    for authorisation in over:
        authorisation.move(to=Authorisation.State.EXPIRED)
        withdraw_drafts(authorisation.digest)
        withdraw_drafts(authorisation.withdrawal_digest)
        _log_authorisation(None, "authorisation.expire", authorisation)
    return len(over)


# Authorisations ---------------------------------------------------------------------------------------------


@transaction.atomic
def draft_authorisation(
    *,
    actor: Member,
    enquirer: Organisation,
    providers: Sequence[Organisation],
    domains: Sequence[str],
    purpose: str,
    disclosures: Sequence[Disclosure],
    application: str,
    not_before: datetime,
    not_after: datetime,
) -> Authorisation:
    """Draft the actor's own firm's authorisation and send it to its node to be signed. Raises Forbidden, Invalid."""
    require_role(actor, Act.AUTHORISE)
    if not_before >= not_after:
        raise Invalid.of("not_after", _("The authorisation ends before it begins."))
    firm = actor.organisation
    document = documents.Authorisation(
        zone=zone.zone_digest(),
        id=str(new_id()),
        subject=firm.uscc,
        enquirer=enquirer.uscc,
        providers=tuple(provider.uscc for provider in providers),
        domains=tuple(domains),
        purpose=purpose,
        disclosures=tuple(disclosures),
        application=application,
        signatory=actor.person_name,
        not_before=clock.to_ms(not_before),
        not_after=clock.to_ms(not_after),
        drafted_at=clock.to_ms(clock.now()),
    )
    authorisation = Authorisation(
        id=UUID(document.id),
        owner=firm.id,
        subject=firm,
        enquirer=enquirer,
        purpose=purpose,
        digest=request_signatures(document, of=[firm], drafter=firm.id),
        document=msgspec.to_builtins(documents.unsigned(document)),
        not_before=clock.from_ms(document.not_before),
        not_after=clock.from_ms(document.not_after),
    )
    authorisation.save(force_insert=True)
    named = {firm.id, enquirer.id, *(provider.id for provider in providers)}
    AuthorisationParty.objects.bulk_create(
        [AuthorisationParty(org=org, subject=authorisation, owner=firm.id) for org in sorted(named)]
    )
    _log_authorisation(actor, "authorisation.draft", authorisation)
    return authorisation


def record_authorisation(*, signed: SignedDraft) -> Authorisation:
    """Keep the firm's checked signature: the authorisation is in force. One given to somebody else goes to every node
    that it names; a firm's own comes there with its order. Raises NotFound, IllegalMove."""
    authorisation = _locked_authorisation(signed.digest)
    document = Signed(text=signed.text, signatures=(signed.signature,))
    authorisation.move(to=Authorisation.State.ACTIVE, document=msgspec.to_builtins(document))
    if authorisation.enquirer_id != authorisation.subject_id:
        send_completed(document, to=_named_in(authorisation), sender=authorisation.owner)
    _log_authorisation(None, "authorisation.sign", authorisation, person=signed.person)
    return authorisation


def decline_authorisation(*, digest: str, reason: str) -> Authorisation:
    """The firm returned it unsigned. Raises NotFound, IllegalMove."""
    authorisation = _locked_authorisation(digest)
    authorisation.move(to=Authorisation.State.WITHDRAWN)
    _log_authorisation(None, "authorisation.decline", authorisation, reason=reason)
    return authorisation


@transaction.atomic
def withdraw_authorisation(*, actor: Member, authorisation_id: UUID) -> Authorisation:
    """Take back an authorisation. One that is not signed is over at once; for one in force the withdrawal is drafted
    and goes to the firm's node, and counts once the firm has signed it there. Asking twice changes nothing.

    Raises NotFound, Forbidden, IllegalMove where it is over."""
    require_role(actor, Act.AUTHORISE)
    found = Authorisation.objects.select_for_update().filter(pk=authorisation_id, owner=actor.organisation_id)
    authorisation = found.first()
    if authorisation is None:
        raise NotFound(what=_("authorisation"))
    if authorisation.state != Authorisation.State.ACTIVE:
        authorisation.move(to=Authorisation.State.WITHDRAWN)
        withdraw_drafts(authorisation.digest)
        _log_authorisation(actor, "authorisation.withdraw", authorisation)
    elif not authorisation.withdrawal_digest:
        document = documents.AuthorisationWithdrawal(
            zone=zone.zone_digest(),
            id=str(new_id()),
            authorisation=authorisation.digest,
            by=actor.organisation.uscc,
            at=clock.to_ms(clock.now()),
        )
        digest = request_signatures(document, of=[actor.organisation], drafter=actor.organisation_id)
        authorisation.withdrawal_digest = digest
        authorisation.save(update_fields=["withdrawal_digest"])
        _log_authorisation(actor, "authorisation.draft-withdrawal", authorisation, draft=digest)
    return authorisation


def record_withdrawal(*, signed: SignedDraft) -> Authorisation:
    """Keep the firm's signed withdrawal, and send it to its own node and to every node that the authorisation names.

    Raises NotFound, IllegalMove where the authorisation is over."""
    authorisation = _withdrawn_by(signed.digest)
    document = Signed(text=signed.text, signatures=(signed.signature,))
    authorisation.move(to=Authorisation.State.WITHDRAWN, withdrawal=msgspec.to_builtins(document))
    send_completed(document, to=_named_in(authorisation), sender=authorisation.owner)
    _log_authorisation(None, "authorisation.withdraw", authorisation, person=signed.person, withdrawal=signed.digest)
    return authorisation


def decline_withdrawal(*, digest: str, reason: str) -> Authorisation:
    """The firm thought better of it: the authorisation stays in force. Raises NotFound."""
    authorisation = _withdrawn_by(digest)
    authorisation.withdrawal_digest = ""
    authorisation.save(update_fields=["withdrawal_digest"])
    _log_authorisation(None, "authorisation.decline-withdrawal", authorisation, reason=reason)
    return authorisation


def tell_again(node: Organisation) -> None:
    """Send the nodes' documents of one node's organisations once more: contracts that both sides signed with the acts
    on them, authorisations that are in force, and those that were taken back. What a node knows already changes nothing
    there."""
    served = Organisation.objects.filter(Q(pk=node.pk) | Q(hosted_by=node))
    bound = Contract.objects.filter(Q(provider__in=served) | Q(consumer__in=served)).exclude(
        state__in={Contract.State.PROPOSED, Contract.State.EXPIRED}
    )
    for contract in bound.order_by("id"):
        send_completed(document_of(contract), to=[node], sender=contract.owner)
        for act in ContractAct.objects.filter(contract=contract).order_by("at"):
            send_completed(msgspec.convert(act.document, Signed), to=[node], sender=contract.owner)
    named = AuthorisationParty.objects.filter(org__in=served.values("id")).values("subject")
    given = Authorisation.objects.filter(pk__in=named).order_by("id")
    for authorisation in given.filter(state=Authorisation.State.ACTIVE).exclude(enquirer=F("subject")):
        send_completed(authorisation_document(authorisation), to=[node], sender=authorisation.owner)
    for authorisation in given.filter(withdrawal__isnull=False):
        send_completed(msgspec.convert(authorisation.withdrawal, Signed), to=[node], sender=authorisation.owner)


def _locked(digest: str) -> Contract:
    contract = (
        Contract.objects.select_for_update(of=("self",))
        .select_related("provider", "consumer")
        .filter(digest=digest)
        .first()
    )
    if contract is None:
        raise NotFound(what=_("contract"))
    return contract


def _locked_authorisation(digest: str) -> Authorisation:
    authorisation = Authorisation.objects.select_for_update().filter(digest=digest).first()
    if authorisation is None:
        raise NotFound(what=_("authorisation"))
    return authorisation


def _named_in(authorisation: Authorisation) -> QuerySet[Organisation]:
    named = AuthorisationParty.objects.filter(subject=authorisation).values("org")
    return Organisation.objects.filter(pk__in=named)


def _withdrawn_by(digest: str) -> Authorisation:
    authorisation = Authorisation.objects.select_for_update().filter(withdrawal_digest=digest).first()
    if authorisation is None:
        raise NotFound(what=_("authorisation"))
    return authorisation


def _log(actor: Member | None, act: str, contract: Contract, **facts: object) -> None:
    append_entry(
        actor=actor,
        act=act,
        subject_type="contract",
        subject_id=contract.id,
        facts={"digest": contract.digest, **facts},
        organisations=[contract.provider_id, contract.consumer_id],
    )


def _log_authorisation(actor: Member | None, act: str, authorisation: Authorisation, **facts: object) -> None:
    append_entry(
        actor=actor,
        act=act,
        subject_type="authorisation",
        subject_id=authorisation.id,
        facts={"digest": authorisation.digest, **facts},
        organisations=[authorisation.subject_id, authorisation.enquirer_id],
    )
