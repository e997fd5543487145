"""What all owners of a derived capsule's sources allow it together, beyond what their policies leave."""

from typing import Annotated

from msgspec import Meta

from creditzone.kernel.documents.policies import Parent, Rule
from creditzone.kernel.forms import Document, Id, Instant, Uscc


class LooseningVote(Document, frozen=True, kw_only=True, tag="loosening-vote"):
    """The word of every owner that a derived capsule may be used under `rules`, in the place of those that its
    sources leave: each provider in `ancestors`, the sources and what these were made of, signs it. A policy with just
    these rules is signed before `expires_at`, or never."""

    capsule: Id
    provider: Uscc
    ancestors: Annotated[tuple[Parent, ...], Meta(min_length=1)]
    rules: Annotated[tuple[Rule, ...], Meta(min_length=1)]
    expires_at: Instant
    drafted_at: Instant

    def __post_init__(self) -> None:
        names = [rule.id for rule in self.rules]
        if len(set(names)) != len(names):
            raise ValueError("each rule has a name of its own")

    @property
    def owners(self) -> tuple[str, ...]:
        """Who has to sign, each once."""
        return tuple(dict.fromkeys(parent.provider for parent in self.ancestors))
