"""Acts on capsules: a provider freezes, resumes, revokes or destroys one of its own, by a signed document.

It holds at this node at once, whatever the portal says: nothing opens any more, what runs on the capsule ends, and its
contracts are suspended or ended by acts of the same instant, under the same signature. The portal passes the act on;
other nodes believe it for its provider's signature alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import msgspec

from apps.node import (
    attempts,
    capsules,
    certificates,
    contracts,
    custodian,
    custody,
    datasets,
    documents,
    outbox,
    sources,
)
from apps.node.capsules import CapsuleStanding
from apps.node.contracts import ContractStanding
from apps.node.errors import IllegalMove, NodeError, NotFound
from apps.node.node import Node
from apps.node.passkeys import bind
from apps.node.roster import Act, Acting
from apps.node.store import Transaction
from creditzone.kernel.capsule.states import CLAUSES, STATE_AFTER, after
from creditzone.kernel.documents import (
    CapsuleAct,
    CapsuleActed,
    CapsuleActKind,
    ContractAct,
    ContractActed,
    DocumentError,
    SignatureInvalid,
    Signed,
    new_id,
    now_ms,
    read,
    signed,
)
from creditzone.kernel.sm.keys import Signer

_ON_CONTRACTS: Final[dict[CapsuleActKind, tuple[Literal["suspend", "resume", "terminate"], tuple[str, ...]]]] = {
    "freeze": ("suspend", ("active",)),
    "resume": ("resume", ("suspended",)),
    "revoke": ("terminate", ("signed", "active", "suspended")),
}


@dataclass(frozen=True, kw_only=True)
class Impact:
    """What an act would touch, as far as this node knows: it is shown before anything is signed."""

    jobs: tuple[str, ...]
    contracts: tuple[ContractStanding, ...]
    derived: tuple[CapsuleStanding, ...]
    grantees: tuple[str, ...]


def impact(node: Node, acting: Acting, standing: CapsuleStanding) -> Impact:
    """Jobs that run here, contracts in force, own capsules made of it, and whom its policy names."""
    made = sources.made_of(node, standing.capsule, acting.organisation)
    grantees = {one: None for rule in standing.policy.rules if rule.effect == "permit" for one in rule.grantees}
    return Impact(
        jobs=tuple(attempts.live_on(node, standing.capsule)),
        contracts=tuple(
            one
            for one in contracts.listing(node, acting)
            if one.contract.capsule == standing.capsule and one.state in ("proposed", "active", "suspended")
        ),
        derived=tuple(one for one in capsules.listing(node, acting) if one.capsule in made),
        grantees=tuple(grantees),
    )


def act(
    node: Node, acting: Acting, capsule: str, *, act: CapsuleActKind, reason: str, passphrase: str | None = None
) -> Signed:
    """Freeze, resume, revoke or destroy a capsule of the person's organisation; the signed act.

    Raises what `bind` raises, NotFound, IllegalMove; NodeError while a job still rests on what is to be destroyed;
    WrongPassphrase at a hosted node."""
    bind(node, acting, Act.ACT_ON_CAPSULE, capsule=capsule, what=act, reason=reason)
    if not reason.strip() or len(reason) > 400:
        raise NodeError("invalid", reason="empty")
    key = documents.signing_key(node, acting.organisation, passphrase)
    with node.store.write() as tx:
        found = tx.one("SELECT version FROM capsule WHERE id = ? AND organisation = ?", capsule, acting.organisation)
        if found is None:
            raise NotFound
        document = CapsuleAct(
            zone=node.zone,
            id=new_id(),
            capsule=capsule,
            version=found["version"],
            act=act,
            by=acting.organisation,
            reason=reason.strip(),
            at=node.act(tx),
        )
        made = signed(document, key, by=acting.organisation)
        _require_possible(node, tx, document)
        gone = _apply(node, tx, made, document)
        outbox.say(node, tx, CapsuleActed(act=made, person=acting.person), organisation=acting.organisation)
        _act_on_contracts(node, tx, document, key=key)
        certificates.issue(node, tx, made, document, key=key)
    datasets.unlink(node, gone)
    node.store.forget_noted()
    return made


def take(node: Node, tx: Transaction, document: Signed, act: CapsuleAct) -> None:
    """Another provider's act arrived: it is kept if that provider signed it, what runs on what was made of its capsule
    ends, and a share of a destroyed one is guarded no more."""
    if act.zone != node.zone or act.by in node.organisations():
        return
    try:
        node.require_signed(document, CapsuleAct, by=act.by, dated=act.at, now=now_ms())
    except (DocumentError, SignatureInvalid):
        return
    _keep(tx, document, act)
    _stop_derived(node, tx, act)
    if sources.state_said(tx, act.capsule, act.by) == "destroyed":
        custodian.forget(tx, provider=act.by, capsule=act.capsule)


def take_back(node: Node, tx: Transaction, document: Signed) -> None:
    """Put back an act of our own that this store's backup does not know: it holds again."""
    act = read(document, CapsuleAct)
    if tx.one("SELECT 1 FROM capsule_act WHERE digest = ?", document.digest):
        return
    state = capsules.state_of(tx, act.capsule)
    if state is None or after(state, act.act) is None:
        _keep(tx, document, act)
    else:
        datasets.unlink(node, _apply(node, tx, document, act))


