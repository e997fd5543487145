"""Votes for looser rules of a derived capsule: asked of the owners of what it was made of, and kept where it is."""

from __future__ import annotations

import msgspec

from apps.node import documents, sources
from apps.node.errors import NodeError
from apps.node.node import Node
from apps.node.store import Transaction
from creditzone.kernel.documents import Loosening, LooseningVote, Parent, Policy, Signed, now_ms, read, with_signature


def require_votable(node: Node, vote: LooseningVote, organisation: str) -> None:
    """Raises NodeError unless the vote is about what was made of this organisation's own capsules, under policies that
    it signed here itself: vote-other-source where it names others, document-expired."""
    mine = [parent for parent in vote.ancestors if parent.provider == organisation]
    if not mine:
        raise NodeError("not-ours")
    if not all(_signed_here(node, parent) for parent in mine):
        raise NodeError("vote-other-source")
    if vote.expires_at <= now_ms():
        raise NodeError("document-expired")


def _signed_here(node: Node, parent: Parent) -> bool:
    row = node.store.one(
        "SELECT * FROM document WHERE digest = ? AND kind = 'policy' AND state = 'complete' AND organisation = ?",
        parent.policy,
        parent.provider,
    )
    return row is not None and read(documents.text_of(row), Policy).capsule == parent.capsule


def keep(tx: Transaction, document: Signed) -> None:
    """Keep a vote with its signatures, which were checked, beside those that came before; whether these are all is
    checked where it is used."""
    row = tx.one("SELECT text FROM vote WHERE digest = ?", document.digest)
    for signature in msgspec.json.decode(row["text"], type=Signed).signatures if row else ():
        document = with_signature(document, signature)
    tx.run(
        "INSERT INTO vote (digest, text) VALUES (?, ?) ON CONFLICT (digest) DO UPDATE SET text = excluded.text",
        document.digest,
        msgspec.json.encode(document).decode(),
    )


def find(node: Node, digest: str) -> Signed | None:
    """The vote with this digest, its signatures not checked."""
    row = node.store.one("SELECT text FROM vote WHERE digest = ?", digest)
    return None if row is None else msgspec.json.decode(row["text"], type=Signed)


def loosening_of(node: Node, policy: Policy) -> Loosening | None:
    """What another node checks a policy's vote by, as it stands here; None where the policy names no vote."""
    vote = find(node, policy.loosened_by) if policy.loosened_by is not None else None
    if vote is None:
        return None
    behind = (sources.signed_policy(node, one.policy) for one in sources.behind(node, policy))
    return Loosening(vote=vote, sources=tuple(one for one in behind if one is not None))
