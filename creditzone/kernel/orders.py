"""What a node checks before it works: one pure function, in a fixed order, the first failure being the clause.

The portal could lie about everything; so nothing here is taken from it. What the function reads beside the order is
what the node's own officers signed or confirmed, handed in as `Standing`.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from creditzone.kernel.credit.uscc import is_person
from creditzone.kernel.documents import (
    Authorisation,
    AuthorisationWithdrawal,
    CapsuleHeader,
    Card,
    Contract,
    DocumentError,
    Input,
    JobRequest,
    Order,
    Parent,
    Policy,
    Scorecard,
    SignatureInvalid,
    Signed,
    ZoneRules,
    digest_of,
    parse,
    read,
    require_signature,
    require_signature_by_one,
)
from creditzone.kernel.domain import UnknownDomain, domain
from creditzone.kernel.policy.constraints.output import STATISTIC
from creditzone.kernel.policy.constraints.window import say_instant
from creditzone.kernel.policy.evaluation import require_allowed
from creditzone.kernel.policy.floors import require_within_zone_rules
from creditzone.kernel.policy.loosening import require_voted
from creditzone.kernel.policy.proposed import use_of_capsule
from creditzone.kernel.policy.purposes import permits
from creditzone.kernel.policy.spelling import require_known_names
from creditzone.kernel.policy.use import Counts, Use
from creditzone.kernel.refusals import Refusal, Refused
from creditzone.kernel.sm import sm3
from creditzone.kernel.sm.sm2 import PublicKey, Sm2Error

SKEW_MS = 120_000
ATTEMPTS = 2
ENGINE_OF_PARTIES = {2: "cheetah", 3: "aby3"}


@dataclass(frozen=True)
class HeldCapsule:
    """One of the node's own capsules: its head as signed, the policy it is bound to, and why no use of it is let
    through now, None while it may be opened."""

    header: Signed
    policy: Signed
    closed: Refusal | None


@dataclass(frozen=True, kw_only=True)
class EarlierKey:
    """A signing key whose organisation replaced it by a card that this key signed too.

    It still vouches for what was made until `replaced_at`; for what comes in anew only before `until`, since whoever
    finds an old key can write an old date."""

    key: str
    replaced_at: int
    until: int


def keys_of(
    card: Card, earlier: Sequence[EarlierKey], *, dated: int | None = None, now: int | None = None
) -> list[PublicKey]:
    """The keys that vouch for an organisation's word, the one in force first; raises Sm2Error.

    `dated`: when the document says that it was made; None for one that is known by its digest. `now`: given for what
    comes in anew."""
    kept = [
        one.key
        for one in earlier
        if (dated is None or dated <= one.replaced_at + SKEW_MS) and (now is None or now < one.until)
    ]
    return [PublicKey.from_hex(key) for key in (card.signing_key, *kept)]


@dataclass(frozen=True, kw_only=True)
class Standing:
    """What a node holds in its own store and reads for a check.

    `cards` are those that its officers confirmed, its own among them, and `earlier` the keys that these replaced;
    `contract_state` gives the state that stands here for a contract's digest, None where no officer of its signed it;
    `withdrawals` are those that came here for an authorisation's digest, their signatures not checked yet; `counts`
    counts the uses of a capsule by rule, those of the named job left out (its attempts share one); `program` is the
    digest of the node's own program; `last_fence` is the job's highest fence, 0 for a new one; `kept_time` the highest
    time at which the node ever acted, in milliseconds UTC like `now`; `zone_rules` gives the zone-wide rules with a
    digest, None where this node does not believe any such; `vote` gives the vote with a digest, its signatures not
    checked yet, and `source` the policy that a derived capsule's parent names, signed by that parent's provider."""

    me: str
    zone: str
    zone_key: PublicKey
    zone_signer: str
    now: int
    kept_time: int
    cards: Mapping[str, Card]
    has_seen: Callable[[str], bool]
    last_fence: Callable[[str], int]
    contract_state: Callable[[str], str | None]
    withdrawals: Callable[[str], Iterable[Signed]]
    capsule: Callable[[str], HeldCapsule | None]
    counts: Callable[[str, str], Mapping[str, Counts]]
    program: str
    zone_rules: Callable[[str], ZoneRules | None]
    vote: Callable[[str], Signed | None]
    source: Callable[[Parent], Policy | None]
    earlier: Mapping[str, Sequence[EarlierKey]] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class CheckedOrder:
    """An order that passed: everything the node needs, parsed once. `mine` is this party's input; `rule` the policy's
    rule whose count the use spends."""

    order: Order
    request: JobRequest
    scorecard: Scorecard
    mine: Input
    header: CapsuleHeader
    policy: Policy
    rule: str
    use: Use

    @property
    def rank(self) -> int:
        """This party's rank on the links."""
        return next(peer.rank for peer in self.order.peers if peer.party == self.order.party)

    @property
    def recipient_computes(self) -> bool:
        """Whether the recipient is itself one of the computing parties."""
        return any(peer.party == self.request.recipient for peer in self.order.peers)


