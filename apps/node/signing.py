"""Signing: what waits for this organisation's signature, said in words here, checked here, and signed with keys that
never leave.

What the portal drafted is judged like a stranger's paper: its form, its zone, that it names us, that it fits what
stands in our own store. Each kind says what could be wrong and what a signature sets in motion.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Literal, cast

from apps.node import (
    capsules,
    contracts,
    derived,
    documents,
    governance,
    guardians,
    outbox,
    sources,
    votes,
    withdrawals,
    wording,
)
from apps.node.errors import IllegalMove, NodeError, Refused
from apps.node.node import Node
from apps.node.passkeys import bind
from apps.node.roster import BINDING, Act, Acting, require
from apps.node.store import Transaction
from creditzone.kernel.credit.uscc import is_person
from creditzone.kernel.documents import (
    Authorisation,
    AuthorisationWithdrawal,
    Contract,
    ContractAct,
    ContractActed,
    Document,
    DocumentSigned,
    DraftDeclined,
    JobRequest,
    LooseningVote,
    Policy,
    Signature,
    Signed,
    ZoneRules,
    now_ms,
    parse_any,
    with_signature,
)
from creditzone.kernel.documents import sign as sign_document
from creditzone.kernel.domain import domain
from creditzone.kernel.policy.constraints.base import Segment
from creditzone.kernel.policy.offering import require_offerable
from creditzone.kernel.policy.spelling import unknown_names
from creditzone.kernel.refusals import Refused as KernelRefused
from creditzone.kernel.sm.keys import Signer

State = Literal["draft", "signed", "complete", "declined"]
ACT_OF: Final[dict[str, Act]] = {
    "policy": Act.APPROVE_POLICY,
    "contract": Act.SIGN_CONTRACT,
    "contract-act": Act.ACT_ON_CONTRACT,
    "authorisation": Act.SIGN_AUTHORISATION,
    "withdrawal": Act.SIGN_AUTHORISATION,
    "request": Act.SIGN_REQUEST,
    "zone-rules": Act.SIGN_ZONE_RULES,
    "loosening-vote": Act.SIGN_VOTE,
}


@dataclass(frozen=True)
class Draft:
    """A document that waits for our signature, or has it."""

    node: Node
    digest: str
    kind: str
    organisation: str
    text: Signed
    state: State
    received_at: int
    changed_at: int
    reason: str | None

    @cached_property
    def document(self) -> Document:
        """The document itself."""
        return parse_any(self.text.text.encode())

    @property
    def signatures(self) -> tuple[Signature, ...]:
        """The signatures it has."""
        return self.text.signatures

    def title(self, language: str) -> str:
        """One line for a list."""
        return wording.title_of(self.node, self.document, language)

    def segments(self, language: str) -> list[list[Segment]]:
        """What it says, in sentences whose values are marked."""
        return wording.sentences_of(self.node, self.document, language)

    def sentences(self, language: str) -> list[str]:
        """What it says, in plain sentences."""
        return ["".join(part.text for part in sentence) for sentence in self.segments(language)]

    def rows(self, language: str) -> list[tuple[str, str]]:
        """Its facts as label and value."""
        return wording.rows_of(self.node, self.document, language)

    def warnings(self, language: str) -> list[str]:
        """What to look at twice before signing."""
        return wording.warnings_of(self.node, self.document, language)

    @property
    def blocked(self) -> NodeError | None:
        """Why it cannot be signed here as things stand; None where it can."""
        if self.state != "draft":
            return None
        try:
            require_signable(self.node, self.document, organisation=self.organisation)
        except NodeError as problem:
            return problem
        return None

    @property
    def binds(self) -> bool:
        """Whether the act binds, so that the person's passkey answers for it."""
        return ACT_OF[self.kind] in BINDING

    @property
    def needs_passphrase(self) -> bool:
        """Whether the signing key is a hosted firm's."""
        return self.organisation != self.node.organisation


def pending(node: Node, acting: Acting) -> list[Draft]:
    """Drafts that wait for the person's organisation, oldest first."""
    return _listed(node, acting, "state = 'draft' ORDER BY received_at")


def signed_by_us(node: Node, acting: Acting) -> list[Draft]:
    """Documents that were signed or declined here, newest first."""
    return _listed(node, acting, "state <> 'draft' ORDER BY changed_at DESC")


def draft(node: Node, acting: Acting, digest: str) -> Draft:
    """One document of the person's organisation; raises NotFound."""
    return _draft(node, documents.held(node, digest, organisation=acting.organisation))


