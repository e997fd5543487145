"""What a bank can compute: each scorecard, the data it needs, and where that comes from."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from apps.capsules import selectors as capsules
from apps.capsules.models import Capsule
from apps.compute.precheck import check_inputs, use_of
from apps.compute.usage import uses_left
from apps.contracts.models import Contract
from apps.contracts.selectors import usable_for
from apps.core import clock
from apps.scoring import selectors as scoring
from apps.scoring.models import Scorecard
from apps.tenants.members import Member
from apps.tenants.models import Organisation
from apps.ui.templatetags.ui import called
from creditzone.kernel import documents
from creditzone.kernel.documents import Input, JobRequest
from creditzone.kernel.refusals import Refusal


@dataclass(frozen=True, kw_only=True)
class Source:
    """A capsule that could serve one data domain: the bank's own (`contract` None), or one under a contract."""

    capsule: Capsule
    contract: Contract | None

    @property
    def provider(self) -> str:
        """Its provider's name for the reader."""
        return called(self.capsule.provider)


@dataclass(frozen=True, kw_only=True)
class Offer:
    """A scorecard with the sources of each of its domains. `misses` are the domains without any."""

    registration: Scorecard
    sources: dict[str, list[Source]]

    @property
    def card(self) -> documents.Scorecard:
        """The scorecard's document."""
        return self.registration.document

    @property
    def name(self) -> str:
        """Its name and version for the reader."""
        return scoring.name_of(self.registration)

    @property
    def misses(self) -> list[str]:
        """The domains for which there is nothing yet."""
        return [name for name, sources in self.sources.items() if not sources]

    @property
    def needs(self) -> list[tuple[scoring.Holder, str, list[Source]]]:
        """Each domain with who holds it and what there is."""
        holders = scoring.holders_of(self.sources)
        return [(holder, name, self.sources[name]) for holder, name in zip(holders, self.sources, strict=True)]

    @property
    def purposes(self) -> list[str]:
        """The purposes that the contracts name."""
        contracts = [one.contract for sources in self.sources.values() for one in sources if one.contract]
        return sorted({contract.purpose for contract in contracts})


def offers(actor: Member) -> list[Offer]:
    """Every scorecard in which the actor's own data take part, with what there is for its domains."""
    found = usable_for(actor.organisation_id)
    return [offer for card in scoring.cards() if (offer := _offer(actor, card, found)) is not None]


def offer_of(actor: Member, model: str) -> Offer:
    """One scorecard with its sources; raises NotFound."""
    card = scoring.get_card(model)
    return Offer(registration=card, sources=_sources(actor, card, usable_for(actor.organisation_id)))


def _offer(actor: Member, card: Scorecard, contracts: list[Contract]) -> Offer | None:
    """None for a card of which no part is the actor's kind of data: its result would be nobody's own."""
    kinds = {holder.kind for holder in scoring.holders_of(card.domains)}
    if actor.kind not in kinds:
        return None
    return Offer(registration=card, sources=_sources(actor, card, contracts))


def _sources(actor: Member, card: Scorecard, contracts: list[Contract]) -> dict[str, list[Source]]:
    return {name: list(_of_domain(actor, name, contracts)) for name in card.domains}


def _of_domain(actor: Member, name: str, contracts: list[Contract]) -> Iterable[Source]:
    own = capsules.usable_of_domain(actor, name).filter(owner=actor.organisation_id).order_by("-id")
    yield from (Source(capsule=capsule, contract=None) for capsule in own)
    seen: set[UUID] = set()
    for contract in contracts:
        if contract.domain == name and contract.capsule_id not in seen:
            seen.add(contract.capsule_id)
            yield Source(capsule=_with_provider(contract), contract=contract)


def _with_provider(contract: Contract) -> Capsule:
    capsule: Capsule = contract.capsule
    capsule.provider = contract.provider
    return capsule


# The check beforehand ---------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Checked:
    """What can be seen beforehand of one party's part. `refusal` None: nothing speaks against it here; `left` is an
    upper bound of the uses left under the rule that permits it."""

    input: Input
    provider: Organisation | None
    capsule: Capsule | None
    contract: Contract | None
    refusal: Refusal | None
    left: int | None


def checked(request: JobRequest, offer: Offer, actor: Member) -> list[Checked]:
    """The check beforehand of every input, party by party."""
    now = clock.now()
    sources = {str(one.capsule.id): one for found in offer.sources.values() for one in found}
    return [
        _checked(one, refusal, sources.get(one.capsule), request, actor)
        for one, refusal in check_inputs(request, now=now)
    ]


def _checked(one: Input, refusal: Refusal | None, source: Source | None, request: JobRequest, actor: Member) -> Checked:
    capsule = source.capsule if source else None
    head = capsules.head_of(capsule) if capsule else None
    left = None
    if head is not None and capsule is not None:
        use = use_of(request, one, now=clock.now(), contract=source.contract if source else None)
        left = uses_left(head.policy, use, capsule=capsule.id, owner=actor.organisation_id)
    return Checked(
        input=one,
        provider=capsule.provider if capsule else None,
        capsule=capsule,
        contract=source.contract if source else None,
        refusal=refusal,
        left=left,
    )
