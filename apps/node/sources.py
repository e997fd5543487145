"""What a derived capsule was made of, and what that was made of in turn: while one of these is closed, it opens for
nobody. Their states are read from their providers' signed acts that came here, those of own capsules among them.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from apps.node.node import Node
from apps.node.store import Store, Transaction
from creditzone.kernel.capsule.states import SOURCE_CLAUSES, CapsuleState, state_after
from creditzone.kernel.documents import CapsuleAct, Input, Parent, Policy, Signed, read
from creditzone.kernel.refusals import Refusal


def acts_on(reader: Node | Transaction, capsule: str, provider: str) -> list[CapsuleAct]:
    """The acts on a capsule that this node knows, oldest first; each was signed by the provider."""
    rows = _rows(reader).all(
        "SELECT text FROM capsule_act WHERE capsule = ? AND provider = ? ORDER BY at, rowid", capsule, provider
    )
    return [read(_signed(row["text"]), CapsuleAct) for row in rows]


def state_said(reader: Node | Transaction, capsule: str, provider: str) -> CapsuleState:
    """Where the provider's acts that reached this node leave a capsule, whoever's node it is. Who guards a share of
    its secret releases none unless this is `sealed`."""
    return state_after(one.act for one in acts_on(reader, capsule, provider))


def closed_source(reader: Node | Transaction, policy: Policy) -> Refusal | None:
    """The clause with which a use of what stands under `policy` is refused for one of its sources, named; None while
    all of them are open."""
    for source in behind(reader, policy):
        clause = SOURCE_CLAUSES.get(state_said(reader, source.capsule, source.provider))
        if clause is not None:
            return Refusal(clause, {"source": source.capsule, "organisation": source.provider})
    return None


def made_of(reader: Node | Transaction, capsule: str, provider: str) -> list[str]:
    """Own capsules that were made of this one, by however many steps."""
    made = []
    for row in _rows(reader).all("SELECT id, policy FROM capsule ORDER BY id DESC"):
        sources = behind(reader, read(_signed(row["policy"]), Policy))
        if any((one.capsule, one.provider) == (capsule, provider) for one in sources):
            made.append(row["id"])
    return made


def policy_used(reader: Node | Transaction, one: Input) -> Signed | None:
    """Another provider's policy in the version that a job used; None where it did not come here. A contract may name
    an older one, and somebody else's policy may name the same capsule: only its provider's word counts."""
    rows = _rows(reader).all("SELECT text FROM peer_policy WHERE capsule = ? AND version = ?", one.capsule, one.version)
    held = (_signed(row["text"]) for row in rows)
    return next((policy for policy in held if read(policy, Policy).provider == one.provider), None)


def behind(reader: Node | Transaction, policy: Policy) -> Iterator[Parent]:
    """All that a policy's capsule was made of, each once, the nearest first. Policies name their parents' by digest, so
    there is no circle."""
    waiting, seen = list(policy.parents), set()
    while waiting:
        parent = waiting.pop(0)
        if parent.policy in seen:
            continue
        seen.add(parent.policy)
        yield parent
        known = policy_of(reader, parent.policy)
        waiting += known.parents if known is not None else ()


def policy_of(reader: Node | Transaction, digest: str) -> Policy | None:
    """The policy with this digest, an own one or one that came here with a job; None where it is not here."""
    held = signed_policy(reader, digest)
    return None if held is None else read(held, Policy)


def signed_policy(reader: Node | Transaction, digest: str) -> Signed | None:
    """The policy with this digest as its provider signed it; None where it is not here."""
    row = _rows(reader).one(
        "SELECT text FROM peer_policy WHERE digest = ? UNION ALL SELECT text FROM document WHERE digest = ?",
        digest,
        digest,
    )
    return None if row is None else _signed(row["text"])


def _rows(reader: Node | Transaction) -> Store | Transaction:
    return reader.store if isinstance(reader, Node) else reader


def _signed(text: str) -> Signed:
    return msgspec.json.decode(text, type=Signed)