def sign(node: Node, acting: Acting, digests: list[str], *, passphrase: str | None = None) -> list[Draft]:
    """Sign drafts in one act: all of them or none. A policy is not signed so: people approve it (`approvals`).

    Raises what `bind` raises, WrongPassphrase, IllegalMove, or the NodeError that blocks one of them."""
    drafts = [draft(node, acting, digest) for digest in digests]
    for one in drafts:
        require(acting, ACT_OF[one.kind])
        if one.state != "draft":
            raise IllegalMove(one.state)
        if isinstance(one.document, Policy):
            raise NodeError("approval-needed")
        if isinstance(one.document, JobRequest):
            _require_own_request(one.document, acting)
    binding = [ACT_OF[one.kind] for one in drafts if one.binds]
    if binding:
        bind(node, acting, binding[0], documents=digests)
    key = documents.signing_key(node, acting.organisation, passphrase)
    with node.store.write() as tx:
        node.act(tx)
        for one in drafts:
            _sign_one(node, tx, one, key=key, person=acting.person)
    return [draft(node, acting, digest) for digest in digests]


def sign_approved(node: Node, tx: Transaction, one: Draft, *, key: Signer, approved_by: Sequence[str]) -> None:
    """Sign and seal a policy that these people have approved, inside the transaction of the last approval.

    Raises the NodeError that stands against it."""
    policy = cast("Policy", one.document)
    require_signable(node, policy, organisation=one.organisation)
    signed = with_signature(one.text, sign_document(policy, key, by=one.organisation))
    documents.keep_signed(tx, signed, person=approved_by[-1])
    capsules.seal(node, tx, policy, key=key, approved_by=approved_by)
    documents.complete(tx, signed)


def _require_own_request(request: JobRequest, acting: Acting) -> None:
    """A request names who asks and as what; no other person of the organisation signs it."""
    if request.person not in (None, acting.person):
        raise NodeError("another-person")
    if request.role not in (None, acting.role):
        raise NodeError("another-role", role=request.role or "")


def decline(node: Node, acting: Acting, digest: str, *, reason: str) -> None:
    """Return a draft unsigned, with a reason for whoever drafted it."""
    one = draft(node, acting, digest)
    require(acting, ACT_OF[one.kind])
    if not reason.strip() or len(reason) > 400:
        raise NodeError("invalid", reason="empty")
    with node.store.write() as tx:
        moved = tx.run(
            "UPDATE document SET state = 'declined', reason = ?, person = ?, changed_at = ?"
            " WHERE digest = ? AND state = 'draft'",
            reason.strip(),
            acting.person,
            node.act(tx),
            digest,
        )
        if not moved:
            raise IllegalMove(one.state)
        body = DraftDeclined(document=digest, reason=reason.strip(), person=acting.person)
        outbox.say(node, tx, body, organisation=acting.organisation)


def require_signable(node: Node, document: Document, *, organisation: str) -> None:
    """Raises the NodeError that stands against `organisation` signing the document now."""
    if document.zone != node.zone:
        raise NodeError("other-zone")
    match document:
        case Policy():
            _signable_policy(node, document, organisation)
        case Contract():
            _signable_contract(node, document, organisation)
        case ContractAct():
            if document.by != organisation or contracts.state_of(node, document.contract) is None:
                raise NodeError("not-ours")
        case Authorisation():
            _signable_authorisation(node, document, organisation)
        case AuthorisationWithdrawal():
            _signable_withdrawal(node, document, organisation)
        case JobRequest():
            _signable_request(node, document, organisation)
        case LooseningVote():
            votes.require_votable(node, document, organisation)
        case ZoneRules():
            governance.require_next(node, document, organisation)
        case _:
            raise NodeError("not-ours")


def _signable_policy(node: Node, policy: Policy, organisation: str) -> None:
    if policy.provider != organisation:
        raise NodeError("not-ours")
    if policy.capsule != policy.dataset:
        raise NodeError("capsule-id")
    row = node.store.one(
        "SELECT state, domain FROM dataset WHERE id = ? AND organisation = ?", policy.dataset, organisation
    )
    if row is None or row["state"] != "measured":
        raise NodeError("dataset-unmeasured")
    if unknown := unknown_names(policy, domain(row["domain"])):
        raise Refused(unknown[0])
    if capsules.state_of(node, policy.capsule) in ("revoked", "destroyed"):
        raise NodeError("capsule-over")
    expected = capsules.head_version(node, policy.capsule) + 1
    if policy.version != expected:
        raise NodeError("policy-version", expected=expected)
    derived.require_fitting(node, policy)
    governance.require_within(node, policy, threshold=guardians.plan(node, policy.provider).threshold)