def check_order(signed_order: Signed, standing: Standing) -> CheckedOrder:
    """Check an order against what the node holds; raises Refused with the first clause that fails.

    The order of checks: zone signature and zone; addressee; expiry and clocks; replay and fence; the recipient's
    request; the capsule's state and its sources'; contracts or the firm's authorisation; the capsule's signature and
    version; the zone-wide rules under which its policy was written; the names that the policy uses; a derived one's
    vote, where it is looser than its sources; the policy; model and parties.
    """
    order = _signed_by_zone(signed_order, standing)
    _addressed_and_fresh(order, standing)
    request = _signed_request(order, standing)
    mine = _my_input(request, standing)
    _in_use(mine, standing)
    _agreed(order, request, mine, standing)
    header, policy = _whole_capsule(mine, standing)
    require_within_zone_rules(policy, standing.zone_rules, threshold=header.custody.threshold)
    _names_what_is_there(policy, header.domain)
    if policy.loosened_by is not None:
        vote, keys_of = standing.vote(policy.loosened_by), partial(_keys_of, standing=standing)
        require_voted(policy, vote, source=standing.source, keys_of=keys_of)
    scorecard, contract = _scorecard_of(order), _contract_of(order, mine)
    use = replace(
        use_of_capsule(request, mine, at=standing.now, scorecard=scorecard, contract=contract),
        program=standing.program,
        counts=standing.counts(header.capsule, request.id),
    )
    rule = require_allowed(policy, use)
    scorecard = _model_and_parties(order, request)
    return CheckedOrder(
        order=order, request=request, scorecard=scorecard, mine=mine, header=header, policy=policy, rule=rule, use=use
    )


def _scorecard_of(order: Order) -> Scorecard | None:
    try:
        return parse(order.model.encode(), Scorecard)
    except DocumentError:
        return None


def _contract_of(order: Order, mine: Input) -> Contract | None:
    signed = next((one for one in order.contracts if one.digest == mine.contract), None)
    return None if signed is None else read(signed, Contract)


def _signed_by_zone(signed_order: Signed, standing: Standing) -> Order:
    try:
        order = require_signature(signed_order, Order, by=standing.zone_signer, key=standing.zone_key)
    except DocumentError as error:
        raise Refused("malformed", what=error) from error
    except SignatureInvalid as error:
        raise Refused("zone-signature") from error
    if order.zone != standing.zone:
        raise Refused("zone-signature")
    return order


