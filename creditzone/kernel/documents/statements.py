"""Statements: what a node tells the portal."""

from typing import Annotated, Literal

from msgspec import Meta

from creditzone.kernel.documents.jobs import Figure
from creditzone.kernel.documents.policies import Lineage
from creditzone.kernel.documents.shares import DepositAnswered, DepositSent, ShareAsked, ShareReleased, ShareWithheld
from creditzone.kernel.forms import (
    Count,
    Digest,
    Document,
    Id,
    Instant,
    Part,
    RefusalNote,
    Signature,
    Signed,
    Stage,
    Uscc,
    Words,
)


class CardIssued(Part, frozen=True, kw_only=True, tag_field="kind", tag="card"):
    """This node's (or a hosted firm's) card, new or renewed."""

    card: Signed


class ColumnQuality(Part, frozen=True, kw_only=True):
    """One column's quality: counts only. `filled` rows hold a value, `valid` ones pass every check."""

    name: Words
    kind: Literal["code", "decimal", "integer", "text", "date"]
    level: Annotated[int, Meta(ge=1, le=4)]
    ground: Words
    filled: Count
    valid: Count


class DatasetMeasured(Part, frozen=True, kw_only=True, tag_field="kind", tag="dataset"):
    """An upload was checked: schema, counts and the digest of its sealed body. rows = accepted + quarantined. `lineage`
    is there where the rows are a result's."""

    dataset: Id
    domain: Words
    title: Words
    rows: Count
    accepted: Count
    quarantined: Count
    faults: tuple[tuple[str, int], ...]
    columns: tuple[ColumnQuality, ...]
    body_digest: Digest
    size: Count
    measured_at: Instant
    lineage: Lineage | None = None


class CapsuleSealed(Part, frozen=True, kw_only=True, tag_field="kind", tag="capsule"):
    """A capsule's new head and the policy it is bound to, both signed by the provider; the people who approved it at
    the provider's node, in their order."""

    header: Signed
    policy: Signed
    approved_by: Annotated[tuple[Id, ...], Meta(min_length=1, max_length=2)]


class CapsuleActed(Part, frozen=True, kw_only=True, tag_field="kind", tag="capsule-act"):
    """A capsule was frozen, resumed, revoked or destroyed at its provider's node."""

    act: Signed
    person: Id


class CapsuleCertified(Part, frozen=True, kw_only=True, tag_field="kind", tag="certified"):
    """The node's certificate for one recipient of what became of a capsule."""

    certificate: Signed


class DocumentSigned(Part, frozen=True, kw_only=True, tag_field="kind", tag="signature"):
    """An officer of `organisation` signed the document with this digest in its node."""

    document: Digest
    signature: Signature
    person: Id


class DraftDeclined(Part, frozen=True, kw_only=True, tag_field="kind", tag="declined"):
    """An officer returned a draft unsigned."""

    document: Digest
    reason: Words
    person: Id


class ContractActed(Part, frozen=True, kw_only=True, tag_field="kind", tag="contract-act"):
    """A contract was suspended, resumed or terminated at a node."""

    act: Signed


class OrderAccepted(Part, frozen=True, kw_only=True, tag_field="kind", tag="accept"):
    """The order passed every check and a use of the capsule is reserved under one rule of its policy."""

    order: Id
    job: Id
    attempt: int
    fence: int
    capsule: Id
    rule: Words


class OrderRefused(Part, frozen=True, kw_only=True, tag_field="kind", tag="refuse"):
    """The order failed a check; the clause says which."""

    order: Id
    job: Id
    attempt: int
    fence: int
    refusal: RefusalNote


class NodeBusy(Part, frozen=True, kw_only=True, tag_field="kind", tag="busy"):
    """No free slot: the job queues again."""

    job: Id
    attempt: int
    fence: int


class StageReached(Part, frozen=True, kw_only=True, tag_field="kind", tag="stage"):
    """A stage began or ended at this node."""

    job: Id
    attempt: int
    fence: int
    stage: Stage
    state: Literal["started", "finished"]
    figures: tuple[Figure, ...]
    at: Instant


class AttemptFailed(Part, frozen=True, kw_only=True, tag_field="kind", tag="failed"):
    """This node's part of the attempt ended without a receipt. `reason` is a code of `refusals`."""

    job: Id
    attempt: int
    fence: int
    stage: Stage
    reason: Words
    facts: tuple[tuple[str, str], ...]
    use_spent: bool


class Receipted(Part, frozen=True, kw_only=True, tag_field="kind", tag="receipt"):
    """The node's signed receipt."""

    receipt: Signed


class SealedSent(Part, frozen=True, kw_only=True, tag_field="kind", tag="sealed"):
    """A sealed message for another organisation's node: base64 of at most 256 KiB, parts counted from 0."""

    job: Id
    attempt: int
    sender: Uscc
    to: Uscc
    content: Literal["share", "reasons"]
    part: Annotated[int, Meta(ge=0)]
    parts: Annotated[int, Meta(ge=1)]
    body: Annotated[str, Meta(max_length=360_000)]


class ResultOpened(Part, frozen=True, kw_only=True, tag_field="kind", tag="opened"):
    """A person opened the job's result at this node."""

    job: Id
    person: Id
    at: Instant


class ResultDeleted(Part, frozen=True, kw_only=True, tag_field="kind", tag="deleted"):
    """A sealed result was deleted as a policy obliges to."""

    deletion: Signed


class TakenGrade(Part, frozen=True, kw_only=True):
    """One firm's grade that an officer takes into the portal's file."""

    subject: Uscc
    grade: Words


class GradesTaken(Part, frozen=True, kw_only=True, tag_field="kind", tag="taken"):
    """An officer's explicit act: these grades go into the organisation's file at the portal."""

    job: Id
    model: Digest
    grades: Annotated[tuple[TakenGrade, ...], Meta(max_length=500)]
    person: Id
    at: Instant


StatementBody = (
    CardIssued | DatasetMeasured | CapsuleSealed | CapsuleActed | CapsuleCertified | DocumentSigned | DraftDeclined
    | ContractActed | OrderAccepted | OrderRefused | NodeBusy | StageReached | AttemptFailed | Receipted | SealedSent
    | ResultOpened | ResultDeleted | GradesTaken | DepositSent | DepositAnswered | ShareAsked | ShareReleased
    | ShareWithheld
)  # fmt: skip


FOR_ONE_READER = (SealedSent, GradesTaken, DepositSent, ShareAsked, ShareReleased)
"""Statements of which the portal keeps no copy beside what is made of them: sealed messages, deposits and shares go to
their recipient's node alone, taken grades into their organisation's file alone. Digest and chain stay."""


class Statement(Document, frozen=True, kw_only=True, tag="statement"):
    """A node's numbered statement, chained to the one before; `organisation` is the node's own or a firm it hosts.

    `unkept` is how many statements directly before it were for one reader, so that the portal, which gives a restored
    node only digests of these, cannot hide any other statement behind its digest."""

    node: Uscc
    organisation: Uscc
    number: Annotated[int, Meta(ge=1)]
    previous: Digest | None
    unkept: Count
    at: Instant
    body: StatementBody