def _signable_contract(node: Node, contract: Contract, organisation: str) -> None:
    if organisation not in (contract.provider, contract.consumer) or contract.provider == contract.consumer:
        raise NodeError("not-ours")
    if contract.not_after <= now_ms():
        raise NodeError("document-expired")
    other = contract.consumer if organisation == contract.provider else contract.provider
    card = node.card_of(other)
    if card is None or card.host is not None:  # a firm's host alone vouches for its card: not enough for a contract
        raise NodeError("card-unconfirmed", organisation=other)
    if organisation == contract.provider:
        held = capsules.held(node, contract.capsule)
        if held is None or held.policy.digest != contract.policy:
            raise NodeError("policy-not-head")
    _require_borne(node, contract)


def _require_borne(node: Node, contract: Contract) -> None:
    """The policy lets this user in, for this purpose, at this price: judged wherever it is held, its provider's node
    always, its user's once a job brought it there."""
    policy = sources.policy_of(node, contract.policy)
    if policy is None:
        return
    try:
        require_offerable(policy, contract, at=now_ms())
    except KernelRefused as refused:
        raise Refused(refused.refusal) from None


def _signable_authorisation(node: Node, authorisation: Authorisation, organisation: str) -> None:
    if authorisation.subject != organisation:
        raise NodeError("not-ours")
    if is_person(authorisation.subject):
        raise NodeError("person-code")
    if authorisation.not_after <= now_ms():
        raise NodeError("document-expired")
    for provider in authorisation.providers:
        if node.card_of(provider) is None:
            raise NodeError("card-unconfirmed", organisation=provider)


def _signable_withdrawal(node: Node, withdrawal: AuthorisationWithdrawal, organisation: str) -> None:
    if withdrawal.by != organisation:
        raise NodeError("not-ours")
    given = documents.held(node, withdrawal.authorisation, organisation=organisation)
    if given["kind"] != "authorisation" or given["state"] not in ("signed", "complete"):
        raise NodeError("not-ours")


def _signable_request(node: Node, request: JobRequest, organisation: str) -> None:
    if request.recipient != organisation:
        raise NodeError("not-ours")
    if request.expires_at <= now_ms():
        raise NodeError("document-expired")
    for one in request.inputs:
        if one.provider == organisation:
            if capsules.head_version(node, one.capsule) != one.version:
                raise NodeError("own-capsule-stale")
            continue
        if node.card_of(one.provider) is None:
            raise NodeError("card-unconfirmed", organisation=one.provider)
        if request.subject is None and contracts.state_of(node, one.contract or "") != "active":
            raise NodeError("contract-not-active")
    if request.subject is not None and is_person(request.subject):
        raise NodeError("person-code")


def _sign_one(node: Node, tx: Transaction, one: Draft, *, key: Signer, person: str) -> None:
    document = one.document
    require_signable(node, document, organisation=one.organisation)
    signature = sign_document(document, key, by=one.organisation)
    signed = with_signature(one.text, signature)
    documents.keep_signed(tx, signed, person=person)
    if isinstance(document, ContractAct):
        contracts.apply_act(tx, signed, document)
        documents.complete(tx, signed)
        outbox.say(node, tx, ContractActed(act=signed), organisation=one.organisation)
        return
    if isinstance(document, Contract):
        contracts.note_signed(tx, document, digest=one.digest)
    if isinstance(document, AuthorisationWithdrawal):
        withdrawals.keep(tx, signed, document)
    if isinstance(document, JobRequest):
        _await_result(tx, document, digest=one.digest)
    if isinstance(document, ZoneRules):
        governance.settle(node, tx, one.organisation)
        governance.take(node, tx, signed)
    body = DocumentSigned(document=one.digest, signature=signature, person=person)
    outbox.say(node, tx, body, organisation=one.organisation)


def _await_result(tx: Transaction, request: JobRequest, *, digest: str) -> None:
    tx.run(
        "INSERT INTO result (job, organisation, request, model, state) VALUES (?, ?, ?, ?, 'waiting')"
        " ON CONFLICT (job) DO NOTHING",
        request.id,
        request.recipient,
        digest,
        request.model,
    )


def _listed(node: Node, acting: Acting, condition: str) -> list[Draft]:
    rows = node.store.all(
        f"SELECT * FROM document WHERE organisation = ? AND {condition}",  # noqa: S608 (two constants above)
        acting.organisation,
    )
    return [_draft(node, row) for row in rows]


def _draft(node: Node, row: sqlite3.Row) -> Draft:
    return Draft(
        node=node,
        digest=row["digest"],
        kind=row["kind"],
        organisation=row["organisation"],
        text=documents.text_of(row),
        state=cast("State", row["state"]),
        received_at=row["received_at"],
        changed_at=row["changed_at"],
        reason=row["reason"],
    )