def _addressed_and_fresh(order: Order, standing: Standing) -> None:
    if order.party != standing.me:
        raise Refused("wrong-party")
    if standing.now >= order.expires_at:
        raise Refused("expired", expired_at=say_instant(order.expires_at))
    if order.issued_at - standing.now > SKEW_MS:
        raise Refused("clock-skew", seconds=(order.issued_at - standing.now) // 1000)
    if standing.kept_time - standing.now > SKEW_MS:
        raise Refused("clock-back", seconds=(standing.kept_time - standing.now) // 1000)
    if standing.has_seen(order.id) or order.fence <= standing.last_fence(order.job):
        raise Refused("replayed")
    if order.attempt > ATTEMPTS:
        raise Refused("attempts")


def _keys_of(
    organisation: str, standing: Standing, *, dated: int | None = None, now: int | None = None
) -> list[PublicKey]:
    card = standing.cards.get(organisation)
    if card is None:
        raise Refused("unknown-card", organisation=organisation)
    try:
        return keys_of(card, standing.earlier.get(organisation, ()), dated=dated, now=now)
    except Sm2Error as error:
        raise Refused("unknown-card", organisation=organisation) from error


def _signed_request(order: Order, standing: Standing) -> JobRequest:
    try:
        said = read(order.request, JobRequest)
        recipient = said.recipient
        keys = _keys_of(recipient, standing, dated=said.drafted_at, now=standing.now)
        request = require_signature_by_one(order.request, JobRequest, by=recipient, keys=keys)
    except DocumentError as error:
        raise Refused("malformed", what=error) from error
    except SignatureInvalid as error:
        raise Refused("request-signature", organisation=recipient) from error
    if request.zone != standing.zone:
        raise Refused("request-signature", organisation=recipient)
    if request.id != order.job:
        raise Refused("order-mismatch", what="job")
    if standing.now >= request.expires_at:
        raise Refused("request-expired")
    if request.subject is not None and is_person(request.subject):
        raise Refused("natural-person")
    require_one_operation(request)
    return request


def require_one_operation(request: JobRequest) -> None:
    """Statistics come out of statistics and nothing else does, on a least number of firms, and never about one firm
    that asks about itself. Raises Refused."""
    counts = request.operation == "statistics"
    if counts != (STATISTIC in request.disclosures) or (counts and request.disclosures != (STATISTIC,)):
        raise Refused("order-mismatch", what="disclosure")
    if counts and (request.minimum_group is None or request.subject is not None):
        raise Refused("order-mismatch", what="minimum_group" if request.subject is None else "subject")
    if not counts and (request.minimum_group is not None or request.grouping is not None):
        raise Refused("order-mismatch", what="minimum_group")


def _my_input(request: JobRequest, standing: Standing) -> Input:
    mine = [one for one in request.inputs if one.provider == standing.me]
    if len(mine) != 1:
        raise Refused("parties", what=f"{len(mine)} inputs of {standing.me}")
    return mine[0]


def _in_use(mine: Input, standing: Standing) -> None:
    """What is closed is refused by that name, not by that of the contracts that ended with it."""
    held = standing.capsule(mine.capsule)
    if held is not None and held.closed is not None:
        raise Refused(held.closed.clause, **held.closed.facts)


def _agreed(order: Order, request: JobRequest, mine: Input, standing: Standing) -> None:
    """The provider's contract with the recipient stands; a firm that asks about itself shows its authorisation."""
    if request.subject is not None:
        _authorised(order, request, standing)
        return
    if standing.me == request.recipient:
        for one in request.inputs:
            if one.provider != standing.me:
                _contract_stands(order, request, one, standing)
        return
    _contract_stands(order, request, mine, standing)


def _contract_stands(order: Order, request: JobRequest, one: Input, standing: Standing) -> None:
    signed_contract = next((contract for contract in order.contracts if contract.digest == one.contract), None)
    if signed_contract is None:
        raise Refused("contract-missing", capsule=one.capsule)
    contract = _signed_by_both(signed_contract, standing)
    state = standing.contract_state(signed_contract.digest)
    if state != "active":
        raise Refused("contract-state", state=state or "unknown")
    facts = {
        "provider": contract.provider == one.provider,
        "consumer": contract.consumer == request.recipient,
        "capsule": contract.capsule == one.capsule,
        "purpose": contract.purpose == request.purpose,
        "zone": contract.zone == standing.zone,
    }
    wrong = [name for name, holds in facts.items() if not holds]
    if wrong:
        raise Refused("contract-mismatch", what=", ".join(wrong))
    if not contract.not_before <= standing.now < contract.not_after:
        raise Refused("contract-window")


def _signed_by_both(signed_contract: Signed, standing: Standing) -> Contract:
    try:
        contract = read(signed_contract, Contract)
        for party in (contract.provider, contract.consumer):
            try:
                keys = _keys_of(party, standing, dated=contract.drafted_at)  # its digest is active in our own store
                require_signature_by_one(signed_contract, Contract, by=party, keys=keys)
            except SignatureInvalid as error:
                raise Refused("contract-signature", organisation=party) from error
    except DocumentError as error:
        raise Refused("malformed", what=error) from error
    return contract


def _authorised(order: Order, request: JobRequest, standing: Standing) -> None:
    if request.subject != request.recipient:
        raise Refused("authorisation-mismatch", what="subject")
    if order.authorisation is None or order.authorisation.digest != request.authorisation:
        raise Refused("authorisation-missing")
    firm = request.recipient
    try:
        keys = _keys_of(firm, standing, dated=read(order.authorisation, Authorisation).drafted_at)
        authorisation = require_signature_by_one(order.authorisation, Authorisation, by=firm, keys=keys)
    except DocumentError as error:
        raise Refused("malformed", what=error) from error
    except SignatureInvalid as error:
        raise Refused("authorisation-signature", organisation=firm) from error
    if is_withdrawn(order.authorisation.digest, firm, standing):
        raise Refused("authorisation-withdrawn", organisation=firm)
    wrong = uncovered(authorisation, firm, request, request.inputs)
    if wrong:
        raise Refused("authorisation-mismatch", what=", ".join(wrong))
    if not authorisation.not_before <= standing.now < authorisation.not_after:
        raise Refused("authorisation-window")


def uncovered(given: Authorisation, firm: str, request: JobRequest, inputs: Iterable[Input]) -> list[str]:
    """By name, what of a request over these inputs a firm's authorisation does not cover; its term apart."""
    inputs = list(inputs)
    facts = {
        "subject": given.subject == firm,
        "enquirer": given.enquirer == request.recipient,
        "providers": {one.provider for one in inputs} <= set(given.providers),
        "domains": {one.domain for one in inputs} <= set(given.domains),
        "purpose": permits(given.purpose, request.purpose),
        "disclosure": set(request.disclosures) <= set(given.disclosures),
        "zone": given.zone == request.zone,
    }
    return [name for name, holds in facts.items() if not holds]


def is_withdrawn(authorisation: str, firm: str, standing: Standing) -> bool:
    """Whether a withdrawal of the authorisation with this digest came here that the firm itself signed."""
    keys = _keys_of(firm, standing)
    for one in standing.withdrawals(authorisation):
        try:
            withdrawal = require_signature_by_one(one, AuthorisationWithdrawal, by=firm, keys=keys)
        except (DocumentError, SignatureInvalid):
            continue
        if (withdrawal.authorisation, withdrawal.by, withdrawal.zone) == (authorisation, firm, standing.zone):
            return True
    return False


def _whole_capsule(mine: Input, standing: Standing) -> tuple[CapsuleHeader, Policy]:
    held = standing.capsule(mine.capsule)
    if held is None:
        raise Refused("capsule-unknown", capsule=mine.capsule)
    own = _keys_of(standing.me, standing)
    try:
        header = require_signature_by_one(held.header, CapsuleHeader, by=standing.me, keys=own)
        policy = require_signature_by_one(held.policy, Policy, by=standing.me, keys=own)
    except (DocumentError, SignatureInvalid) as error:
        raise Refused("capsule-signature", capsule=mine.capsule) from error
    if mine.version != header.version:
        raise Refused("capsule-version", asked=mine.version, head=header.version)
    if header.policy != held.policy.digest or policy.version != header.version or policy.capsule != header.capsule:
        raise Refused("policy-digest")
    if header.domain != mine.domain:
        raise Refused("parties", what=mine.domain)
    return header, policy


def _names_what_is_there(policy: Policy, held: str) -> None:
    try:
        require_known_names(policy, domain(held))
    except UnknownDomain as error:
        raise Refused("parties", what=held) from error


def _model_and_parties(order: Order, request: JobRequest) -> Scorecard:
    if sm3.digest(order.model.encode()) != request.model:
        raise Refused("model-digest")
    try:
        scorecard = parse(order.model.encode(), Scorecard)
    except DocumentError as error:
        raise Refused("malformed", what=error) from error
    if sorted(one.domain for one in request.inputs) != sorted(scorecard.domains):
        raise Refused("parties", what="domains")
    parties = [peer.party for peer in sorted(order.peers, key=lambda peer: peer.rank)]
    if sorted(parties) != sorted(one.provider for one in request.inputs) or len(set(parties)) != len(parties):
        raise Refused("parties", what="peers")
    if [peer.rank for peer in sorted(order.peers, key=lambda peer: peer.rank)] != list(range(len(parties))):
        raise Refused("parties", what="ranks")
    if request.subject is None and parties[0] != request.recipient:
        raise Refused("parties", what="recipient")
    if ENGINE_OF_PARTIES.get(len(parties)) != request.engine:
        raise Refused("parties", what="engine")
    return scorecard


def model_digest(scorecard: Scorecard) -> str:
    """The digest by which requests and policies name a scorecard."""
    return digest_of(scorecard)