def _require_possible(node: Node, tx: Transaction, act: CapsuleAct) -> None:
    state = capsules.state_of(tx, act.capsule) or "sealed"
    if after(state, act.act) is None:
        raise IllegalMove(state)
    if act.act == "destroy" and attempts.live_on(tx, act.capsule):
        raise NodeError("dataset-in-job")


def _apply(node: Node, tx: Transaction, document: Signed, act: CapsuleAct) -> list[str]:
    """Carry an own act out: the bodies whose files are to go once the transaction stands."""
    to = STATE_AFTER[act.act]
    tx.run("UPDATE capsule SET state = ? WHERE id = ?", to, act.capsule)
    _keep(tx, document, act)
    if to in CLAUSES:
        attempts.stop_on(node, tx, act.capsule, reason=CLAUSES[to])
    _stop_derived(node, tx, act)
    if act.act != "destroy":
        return []
    custody.destroy(tx, act.capsule)
    tx.deleted_secrets()
    return datasets.forget(tx, act.capsule)


def _act_on_contracts(node: Node, tx: Transaction, act: CapsuleAct, *, key: Signer) -> None:
    """Suspend, resume or end the capsule's contracts by acts of the same instant. A freeze's own suspensions are those
    of its instant, so that resuming lifts no other."""
    if act.act not in _ON_CONTRACTS:
        return
    what, states = _ON_CONTRACTS[act.act]
    frozen_at = max((one.at for one in sources.acts_on(tx, act.capsule, act.by) if one.act == "freeze"), default=None)
    for digest in contracts.on_capsule(tx, act.capsule, provider=act.by, states=states):
        if what == "resume" and not contracts.is_suspended_at(tx, digest, by=act.by, at=frozen_at):
            continue
        one = ContractAct(
            zone=node.zone, id=new_id(), contract=digest, act=what, by=act.by, reason=act.reason, at=act.at
        )
        made = signed(one, key, by=act.by)
        contracts.apply_act(tx, made, one)
        outbox.say(node, tx, ContractActed(act=made), organisation=act.by)


def _stop_derived(node: Node, tx: Transaction, act: CapsuleAct) -> None:
    """What runs on own capsules made of this one ends with the clause that names it."""
    for capsule in sources.made_of(tx, act.capsule, act.by):
        if closed := capsules.closed_by(tx, capsule):
            attempts.stop_on(node, tx, capsule, reason=closed.clause)


def _keep(tx: Transaction, document: Signed, act: CapsuleAct) -> None:
    tx.run(
        "INSERT INTO capsule_act (digest, capsule, provider, act, text, at) VALUES (?, ?, ?, ?, ?, ?)"
        " ON CONFLICT DO NOTHING",
        document.digest,
        act.capsule,
        act.by,
        act.act,
        msgspec.json.encode(document).decode(),
        act.at,
    )
