"""The exchange: a node's call and the portal's answer."""

from typing import Annotated, Literal

from msgspec import Meta

from creditzone.kernel.documents.statements import SealedSent
from creditzone.kernel.forms import Count, Digest, Document, Id, Instant, Part, Signed, Uscc, Words


class Heartbeat(Part, frozen=True, kw_only=True):
    """How a node is: what the health page shows."""

    clock: Instant
    code: Digest
    slots_free: Count
    scratch: Literal["memory", "disk", "missing"]
    swap: Literal["off", "on"]
    sm4: Words
    sm2: Words
    running: tuple[Id, ...]


class Recalled(Part, frozen=True, kw_only=True):
    """One of a node's own statements, as the portal holds it. Of what has one reader only the digest is held; the next
    statement names that digest as its predecessor's."""

    number: Annotated[int, Meta(ge=1)]
    digest: Digest
    statement: Signed | None


class Uplink(Document, frozen=True, kw_only=True, tag="uplink"):
    """A node's call: rising counter, statements not yet acknowledged, the last message it has taken in. A node that
    finds itself older than what it said asks for its own statements above the number `recall` back, and says none."""

    node: Uscc
    counter: Annotated[int, Meta(ge=1)]
    sent_at: Instant
    statements: tuple[Signed, ...]
    received: Count
    heartbeat: Heartbeat
    recall: Count | None = None


class OrderOffered(Part, frozen=True, kw_only=True, tag_field="kind", tag="order"):
    """An order to check and accept or refuse."""

    number: Annotated[int, Meta(ge=1)]
    order: Signed


class OrderStarted(Part, frozen=True, kw_only=True, tag_field="kind", tag="start"):
    """All parties have accepted: begin."""

    number: Annotated[int, Meta(ge=1)]
    job: Id
    attempt: int
    fence: int


class OrderStopped(Part, frozen=True, kw_only=True, tag_field="kind", tag="stop"):
    """Stop whatever runs of this job up to this fence; `reason` is a code of `refusals`."""

    number: Annotated[int, Meta(ge=1)]
    job: Id
    fence: int
    reason: Words


class JobEnded(Part, frozen=True, kw_only=True, tag_field="kind", tag="ended"):
    """To the recipient: the job is over and no result of it counts; `reason` is a code of `refusals`."""

    number: Annotated[int, Meta(ge=1)]
    job: Id
    reason: Words


class DraftSent(Part, frozen=True, kw_only=True, tag_field="kind", tag="draft"):
    """A document that waits for this organisation's signature, and the signatures it already has."""

    number: Annotated[int, Meta(ge=1)]
    organisation: Uscc
    document: Signed


class DocumentCompleted(Part, frozen=True, kw_only=True, tag_field="kind", tag="completed"):
    """A document with all the signatures it needs."""

    number: Annotated[int, Meta(ge=1)]
    document: Signed


class CardShown(Part, frozen=True, kw_only=True, tag_field="kind", tag="card"):
    """Another organisation's card, to be confirmed by an officer."""

    number: Annotated[int, Meta(ge=1)]
    card: Signed


class SealedDelivered(Part, frozen=True, kw_only=True, tag_field="kind", tag="sealed"):
    """A sealed message for an organisation of this node."""

    number: Annotated[int, Meta(ge=1)]
    message: SealedSent


class StatementPassed(Part, frozen=True, kw_only=True, tag_field="kind", tag="passed"):
    """Another node's statement for this one, as that node signed it."""

    number: Annotated[int, Meta(ge=1)]
    statement: Signed


Message = (
    OrderOffered | OrderStarted | OrderStopped | DraftSent | DocumentCompleted | CardShown | SealedDelivered | JobEnded
    | StatementPassed
)  # fmt: skip


class Downlink(Document, frozen=True, kw_only=True, tag="downlink"):
    """The portal's signed answer to one uplink, named by node and counter."""

    node: Uscc
    counter: Annotated[int, Meta(ge=1)]
    sent_at: Instant
    acknowledged: Count
    messages: tuple[Message, ...]
    recalled: tuple[Recalled, ...] = ()
