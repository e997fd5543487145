"""Shares that this node guards for others: deposits, each only in its newest version, and what is released of them.

A share is released for one attempt of one job, to its provider's node alone: under an order of the zone and a request
of its recipient that pass every check of the provider's own node, its policy's among them, as far as they can be made
here. Counts of uses and the state of contracts that this organisation has no part in stand at the provider's node only.
"""

from __future__ import annotations

import base64
import sqlite3
from dataclasses import dataclass

import msgspec

from apps.node import contracts, governance, outbox, sealed, shares, sources, withdrawals
from apps.node.custody import place_of
from apps.node.node import Node
from apps.node.store import Transaction
from creditzone.kernel.capsule.states import CLAUSES, CapsuleState
from creditzone.kernel.custody.letters import Place, open_deposit, open_share
from creditzone.kernel.custody.shares import Share
from creditzone.kernel.documents import (
    CapsuleHeader,
    Card,
    Deposit,
    DepositAnswered,
    DepositSent,
    DocumentError,
    Holder,
    Loosening,
    Parent,
    Policy,
    ShareAsked,
    ShareReleased,
    ShareWithheld,
    SignatureInvalid,
    Signed,
    Statement,
    key_id,
    now_ms,
    read,
)
from creditzone.kernel.orders import CheckedOrder, HeldCapsule, Standing, check_order
from creditzone.kernel.refusals import Refusal, Refused
from creditzone.kernel.sm.sm2 import PublicKey
from creditzone.kernel.sm.sm4 import AuthenticationError


@dataclass(frozen=True, kw_only=True)
class Guarded:
    """A deposit that is kept here, where its provider's acts leave its capsule, and how often its share was released or
    withheld; `clause` is the last refusal's."""

    provider: str
    header: CapsuleHeader
    policy: Policy
    state: CapsuleState
    taken_at: int
    released: int
    withheld: int
    last_at: int | None
    clause: str
    facts: dict[str, str]


def listing(node: Node) -> list[Guarded]:
    """What this node guards, newest first."""
    return [_guarded(node, row) for row in node.store.all("SELECT * FROM deposit ORDER BY taken_at DESC, capsule")]


def _guarded(node: Node, row: sqlite3.Row) -> Guarded:
    deposit = _deposit(row)
    answers = node.store.all(
        "SELECT clause, facts, at FROM share_answer WHERE provider = ? AND capsule = ? ORDER BY at",
        row["provider"],
        row["capsule"],
    )
    return Guarded(
        provider=row["provider"],
        header=read(deposit.header, CapsuleHeader),
        policy=read(deposit.policy, Policy),
        state=sources.state_said(node, row["capsule"], row["provider"]),
        taken_at=row["taken_at"],
        released=sum(not one["clause"] for one in answers),
        withheld=sum(bool(one["clause"]) for one in answers),
        last_at=answers[-1]["at"] if answers else None,
        clause=answers[-1]["clause"] if answers else "",
        facts=msgspec.json.decode(answers[-1]["facts"], type=dict[str, str]) if answers else {},
    )


# Deposits -----------------------------------------------------------------------------------------------------------


def take(node: Node, tx: Transaction, said: Statement, body: DepositSent) -> None:
    """Keep a provider's deposit in the place of an older one, and say so; one that is not newer changes nothing."""
    if body.to != node.organisation:
        return
    held = tx.one("SELECT version FROM deposit WHERE provider = ? AND capsule = ?", said.organisation, body.capsule)
    if held is not None and held["version"] >= body.version:
        return
    refusal = None
    try:
        text = _checked(node, said, body)
    except Refused as refused:
        refusal = refused.refusal.note()
    else:
        tx.run(
            "INSERT INTO deposit (provider, capsule, version, text, taken_at) VALUES (?, ?, ?, ?, ?)"
            " ON CONFLICT (provider, capsule) DO UPDATE SET version = excluded.version, text = excluded.text,"
            " taken_at = excluded.taken_at",
            said.organisation,
            body.capsule,
            body.version,
            text,
            now_ms(),
        )
        if held is not None:
            tx.deleted_secrets()
    answer = DepositAnswered(
        capsule=body.capsule, version=body.version, provider=said.organisation, refusal=refusal, at=now_ms()
    )
    outbox.say(node, tx, answer)


