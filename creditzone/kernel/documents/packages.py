"""A sealed package: rows that their owner sealed on its own premises, on their way to its node."""

from typing import Annotated

from msgspec import Meta

from creditzone.kernel.documents.agreements import ColumnGroup
from creditzone.kernel.documents.statements import ColumnQuality
from creditzone.kernel.forms import Count, Digest, Document, Hex, Id, Instant, Part, Uscc, Words


class PackedBody(Part, frozen=True, kw_only=True):
    """A body in a package: what a header will say of it."""

    body: Id
    digest: Digest
    chunk_size: Annotated[int, Meta(ge=1, le=1 << 24)]
    groups: Annotated[tuple[ColumnGroup, ...], Meta(min_length=1, max_length=1000)]


class Package(Document, frozen=True, kw_only=True, tag="package"):
    """What stands before a package's bodies (docs/capsule-format.md).

    `organisation` is whose data it is, `node` where it may be opened: `keys` are all content keys, sealed to the
    node's encryption key (`key` is its digest). The counts are what the sealer found, as the node would have."""

    organisation: Uscc
    node: Uscc
    key: Digest
    dataset: Id
    domain: Words
    domain_version: Annotated[int, Meta(ge=1)]
    encoding: Words
    rows: Count
    accepted: Count
    quarantined: Count
    faults: tuple[tuple[str, Count], ...]
    notes: tuple[tuple[str, Count], ...]
    columns: tuple[ColumnQuality, ...]
    sound: PackedBody
    quarantine: PackedBody
    sealed_at: Instant
    keys: Hex
