"""Contracts as they stand at this node: what its own officers signed, suspended or ended, whatever the portal says."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, cast

import msgspec

from apps.node import consents, derived, documents, governance, outbox, votes, withdrawals
from apps.node.errors import IllegalMove, NodeError, NotFound
from apps.node.node import Node
from apps.node.passkeys import bind
from apps.node.roster import Act, Acting
from apps.node.store import Transaction
from creditzone.kernel.documents import (
    Authorisation,
    AuthorisationWithdrawal,
    Contract,
    ContractAct,
    ContractActed,
    DocumentError,
    LooseningVote,
    Policy,
    SignatureInvalid,
    Signed,
    ZoneRules,
    new_id,
    now_ms,
    parse_any,
    read,
    signed,
)

State = Literal["proposed", "active", "suspended", "terminated", "expired"]
What = Literal["suspend", "resume", "terminate"]
_MOVES: dict[tuple[str, What], str] = {
    ("active", "suspend"): "suspended",
    ("suspended", "resume"): "active",
    ("active", "terminate"): "terminated",
    ("suspended", "terminate"): "terminated",
    ("signed", "terminate"): "terminated",
}


@dataclass(frozen=True, kw_only=True)
class ContractStanding:
    """A contract with the state that it has here."""

    digest: str
    contract: Contract
    state: State
    acts: tuple[ContractAct, ...]


def listing(node: Node, acting: Acting) -> list[ContractStanding]:
    """The contracts of the person's organisation, newest first."""
    rows = node.store.all(
        "SELECT c.digest, c.state, d.text FROM contract c JOIN document d ON d.digest = c.digest"
        " WHERE ? IN (c.provider, c.consumer) ORDER BY c.id DESC",
        acting.organisation,
    )
    return [_standing(node, row["digest"], row["text"], row["state"]) for row in rows]


def state_of(node: Node, digest: str) -> str | None:
    """The state that counts in an order's check; None where nobody here signed the contract."""
    row = node.store.one("SELECT state FROM contract WHERE digest = ?", digest)
    return None if row is None else str(row["state"])


def on_capsule(tx: Transaction, capsule: str, *, provider: str, states: Sequence[str]) -> list[str]:
    """Digests of the contracts under which `provider` lets a capsule be used, in these of the store's states."""
    rows = tx.all(
        "SELECT c.digest, c.state, d.text FROM contract c JOIN document d ON d.digest = c.digest"
        " WHERE c.provider = ? AND instr(d.text, ?) ORDER BY c.id",
        provider,
        capsule,
    )
    return [row["digest"] for row in rows if row["state"] in states and _contract(row["text"]).capsule == capsule]


def is_suspended_at(tx: Transaction, digest: str, *, by: str, at: int | None) -> bool:
    """Whether the contract's last suspension is this party's of that very instant."""
    last = _suspension(tx, digest)
    return last is not None and (last.by, last.at) == (by, at)


def note_signed(tx: Transaction, contract: Contract, *, digest: str) -> None:
    """One of our organisations signed it: it is known here, and active once the other signature came."""
    tx.run(
        "INSERT INTO contract (digest, id, provider, consumer, state, changed_at) VALUES (?, ?, ?, ?, 'signed', ?)"
        " ON CONFLICT (digest) DO NOTHING",
        digest,
        contract.id,
        contract.provider,
        contract.consumer,
        now_ms(),
    )


def complete(node: Node, tx: Transaction, document: Signed) -> None:
    """A document with all its signatures came back. A contract that we signed becomes active if both signatures fit."""
    try:
        parsed = parse_any(document.text.encode())
    except DocumentError:
        return
    if parsed.zone != node.zone:
        return
    if isinstance(parsed, Contract):
        _complete_contract(node, tx, document, parsed)
    elif isinstance(parsed, ContractAct):
        _take_act(node, tx, document, parsed)
    elif isinstance(parsed, Policy):
        derived.keep_policy(node, tx, document, parsed)
    else:
        if isinstance(parsed, AuthorisationWithdrawal):
            withdrawals.keep(tx, document, parsed)
        elif isinstance(parsed, Authorisation) and node.organisation in parsed.providers:
            consents.keep(tx, document, parsed)
        elif isinstance(parsed, ZoneRules):
            governance.take(node, tx, document)
        verified = _verified(node, document)
        if isinstance(parsed, LooseningVote):
            votes.keep(tx, verified)
        documents.complete(tx, verified)


def act(node: Node, acting: Acting, digest: str, *, act: What, reason: str, passphrase: str | None = None) -> Signed:
    """Suspend, resume or terminate: it holds here at once, and the portal is told.

    Raises what `bind` raises, NotFound, IllegalMove; WrongPassphrase at a hosted node."""
    bind(node, acting, Act.ACT_ON_CONTRACT, contract=digest, what=act, reason=reason)
    if not reason.strip() or len(reason) > 400:
        raise NodeError("invalid", reason="empty")
    key = documents.signing_key(node, acting.organisation, passphrase)
    with node.store.write() as tx:
        contract = ContractAct(
            zone=node.zone,
            id=new_id(),
            contract=digest,
            act=act,
            by=acting.organisation,
            reason=reason.strip(),
            at=node.act(tx),
        )
        document = signed(contract, key, by=acting.organisation)
        apply_act(tx, document, contract)
        outbox.say(node, tx, ContractActed(act=document), organisation=acting.organisation)
    return document