def _checked(node: Node, said: Statement, body: DepositSent) -> str:
    """The deposit's text, once it opens here, is its provider's, and its share is the one of its header."""
    place = Place(
        zone=node.zone,
        provider=said.organisation,
        holder=node.organisation,
        capsule=body.capsule,
        version=body.version,
    )
    provider = said.organisation
    try:
        plain = open_deposit(base64.b64decode(body.body, validate=True), node.keys.encryption, place)
        document = msgspec.json.decode(plain, type=Signed)
        deposit = node.require_signed(document, Deposit, by=provider, now=now_ms())
        header = node.require_signed(deposit.header, CapsuleHeader, by=provider, now=now_ms())
        policy = node.require_signed(deposit.policy, Policy, by=provider, now=now_ms())
        fits = (deposit.custodian, header.capsule, header.version, header.policy, policy.capsule)
        if fits != (node.organisation, body.capsule, body.version, deposit.policy.digest, body.capsule):
            raise Refused("deposit-unfit", organisation=said.organisation)
        own_share(node, deposit)
    except (AuthenticationError, DocumentError, SignatureInvalid, ValueError):
        raise Refused("deposit-unfit", organisation=said.organisation) from None
    return plain.decode()


def own_share(node: Node, deposit: Deposit) -> Share:
    """The share that this node holds; raises Refused where it is not the one of the header."""
    header = read(deposit.header, CapsuleHeader)
    holder = _me(node, header)
    share = open_share(bytes.fromhex(deposit.share), node.keys.encryption, place_of(header, holder), index=holder.index)
    if not share.fits(holder.commitment, header.capsule, header.version):
        raise Refused("deposit-unfit", organisation=header.provider)
    return share


def _me(node: Node, header: CapsuleHeader) -> Holder:
    own = {key_id(pair.encryption) for pair in node.keys.provider.pairs()}  # a replaced one still opens
    for holder in header.custody.holders:
        if holder.kind == "node" and holder.organisation == node.organisation and holder.key in own:
            return holder
    raise Refused("deposit-unfit", organisation=header.provider)


def forget(tx: Transaction, *, provider: str, capsule: str) -> None:
    """Keep no share any more of a capsule that its provider destroyed. Call it on what the provider itself signed."""
    if tx.run("DELETE FROM deposit WHERE provider = ? AND capsule = ?", provider, capsule):
        tx.deleted_secrets()


# Releases -----------------------------------------------------------------------------------------------------------


def answer(node: Node, tx: Transaction, said: Statement, body: ShareAsked, *, card: Card) -> None:
    """Release the own share for the attempt that its provider asks for, or say why not: once for each attempt."""
    known = tx.one(
        "SELECT 1 FROM share_answer WHERE provider = ? AND capsule = ? AND job = ? AND fence = ?",
        said.organisation,
        body.capsule,
        body.job,
        body.fence,
    )
    if known is not None or body.to != node.organisation:
        return
    refusal: Refusal | None = None
    try:
        checked, share = _require_released(node, tx, said, body)
    except Refused as refused:
        refusal = refused.refusal
    else:
        node.act(tx)
        outbox.say(node, tx, _release(node, body, share, expires_at=checked.order.expires_at, to=said.node, card=card))
    if refusal is not None:
        outbox.say(node, tx, _withhold(body, refusal, to=said.node))
    tx.run(
        "INSERT INTO share_answer (provider, capsule, job, fence, version, clause, facts, at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        said.organisation,
        body.capsule,
        body.job,
        body.fence,
        body.version,
        "" if refusal is None else refusal.clause,
        msgspec.json.encode({} if refusal is None else refusal.facts).decode(),
        now_ms(),
    )


