"""Who guards a capsule's secret, as its header names them."""

from typing import Annotated, Literal

from msgspec import Meta

from creditzone.kernel.forms import Digest, Document, Hex, Instant, Part, Signed, Uscc, Words

HolderKind = Literal["provider", "node", "officer", "regulator"]


class Holder(Part, frozen=True, kw_only=True):
    """One who holds a share: `key` is the digest of the public key that the share is sealed to, `commitment` that of
    the share itself. Index 0 is the provider, without whom nothing opens."""

    index: Annotated[int, Meta(ge=0, le=255)]
    kind: HolderKind
    organisation: Uscc
    name: Words
    key: Digest
    commitment: Digest


class Custody(Part, frozen=True, kw_only=True):
    """How many of which holders it takes. `salt` and `secret` commit to what they give together."""

    threshold: Annotated[int, Meta(ge=1, le=256)]
    salt: Hex
    secret: Digest
    holders: tuple[Holder, ...]


class SheetShare(Part, frozen=True, kw_only=True):
    """A share sealed to a printed sheet's key, of which `sheet` is the digest; index 0 is the provider's own part."""

    sheet: Digest
    index: Annotated[int, Meta(ge=0, le=255)]
    sealed: Hex


class KeptKey(Part, frozen=True, kw_only=True):
    """A group's content key under the owner's key, which comes from the same secret as the header's."""

    group: Annotated[int, Meta(ge=0)]
    nonce: Annotated[str, Meta(pattern=r"^[0-9a-f]{24}$")]
    key: Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$")]


class Recovery(Part, frozen=True, kw_only=True):
    """What gives a lost node's content keys back, once enough shares are together. It stands in no header."""

    shares: tuple[SheetShare, ...]
    keys: tuple[KeptKey, ...]


class Loosening(Part, frozen=True, kw_only=True):
    """What a derived capsule's looser policy is checked by: the vote that it names, and the policies of all that the
    capsule was made of, each as signed."""

    vote: Signed
    sources: tuple[Signed, ...]


class Deposit(Document, frozen=True, kw_only=True, tag="deposit"):
    """What a provider leaves with one custodian, signed with the key of the header: the capsule's head with its policy,
    the custodian's share, sealed to its node's key, what recovers the keys with officers' sheets, where there are any,
    and what a looser policy rests on, where the policy names a vote."""

    provider: Uscc
    custodian: Uscc
    header: Signed
    policy: Signed
    share: Hex
    recovery: Recovery | None
    loosening: Loosening | None = None
    deposited_at: Instant
