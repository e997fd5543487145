"""Jobs: what is asked for, ordered, and accounted for."""

from typing import Annotated, Literal

from msgspec import Meta

from creditzone.kernel.forms import (
    Count,
    Digest,
    Disclosure,
    Document,
    Engine,
    Id,
    Instant,
    Part,
    Signed,
    Uscc,
    Words,
)


class Input(Part, frozen=True, kw_only=True):
    """One capsule that a job uses; the recipient's own needs no contract, nor does a firm's self-enquiry."""

    provider: Uscc
    domain: Words
    capsule: Id
    version: Annotated[int, Meta(ge=1)]
    contract: Digest | None


class JobRequest(Document, frozen=True, kw_only=True, tag="request"):
    """What the recipient asks for, signed in its node. With `subject` the set is that one firm, under its
    `authorisation`. `decision_band` is the lowest band that counts as yes, for the disclosure `decision`.
    `person` and `role`: who asks, as the recipient's own node knows them; it signs for no other.
    `operation` `statistics` counts firms by band, each figure on at least `minimum_group` of them, for the whole set or
    by `grouping`: the province in which a firm's code was given.
    `consent`: `declared` = the recipient's node drops rows without a live authorisation; `signed` = the firm's own."""

    id: Id
    recipient: Uscc
    inputs: tuple[Input, ...]
    model: Digest
    engine: Engine
    purpose: Words
    disclosures: tuple[Disclosure, ...]
    decision_band: int | None
    subject: Uscc | None
    authorisation: Digest | None
    consent: Literal["declared", "signed"]
    person: Id | None = None
    role: Literal["owner", "steward", "officer", "approver", "auditor", "viewer"] | None = None
    operation: Literal["score", "statistics"] = "score"
    minimum_group: Annotated[int, Meta(ge=1)] | None = None
    grouping: Literal["province"] | None = None
    title: Words
    drafted_at: Instant
    expires_at: Instant


class Peer(Part, frozen=True, kw_only=True):
    """A computing party: its rank on the links and the slot of its card's ports that it leased."""

    party: Uscc
    rank: Annotated[int, Meta(ge=0, le=2)]
    slot: Annotated[int, Meta(ge=0)]


class Order(Document, frozen=True, kw_only=True, tag="order"):
    """The zone's order to one party, wrapping the signed request with attempt, fence, peers and expiry."""

    id: Id
    job: Id
    attempt: Annotated[int, Meta(ge=1)]
    fence: Annotated[int, Meta(ge=1)]
    party: Uscc
    request: Signed
    contracts: tuple[Signed, ...]
    authorisation: Signed | None
    model: str
    peers: tuple[Peer, ...]
    deadline_seconds: Annotated[int, Meta(ge=1)]
    issued_at: Instant
    expires_at: Instant


class Figure(Part, frozen=True, kw_only=True):
    """A named count in a receipt or a stage."""

    name: Literal["rows", "dropped", "blinded", "matched", "shares", "peer_rows", "used_up"]
    value: Count


class Left(Part, frozen=True, kw_only=True):
    """Something that left a party, in which sealed form and to whom."""

    form: Literal["blinded-codes", "secret-shares", "output-shares", "common-set", "sealed-shares", "sealed-reasons"]
    to: Uscc
    count: Count


class Learned(Part, frozen=True, kw_only=True):
    """What a party came to know beyond its own input."""

    what: Literal[
        "grades",
        "scores",
        "decisions",
        "statistics",
        "reasons",
        "own-firms-asked",
        "own-firms-known",
        "set-size",
        "nothing",
    ]
    of: Uscc | None
    count: Count


class Receipt(Document, frozen=True, kw_only=True, tag="receipt"):
    """A node's account of one attempt. `agreement` is the same at all parties: it covers request, set, counts and
    engine settings under a salt that only the parties know. `output` is the recipient's sealed result."""

    order: Digest
    request: Digest
    job: Id
    attempt: Annotated[int, Meta(ge=1)]
    fence: Annotated[int, Meta(ge=1)]
    party: Uscc
    inputs: tuple[Digest, ...]
    code: Digest
    figures: tuple[Figure, ...]
    left: tuple[Left, ...]
    learned: tuple[Learned, ...]
    agreement: Digest
    output: Digest | None
    started_at: Instant
    finished_at: Instant