def _require_released(node: Node, tx: Transaction, said: Statement, body: ShareAsked) -> tuple[CheckedOrder, Share]:
    """The order that permits the release, and the share; raises Refused."""
    row = tx.one("SELECT * FROM deposit WHERE provider = ? AND capsule = ?", said.organisation, body.capsule)
    if row is None:
        raise Refused("deposit-missing", capsule=body.capsule)
    if row["version"] != body.version:
        raise Refused("capsule-version", asked=body.version, head=row["version"])
    deposit = _deposit(row)
    checked = check_order(body.order, _standing(node, tx, said.organisation, body, deposit))
    order = checked.order
    if (order.job, order.attempt, order.fence) != (body.job, body.attempt, body.fence):
        raise Refused("order-mismatch", what="job")
    if checked.header.capsule != body.capsule:
        raise Refused("order-mismatch", what="capsule")
    try:
        return checked, own_share(node, deposit)
    except AuthenticationError:
        raise Refused("deposit-unfit", organisation=said.organisation) from None


def _standing(node: Node, tx: Transaction, provider: str, body: ShareAsked, deposit: Deposit) -> Standing:
    """What the provider's own check would read, as far as this node knows it."""
    clause = CLAUSES.get(sources.state_said(tx, body.capsule, provider))
    closed = None if clause is None else Refusal(clause, {})
    held = HeldCapsule(header=deposit.header, policy=deposit.policy, closed=closed)
    looser = deposit.loosening
    return Standing(
        me=provider,
        zone=node.zone,
        zone_key=node.zone_key,
        zone_signer=node.zone_card.organisation,
        now=now_ms(),
        kept_time=node.store.number("kept-time"),
        cards=node.cards(),
        has_seen=lambda order: False,
        last_fence=lambda job: _last_fence(tx, provider, job),
        contract_state=lambda digest: contracts.state_of(node, digest) or "active",
        withdrawals=lambda digest: withdrawals.of(node, digest),
        capsule=lambda capsule: held if capsule == body.capsule else None,
        counts=lambda capsule, job: {},
        program=body.program,
        earlier=node.earlier_keys(),
        zone_rules=lambda digest: governance.find(node, digest),
        vote=lambda digest: None if looser is None else looser.vote,
        source=lambda parent: None if looser is None else _source(node, looser, parent),
    )


def _source(node: Node, looser: Loosening, parent: Parent) -> Policy | None:
    """The policy that a parent names, out of those that came with the deposit; None unless its provider signed it."""
    found = next((one for one in looser.sources if one.digest == parent.policy), None)
    if found is None:
        return None
    try:
        return node.require_signed(found, Policy, by=parent.provider)
    except (DocumentError, SignatureInvalid):
        return None


def _last_fence(tx: Transaction, provider: str, job: str) -> int:
    row = tx.one("SELECT max(fence) AS fence FROM share_answer WHERE provider = ? AND job = ?", provider, job)
    return int(row["fence"] or 0) if row is not None else 0


def _release(node: Node, body: ShareAsked, share: Share, *, expires_at: int, to: str, card: Card) -> ShareReleased:
    released = ShareReleased(
        capsule=body.capsule,
        version=body.version,
        to=to,
        job=body.job,
        attempt=body.attempt,
        fence=body.fence,
        expires_at=expires_at,
        body="",
    )
    envelope = sealed.seal(
        shares.purpose_of(node, node.organisation, to, released),
        (share.salt + share.value).hex(),
        key=node.keys.signing,
        recipient=PublicKey.from_hex(card.encryption_key),
    )
    return msgspec.structs.replace(released, body=base64.b64encode(envelope).decode())


def _withhold(body: ShareAsked, refusal: Refusal, *, to: str) -> ShareWithheld:
    return ShareWithheld(
        capsule=body.capsule,
        version=body.version,
        to=to,
        job=body.job,
        attempt=body.attempt,
        fence=body.fence,
        refusal=refusal.note(),
    )


def _deposit(row: sqlite3.Row) -> Deposit:
    return read(msgspec.json.decode(row["text"], type=Signed), Deposit)
