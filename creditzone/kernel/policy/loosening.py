"""Looser rules for a derived capsule: only by a vote that every owner of its sources signed."""

from collections.abc import Callable, Sequence

from creditzone.kernel.documents import SignatureInvalid, Signed, require_signature_by_one
from creditzone.kernel.documents.policies import Parent, Policy, Rule
from creditzone.kernel.documents.votes import LooseningVote
from creditzone.kernel.forms import DocumentError
from creditzone.kernel.refusals import Refused
from creditzone.kernel.sm.sm2 import PublicKey

Sources = Callable[[Parent], Policy | None]
"""The policy that a parent names, signed by its provider; None where it is not here."""
Keys = Callable[[str], Sequence[PublicKey]]
"""The keys that vouch for an organisation's word; none where its card is not trusted."""


def ancestors_of(parents: tuple[Parent, ...], source: Sources) -> tuple[Parent, ...]:
    """A derived capsule's sources, and what those were made of in turn, each once.

    Raises Refused("vote-lineage") where a policy is not here."""
    found: dict[Parent, None] = {}
    waiting = list(parents)
    while waiting:
        parent = waiting.pop(0)
        if parent in found:
            continue
        policy = source(parent)
        if policy is None:
            raise Refused("vote-lineage", organisation=parent.provider)
        found[parent] = None
        waiting += policy.parents
    return tuple(found)


def require_no_looser(
    policy: Policy, left: tuple[Rule, ...], vote: Signed | None, *, source: Sources, keys_of: Keys, now: int
) -> None:
    """Before a derived capsule is sealed: its policy has just the rules that its sources leave, or those of a vote
    that has not expired. Raises Refused: derived-looser, vote-expired, and as `require_voted` does."""
    if policy.loosened_by is not None:
        voted = require_voted(policy, vote, source=source, keys_of=keys_of)
        if voted.expires_at <= now:
            raise Refused("vote-expired")
    elif policy.rules != left:
        raise Refused("derived-looser")


def require_voted(policy: Policy, vote: Signed | None, *, source: Sources, keys_of: Keys) -> LooseningVote:
    """The vote by which a policy may be looser than what its sources leave. Raises Refused: vote-unknown where it is
    not the one that the policy names, vote-lineage where a source's policy is not here, vote-missing for an owner that
    did not sign it, vote-other where it is about another capsule, other sources or other rules."""
    if vote is None or vote.digest != policy.loosened_by:
        raise Refused("vote-unknown", digest=(policy.loosened_by or "")[:16])
    ancestors = ancestors_of(policy.parents, source)
    found: LooseningVote | None = None
    for owner in dict.fromkeys(parent.provider for parent in ancestors):
        found = _signed_by(owner, vote, keys_of(owner))
    if found is None or not _is_about(policy, found, ancestors):
        raise Refused("vote-other")
    return found


def _signed_by(owner: str, vote: Signed, keys: Sequence[PublicKey]) -> LooseningVote:
    try:
        return require_signature_by_one(vote, LooseningVote, by=owner, keys=keys)
    except (DocumentError, SignatureInvalid):
        raise Refused("vote-missing", organisation=owner) from None


def _is_about(policy: Policy, vote: LooseningVote, ancestors: tuple[Parent, ...]) -> bool:
    same = (vote.zone, vote.capsule, vote.provider) == (policy.zone, policy.capsule, policy.provider)
    return same and set(vote.ancestors) == set(ancestors) and vote.rules == policy.rules
