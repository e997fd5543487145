"""What a node certifies: that a capsule was revoked or destroyed, that a result was deleted."""

from typing import Annotated, Literal

from msgspec import Meta

from creditzone.kernel.forms import Count, Digest, Document, Id, Instant, Part, Uscc, Words


class StoppedJob(Part, frozen=True, kw_only=True):
    """A job that an act on a capsule ended; `spent` where its use counts all the same."""

    job: Id
    spent: bool


class SpentUses(Part, frozen=True, kw_only=True):
    """How many uses of a rule were spent before."""

    rule: Words
    uses: Count


class CapsuleCertificate(Document, frozen=True, kw_only=True, tag="capsule-certificate"):
    """A provider's node certifies to `to` that a capsule was revoked or destroyed, in every version up to `version`.

    `act` is the signed act's digest; `header`, `policy` and `body` are the head's. The provider's own copy counts all
    jobs and uses, a user's only its own. `deleted`: what its node does not hold any more."""

    id: Id
    act: Digest
    did: Literal["revoke", "destroy"]
    by: Uscc
    to: Uscc
    capsule: Id
    version: Annotated[int, Meta(ge=1)]
    header: Digest
    policy: Digest
    body: Digest
    reason: Words
    acted_at: Instant
    stopped: tuple[StoppedJob, ...]
    spent: tuple[SpentUses, ...]
    deleted: tuple[Literal["body", "content-keys", "own-part"], ...]
    issued_at: Instant


class ResultDeletion(Document, frozen=True, kw_only=True, tag="result-deletion"):
    """The recipient's node (a hosted firm's host) certifies that it deleted a sealed result, as a policy obliges to.

    What left the node before is not reached; `was_opened`, `grades_taken`, `dataset_made` say what is known of it."""

    id: Id
    by: Uscc
    recipient: Uscc
    job: Id
    request: Digest
    result: Digest | None
    received_at: Instant
    due_at: Instant
    was_opened: bool
    grades_taken: Count
    dataset_made: bool
    deleted_at: Instant