def apply_act(tx: Transaction, document: Signed, act: ContractAct) -> None:
    """Carry out a signed act inside a transaction; raises NotFound, IllegalMove. Only who suspended may resume."""
    row = tx.one("SELECT * FROM contract WHERE digest = ?", act.contract)
    if row is None or act.by not in (row["provider"], row["consumer"]):
        raise NotFound
    to = _MOVES.get((row["state"], act.act))
    if to is None or (act.act == "resume" and _suspended_by(tx, act.contract) != act.by):
        raise IllegalMove(row["state"])
    tx.run("UPDATE contract SET state = ?, changed_at = ? WHERE digest = ?", to, now_ms(), act.contract)
    _keep_act(tx, document, act)


def take_back_act(tx: Transaction, document: Signed) -> None:
    """Put back an act of our own that this store's backup does not know; it holds as soon as its contract is here."""
    act = read(document, ContractAct)
    if tx.one("SELECT 1 FROM contract_act WHERE digest = ?", document.digest):
        return
    try:
        with tx.part():
            apply_act(tx, document, act)
    except (NotFound, IllegalMove):
        _keep_act(tx, document, act)


def _keep_act(tx: Transaction, document: Signed, act: ContractAct) -> None:
    tx.run(
        "INSERT INTO contract_act (digest, contract, text, at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
        document.digest,
        act.contract,
        msgspec.json.encode(document).decode(),
        act.at,
    )


def _complete_contract(node: Node, tx: Transaction, document: Signed, contract: Contract) -> None:
    row = tx.one("SELECT state FROM contract WHERE digest = ?", document.digest)
    if row is not None and row["state"] != "signed":
        return  # it is known, or was ended meanwhile
    for party in (contract.provider, contract.consumer):
        now = None if party in node.organisations() else now_ms()
        try:
            node.require_signed(document, Contract, by=party, dated=contract.drafted_at, now=now)
        except SignatureInvalid:
            return
    if row is None and not _take_back(node, tx, document, contract):
        return
    tx.run("UPDATE contract SET state = 'active', changed_at = ? WHERE digest = ?", now_ms(), document.digest)
    documents.complete(tx, document)
    for kept in tx.all("SELECT text FROM contract_act WHERE contract = ? ORDER BY at, rowid", document.digest):
        act = msgspec.json.decode(kept["text"], type=Signed)
        with contextlib.suppress(NotFound, IllegalMove):
            apply_act(tx, act, read(act, ContractAct))


def _take_back(node: Node, tx: Transaction, document: Signed, contract: Contract) -> bool:
    """A contract that bears our own signature and is not in this store was signed before a backup was put back."""
    ours = next((party for party in (contract.provider, contract.consumer) if party in node.organisations()), None)
    if ours is None:
        return False
    note_signed(tx, contract, digest=document.digest)
    documents.take_back(tx, document, organisation=ours)
    return True


def _verified(node: Node, document: Signed) -> Signed:
    """The document with those of its signatures that fit the cards trusted here."""
    kind = type(parse_any(document.text.encode()))
    kept = []
    for signature in document.signatures:
        alone = Signed(text=document.text, signatures=(signature,))
        try:
            node.require_signed(alone, kind, by=signature.by, now=now_ms())
        except SignatureInvalid:
            continue
        kept.append(signature)
    return Signed(text=document.text, signatures=tuple(kept))


def _take_act(node: Node, tx: Transaction, document: Signed, act: ContractAct) -> None:
    """The other side's act, signed by it: it holds here too. The portal cannot make one up."""
    if tx.one("SELECT 1 FROM contract_act WHERE digest = ?", document.digest):
        return
    try:
        node.require_signed(document, ContractAct, by=act.by, dated=act.at, now=now_ms())
        apply_act(tx, document, act)
    except (SignatureInvalid, NotFound, IllegalMove):
        return


def _suspended_by(tx: Transaction, contract: str) -> str | None:
    last = _suspension(tx, contract)
    return None if last is None else last.by


def _suspension(tx: Transaction, contract: str) -> ContractAct | None:
    rows = tx.all("SELECT text FROM contract_act WHERE contract = ? ORDER BY at DESC, rowid DESC", contract)
    for row in rows:
        found = read(msgspec.json.decode(row["text"], type=Signed), ContractAct)
        if found.act == "suspend":
            return found
    return None


def _contract(text: str) -> Contract:
    return read(msgspec.json.decode(text, type=Signed), Contract)


def _standing(node: Node, digest: str, text: str, state: str) -> ContractStanding:
    contract = _contract(text)
    rows = node.store.all("SELECT text FROM contract_act WHERE contract = ? ORDER BY at", digest)
    acts = tuple(read(msgspec.json.decode(row["text"], type=Signed), ContractAct) for row in rows)
    shown = "proposed" if state == "signed" else state
    if shown in ("proposed", "active", "suspended") and contract.not_after <= now_ms():
        shown = "expired"
    return ContractStanding(digest=digest, contract=contract, state=cast("State", shown), acts=acts)
