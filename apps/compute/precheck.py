"""What the portal can see beforehand of a job that no node would let pass, with the nodes' own clauses.

It spares people a refusal a minute later; it permits nothing: each node checks for itself (`kernel/orders.py`)."""

from datetime import datetime
from uuid import UUID

from apps.capsules.models import Capsule
from apps.capsules.selectors import Head, head_of
from apps.contracts.models import Authorisation, Contract
from apps.contracts.selectors import authorisation_by_digest, by_digest, document_of
from apps.core import clock
from apps.core.errors import NotFound
from apps.scoring.selectors import card_of
from creditzone.kernel import documents, orders
from creditzone.kernel.credit.uscc import is_person
from creditzone.kernel.documents import Input, JobRequest, Scorecard, read
from creditzone.kernel.orders import ENGINE_OF_PARTIES
from creditzone.kernel.policy.constraints.base import Scope
from creditzone.kernel.policy.evaluation import Allowed, decide, require_allowed
from creditzone.kernel.policy.proposed import use_of_capsule
from creditzone.kernel.policy.use import Use
from creditzone.kernel.refusals import Refusal, Refused


def require_runnable(request: JobRequest, scorecard: Scorecard, *, now: datetime) -> None:
    """Raise Refused with the first clause that fails: model and parties, subject, then each input's contract, capsule
    and policy."""
    _require_parties(request, scorecard)
    orders.require_one_operation(request)
    if request.subject is not None and is_person(request.subject):
        raise Refused("natural-person")
    for _input, refusal in check_inputs(request, now=now):
        if refusal is not None:
            raise Refused(refusal.clause, **refusal.facts)


def check_inputs(request: JobRequest, *, now: datetime) -> list[tuple[Input, Refusal | None]]:
    """What each party's node would say first of its own part, as far as the portal can see: None where nothing."""
    contracts = by_digest([one.contract for one in request.inputs if one.contract])
    return [(one, _check_input(request, one, contracts, now)) for one in request.inputs]


def _check_input(request: JobRequest, one: Input, contracts: dict[str, Contract], now: datetime) -> Refusal | None:
    try:
        _require_in_use(one)
        if one.provider != request.recipient and request.subject is None:
            _require_contract(request, one, contracts.get(one.contract or ""), now)
        _require_capsule(request, one, contracts.get(one.contract or ""), now)
    except Refused as refused:
        return refused.refusal
    return None


def _require_parties(request: JobRequest, scorecard: Scorecard) -> None:
    providers = [one.provider for one in request.inputs]
    if sorted(one.domain for one in request.inputs) != sorted(scorecard.domains):
        raise Refused("parties", what="domains")
    if len(set(providers)) != len(providers) or ENGINE_OF_PARTIES.get(len(providers)) != request.engine:
        raise Refused("parties", what="engine")
    if request.subject is None and request.recipient not in providers:
        raise Refused("parties", what="recipient")


def _require_contract(request: JobRequest, one: Input, contract: Contract | None, now: datetime) -> None:
    if contract is None:
        raise Refused("contract-missing", capsule=one.capsule)
    if contract.state != Contract.State.ACTIVE:
        raise Refused("contract-state", state=contract.state)
    facts = {
        "provider": contract.provider.uscc == one.provider,
        "consumer": contract.consumer.uscc == request.recipient,
        "capsule": str(contract.capsule_id) == one.capsule,
        "purpose": contract.purpose == request.purpose,
    }
    wrong = [name for name, holds in facts.items() if not holds]
    if wrong:
        raise Refused("contract-mismatch", what=", ".join(wrong))
    if not contract.not_before <= now < contract.not_after:
        raise Refused("contract-window")


def _require_in_use(one: Input) -> None:
    """What is closed, by its provider or with a source, is said so, before the contracts that ended with it."""
    capsule = Capsule.objects.filter(pk=UUID(one.capsule)).first()
    if capsule is not None and (refusal := capsule.refusal):
        raise Refused(refusal.clause, **refusal.facts)


def _require_capsule(request: JobRequest, one: Input, contract: Contract | None, now: datetime) -> None:
    capsule = Capsule.objects.select_related("provider").filter(pk=UUID(one.capsule)).first()
    head = head_of(capsule) if capsule else None
    if capsule is None or head is None or capsule.provider.uscc != one.provider or capsule.domain != one.domain:
        raise Refused("capsule-unknown", capsule=one.capsule)
    if one.version != head.version:
        raise Refused("capsule-version", asked=one.version, head=head.version)
    require_allowed(head.policy, use_of(request, one, now=now, contract=contract), Scope.ADMISSION)


def use_of(request: JobRequest, one: Input, *, now: datetime, contract: Contract | None) -> Use:
    """The use of a capsule that a request proposes, under this contract. How often a rule was used already, only the
    provider's node knows."""
    try:
        scorecard = card_of(request.model)
    except NotFound:
        scorecard = None
    agreed = None if contract is None else read(document_of(contract), documents.Contract)
    return use_of_capsule(request, one, at=clock.to_ms(now), scorecard=scorecard, contract=agreed)


def require_authorised(request: JobRequest, *, now: datetime) -> Authorisation | None:
    """The firm's authorisation where the request is a firm's own; None where it needs none, or is not signed yet.

    Raises Refused where there is none, or its term is over."""
    if request.authorisation is None:
        return None
    found = authorisation_by_digest(request.authorisation)
    if found is not None and found.withdrawal:
        raise Refused("authorisation-withdrawn", organisation=found.subject.uscc)
    if found is None or found.state in {Authorisation.State.WITHDRAWN, Authorisation.State.EXPIRED}:
        raise Refused("authorisation-missing")
    if not found.not_before <= now < found.not_after:
        raise Refused("authorisation-window")
    return found if found.state == Authorisation.State.ACTIVE else None


def policy_allows(head: Head, request: JobRequest, one: Input, *, now: datetime) -> bool:
    """Whether a head's policy lets a firm's own enquiry, which needs no contract, use the capsule."""
    return isinstance(decide(head.policy, use_of(request, one, now=now, contract=None), Scope.ADMISSION), Allowed)
