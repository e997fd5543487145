"""Maker and checker: a policy is signed once enough people of the provider have approved exactly that policy.

Whoever may propose approves first (maker), somebody else second (checker), each by a passkey over the policy's digest
and the custody plan that holds then: who is to guard, and how many it takes.
An approval is kept with the authenticator's answer, so that it can be checked again at any time. It counts while it
holds: the person stands on the roster in a fitting role, the passkey is not revoked, and the answer is to this very
policy. With the last approval the node signs and seals, in the same transaction.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import Any, Literal, cast

import msgspec

from apps.node import custody, documents, guardians, passkeys, roster, signing
from apps.node.errors import Forbidden, IllegalMove, NodeError, NotFound
from apps.node.node import Node
from apps.node.passkeys import Evidence
from apps.node.roster import Act, Acting, require
from apps.node.signing import Draft
from creditzone.kernel.documents import digest_of

Fault = Literal["", "answer", "custody", "passkey", "roster"]


@dataclass(frozen=True, kw_only=True)
class Approval:
    """One person's approval. `fault` says why it does not hold: its answer is not to this policy, others are to
    guard by now, its passkey is revoked, or the person may not approve any more; all but the first matter only until
    the policy is signed."""

    person: str
    person_name: str
    role: roster.Role
    passkey: str
    at: int
    fault: Fault

    @property
    def holds(self) -> bool:
        """Whether it counts."""
        return not self.fault


def needed(node: Node, organisation: str) -> int:
    """How many people of the organisation approve a policy."""
    is_own = organisation == node.organisation
    return node.config.policy_signers if is_own else node.config.firm_policy_signers


def listing(node: Node, draft: Draft) -> list[Approval]:
    """Who approved a policy, in their order, each checked again now."""
    rows = node.store.all("SELECT * FROM approval WHERE document = ? ORDER BY at, person", draft.digest)
    return [_approval(node, draft, row) for row in rows]


def obstacle(node: Node, acting: Acting, draft: Draft) -> NodeError | None:
    """What stands against this person approving the policy now; None where nothing does."""
    try:
        _require_approvable(node, acting, draft, _holding(node, draft))
    except NodeError as problem:
        return problem
    return None


def completes(node: Node, draft: Draft) -> bool:
    """Whether the next approval is the last one needed, so that the policy is signed with it."""
    return len(_holding(node, draft)) + 1 >= needed(node, draft.organisation)


def ask(node: Node, acting: Acting, digest: str) -> dict[str, Any]:
    """What the person's authenticator is asked for this policy; raises the NodeError that stands against it."""
    draft = signing.draft(node, acting, digest)
    _require_approvable(node, acting, draft, _holding(node, draft))
    return passkeys.ask(node, acting, subject=_subject(node, draft))


def approve(node: Node, acting: Acting, digest: str, *, answer: str, passphrase: str | None = None) -> Draft:
    """Approve a policy by a passkey's answer; with the last approval that is needed it is signed and sealed.

    Raises Forbidden, IllegalMove, WrongPassphrase, or the NodeError that says what does not hold."""
    draft = signing.draft(node, acting, digest)
    _require_approvable(node, acting, draft, _holding(node, draft))
    is_last = completes(node, draft)
    key = documents.signing_key(node, acting.organisation, passphrase) if is_last else None
    evidence = passkeys.take_answer(node, acting, subject=_subject(node, draft), answer=answer)
    with node.store.write() as tx:
        draft = signing.draft(node, acting, digest)
        _require_approvable(node, acting, draft, _holding(node, draft))
        tx.run(
            "INSERT OR REPLACE INTO approval (document, person, organisation, person_name, role, evidence, at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            draft.digest,
            acting.person,
            acting.organisation,
            acting.person_name,
            acting.role,
            msgspec.json.encode(evidence).decode(),
            node.act(tx),
        )
        holding = _holding(node, draft)
        if len(holding) >= needed(node, draft.organisation):
            if key is None:  # somebody else approved meanwhile: the page asks again, for what signing needs
                raise IllegalMove("changed")
            signing.sign_approved(node, tx, draft, key=key, approved_by=[each.person for each in holding])
    custody.destroy_older(node)
    return signing.draft(node, acting, digest)


def withdraw(node: Node, acting: Acting, digest: str) -> None:
    """Take one's own approval of a policy back while it is not signed; raises IllegalMove, NotFound."""
    draft = signing.draft(node, acting, digest)
    with node.store.write() as tx:
        node.act(tx)
        if signing.draft(node, acting, digest).state != "draft":
            raise IllegalMove(draft.state)
        if not tx.run("DELETE FROM approval WHERE document = ? AND person = ?", draft.digest, acting.person):
            raise NotFound


def _holding(node: Node, draft: Draft) -> list[Approval]:
    return [each for each in listing(node, draft) if each.holds]


def _require_approvable(node: Node, acting: Acting, draft: Draft, holding: list[Approval]) -> None:
    require(acting, Act.APPROVE_POLICY)
    if draft.kind != "policy":
        raise NodeError("approval-other-kind")
    if draft.state != "draft":
        raise IllegalMove(draft.state)
    if _true_digest(draft) != draft.digest:
        raise NodeError("approval-altered")
    signing.require_signable(node, draft.document, organisation=draft.organisation)
    if any(each.person == acting.person for each in holding):
        raise NodeError("approval-twice")
    proposers = roster.MAY[Act.PROPOSE_POLICY]
    if acting.role not in proposers and not any(each.role in proposers for each in holding):
        raise Forbidden("approval-first")


def _subject(node: Node, draft: Draft) -> str:
    """What is approved: the policy, and who is to guard the version that is sealed under it."""
    return f"{_true_digest(draft)}/{guardians.digest_of_plan(guardians.plan(node, draft.organisation))}"


def _true_digest(draft: Draft) -> str:
    """The digest of what the text says, not of what the store calls it."""
    return digest_of(draft.document)


def _approval(node: Node, draft: Draft, row: sqlite3.Row) -> Approval:
    evidence = msgspec.json.decode(row["evidence"], type=Evidence)
    return Approval(
        person=row["person"],
        person_name=row["person_name"],
        role=cast("roster.Role", row["role"]),
        passkey=evidence.passkey_name,
        at=row["at"],
        fault=_fault(node, draft, row, evidence),
    )


def _fault(node: Node, draft: Draft, row: sqlite3.Row, evidence: Evidence) -> Fault:
    try:
        passkeys.check_again(node, evidence, person=row["person"], organisation=row["organisation"])
    except NodeError:
        return "answer"
    if evidence.subject.partition("/")[0] != _true_digest(draft):
        return "answer"
    if draft.state != "draft":
        return ""
    try:
        if evidence.subject != _subject(node, draft):
            return "custody"
    except NodeError:
        return "custody"
    if not passkeys.is_live(node, evidence.answer.credential, public_key=evidence.public_key):
        return "passkey"
    try:
        now = roster.acting(node, person=row["person"], organisation=row["organisation"], factor_at=0)
    except Forbidden:
        return "roster"
    return "" if now.role == row["role"] and roster.may(now, Act.APPROVE_POLICY) else "roster"
