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


class Deposit(Document, frozen=True, kw_only=True, tag="deposit"):
    """What a provider leaves with one custodian, signed with the key of the header: the capsule's head with its policy,
    and the custodian's share, sealed to its node's key."""

    provider: Uscc
    custodian: Uscc
    header: Signed
    policy: Signed
    share: Hex
    deposited_at: Instant
