"""Contracts and authorisations, for pages, API and the apps above. Lists begin at the party tables."""

from datetime import datetime
from uuid import UUID

import msgspec
from django.db import models
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from apps.contracts.models import Authorisation, AuthorisationParty, Contract, ContractParty
from apps.core.errors import Forbidden, NotFound
from apps.tenants.members import Member
from apps.tenants.models import Organisation
from apps.tenants.roles import Kind, Role
from creditzone.kernel import documents
from creditzone.kernel.documents import Signed, read


class Act(models.TextChoices):
    """What may be done with a contract or an authorisation at the portal."""

    READ = "read", _("see a contract")
    ACT = "act", _("suspend, resume or terminate a contract")
    WITHDRAW_OFFER = "withdraw-offer", _("withdraw an offer")
    AUTHORISE = "authorise", _("draft a firm's authorisation")


MAY = {
    Act.READ: frozenset(Role),
    Act.ACT: frozenset({Role.OWNER, Role.STEWARD}),
    Act.WITHDRAW_OFFER: frozenset({Role.OWNER, Role.STEWARD}),
    Act.AUTHORISE: frozenset({Role.OWNER, Role.OFFICER}),
}


def require_role(actor: Member, act: Act) -> None:
    """Raise Forbidden unless the actor's role may do this."""
    if actor.role not in MAY[act]:
        raise Forbidden(act=act.label, role=Role(actor.role).label)


def get_for(actor: Member, contract_id: UUID, *, to: Act) -> Contract:
    """The only door to one contract; row-level security has already hidden it from strangers."""
    contract = Contract.objects.select_related("provider", "consumer").filter(pk=contract_id).first()
    if contract is None:
        raise NotFound(what=_("contract"))
    is_party = actor.organisation_id in {contract.provider_id, contract.consumer_id}
    if not is_party and (to != Act.READ or actor.kind != Kind.REGULATOR):
        raise NotFound(what=_("contract"))
    require_role(actor, to)
    return contract


def contracts_of(
    actor: Member, *, state: str | None = None, before: UUID | None = None, limit: int = 50
) -> list[Contract]:
    """The organisation's contracts, as provider or as user, newest first."""
    mine = ContractParty.objects.filter(org=actor.organisation_id)
    if before is not None:
        mine = mine.filter(subject_id__lt=before)
    if state is not None:
        mine = mine.filter(subject__state=state)
    page = mine.select_related("subject__provider", "subject__consumer").order_by("-subject_id")[:limit]
    return [party.subject for party in page]


def held(actor: Member, *, state: str = "", title: str = "") -> QuerySet[ContractParty]:
    """The organisation's rows of the party table, in no order yet (sort by `-subject_id`), for pages."""
    mine = ContractParty.objects.filter(org=actor.organisation_id)
    if state in Contract.State.values:
        mine = mine.filter(subject__state=state)
    if title:
        mine = mine.filter(subject__title__icontains=title)
    return mine.select_related("subject__provider", "subject__consumer")


def usable_for(consumer_id: UUID, *, domain: str | None = None) -> list[Contract]:
    """Active contracts under which this organisation may use a capsule, newest first."""
    mine = ContractParty.objects.filter(
        org=consumer_id, subject__consumer_id=consumer_id, subject__state=Contract.State.ACTIVE
    )
    if domain is not None:
        mine = mine.filter(subject__domain=domain)
    page = mine.select_related("subject__provider", "subject__capsule").order_by("-subject_id")
    return [party.subject for party in page]


def ending_before(moment: datetime) -> QuerySet[Contract]:
    """Contracts that are not over and whose term ends by `moment`, soonest first."""
    running = {Contract.State.PROPOSED, Contract.State.ACTIVE, Contract.State.SUSPENDED}
    return Contract.objects.filter(state__in=running, not_after__lte=moment).order_by("not_after")


def document_of(contract: Contract) -> Signed:
    """The contract as signed so far."""
    return msgspec.convert(contract.document, Signed)


def terms_of(contract: Contract) -> documents.Contract:
    """The contract's document."""
    return read(document_of(contract), documents.Contract)


def signers_of(contract: Contract) -> list[tuple[Organisation, bool]]:
    """Both parties, and whether each has signed."""
    signed = {signature.by for signature in document_of(contract).signatures}
    return [(party, party.uscc in signed) for party in (contract.provider, contract.consumer)]


def by_digest(digests: list[str]) -> dict[str, Contract]:
    """Contracts by the digest of their document, those that the reader may see."""
    found = Contract.objects.select_related("provider", "consumer").filter(digest__in=digests)
    return {contract.digest: contract for contract in found}


def authorisation_by_digest(digest: str) -> Authorisation | None:
    """The authorisation with this digest, if the reader may see it."""
    return Authorisation.objects.select_related("subject", "enquirer").filter(digest=digest).first()


def authorisation_document(authorisation: Authorisation) -> Signed:
    """The authorisation as signed so far."""
    return msgspec.convert(authorisation.document, Signed)


def authorisations_of(actor: Member, *, before: UUID | None = None, limit: int = 50) -> list[Authorisation]:
    """Authorisations that the organisation gave or is named in, newest first."""
    named = AuthorisationParty.objects.filter(org=actor.organisation_id)
    if before is not None:
        named = named.filter(subject_id__lt=before)
    page = named.select_related("subject__subject", "subject__enquirer").order_by("-subject_id")[:limit]
    return [party.subject for party in page]
