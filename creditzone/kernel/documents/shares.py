"""Statements about the shares of a capsule's secret: what a provider's node and its custodians' say to each other.

The portal hands each on as it was signed, so that what it makes up itself is nobody's word."""

from typing import Annotated

from msgspec import Meta

from creditzone.kernel.forms import Digest, Id, Instant, Part, RefusalNote, Signed, Uscc

Version = Annotated[int, Meta(ge=1)]


class DepositSent(Part, frozen=True, kw_only=True, tag_field="kind", tag="deposit"):
    """A deposit for a custodian's node: base64 of what only that node opens."""

    capsule: Id
    version: Version
    to: Uscc
    body: Annotated[str, Meta(max_length=1_000_000)]


class DepositAnswered(Part, frozen=True, kw_only=True, tag_field="kind", tag="deposit-answer"):
    """A custodian keeps the deposit of this version in the place of older ones, or says why it does not."""

    capsule: Id
    version: Version
    provider: Uscc
    refusal: RefusalNote | None
    at: Instant


class OfAttempt(Part, frozen=True, kw_only=True):
    """What is said of one share, for one attempt of one job, to one node."""

    capsule: Id
    version: Version
    to: Uscc
    job: Id
    attempt: int
    fence: int


class ShareAsked(OfAttempt, frozen=True, kw_only=True, tag_field="kind", tag="share-asked"):
    """A provider asks a custodian for its share, for one attempt of one job, under the zone's order. `program` is the
    digest of the program that the provider's node runs."""

    order: Signed
    program: Digest


class ShareReleased(OfAttempt, frozen=True, kw_only=True, tag_field="kind", tag="share"):
    """A custodian releases its share for one attempt of one job until `expires_at`: base64, sealed to the provider's
    node."""

    expires_at: Instant
    body: Annotated[str, Meta(max_length=4_000)]


class ShareWithheld(OfAttempt, frozen=True, kw_only=True, tag_field="kind", tag="share-withheld"):
    """A custodian does not release its share; the clause says why."""

    refusal: RefusalNote
