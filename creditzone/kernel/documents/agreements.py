"""Sealed data and what organisations agree about it."""

from typing import Annotated, Literal

from msgspec import Meta

from creditzone.kernel.documents.custody import Custody
from creditzone.kernel.forms import (
    Count,
    Digest,
    Disclosure,
    Document,
    Fen,
    Id,
    Instant,
    Part,
    Uscc,
    Words,
)


class ColumnGroup(Part, frozen=True, kw_only=True):
    """The columns whose chunks share a content key, and the size of their body."""

    index: Annotated[int, Meta(ge=0)]
    columns: tuple[str, ...]
    length: Count
    chunks: Count


class WrappedKey(Part, frozen=True, kw_only=True):
    """A group's content key under the key-encryption key: SM4-GCM, tag behind the ciphertext."""

    group: Annotated[int, Meta(ge=0)]
    nonce: Annotated[str, Meta(pattern=r"^[0-9a-f]{24}$")]
    key: Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$")]


class CapsuleHeader(Document, frozen=True, kw_only=True, tag="capsule"):
    """The signed head of a capsule: it binds the policy's digest to the wrapped keys, and the keys to one body.

    `custody` says who holds the secret that the keys are wrapped under; `version` is the policy's."""

    capsule: Id
    version: Annotated[int, Meta(ge=1)]
    provider: Uscc
    dataset: Id
    domain: Words
    rows: Count
    body: Id
    body_digest: Digest
    chunk_size: Annotated[int, Meta(ge=1)]
    groups: tuple[ColumnGroup, ...]
    policy: Digest
    suite: Literal["SM4-GCM SM2 HKDF-SM3"]
    custody: Custody
    wrapped: tuple[WrappedKey, ...]
    sealed_at: Instant


CapsuleActKind = Literal["freeze", "resume", "revoke", "destroy"]


class CapsuleAct(Document, frozen=True, kw_only=True, tag="capsule-act"):
    """A provider freezes, resumes, revokes or destroys a capsule of its own; at its node this holds at once.

    `version` is the head at that moment; the act concerns every version."""

    id: Id
    capsule: Id
    version: Annotated[int, Meta(ge=1)]
    act: CapsuleActKind
    by: Uscc
    reason: Words
    at: Instant


class Contract(Document, frozen=True, kw_only=True, tag="contract"):
    """A data availability contract: a capsule under its policy, to a named user, at a price a matched firm."""

    id: Id
    provider: Uscc
    consumer: Uscc
    capsule: Id
    policy: Digest
    purpose: Words
    price_fen: Fen
    not_before: Instant
    not_after: Instant
    drafted_at: Instant


class ContractAct(Document, frozen=True, kw_only=True, tag="contract-act"):
    """A party suspends, resumes or terminates a contract; at its own node this holds at once."""

    id: Id
    contract: Digest
    act: Literal["suspend", "resume", "terminate"]
    by: Uscc
    reason: Words
    at: Instant


class Authorisation(Document, frozen=True, kw_only=True, tag="authorisation"):
    """A firm's authorisation: who may ask, of which providers (which learn of the query), what for, what comes back."""

    id: Id
    subject: Uscc
    enquirer: Uscc
    providers: tuple[Uscc, ...]
    domains: tuple[str, ...]
    purpose: Words
    disclosures: tuple[Disclosure, ...]
    application: str
    signatory: Words
    not_before: Instant
    not_after: Instant
    drafted_at: Instant


class AuthorisationWithdrawal(Document, frozen=True, kw_only=True, tag="withdrawal"):
    """A firm takes an authorisation back: from the moment a provider's node has this, it refuses what rests on it."""

    id: Id
    authorisation: Digest
    by: Uscc
    at: Instant
