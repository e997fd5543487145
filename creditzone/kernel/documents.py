"""Canonical documents: whatever is hashed or signed in the zone, in one strict form.

A document is RFC 8785 JSON with `type`, `v` and `zone` (digest of the zone's card; empty for the zone's own card
and for scorecards, which exist before a zone does). Organisations are named by USCC, objects by UUIDv7, instants are
integer milliseconds UTC, money is integer fen; there are no floats. What `to_canonical` would not have written,
`parse` refuses: unknown fields, types and versions, duplicate keys, other orders or spacings, text that is not NFC.

The bytes that are signed are `creditzone/<type>/v1`, a newline, and the canonical JSON (SM2 with SM3), so that no
signature can be carried to another type. A signed document travels as `Signed`: its canonical text beside its
signatures, so that nobody ever re-serialises what somebody else signed.
"""

import time
import unicodedata
from collections.abc import Iterator
from typing import Annotated, Any, Literal, TypeVar

import msgspec
import rfc8785
import uuid_utils
from msgspec import Meta, Struct

from creditzone.kernel.sm import sm3
from creditzone.kernel.sm.sm2 import PrivateKey, PublicKey, Sm2Error

Uscc = Annotated[str, Meta(pattern=r"^[0-9A-HJ-NPQRTUWXY]{18}$")]
Digest = Annotated[str, Meta(pattern=r"^sm3:[0-9a-f]{64}$")]
Id = Annotated[str, Meta(pattern=r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$")]
Instant = Annotated[int, Meta(ge=0, le=2**53 - 1)]
Count = Annotated[int, Meta(ge=0, le=2**53 - 1)]
Fen = Annotated[int, Meta(ge=0, le=2**53 - 1)]
Key = Annotated[str, Meta(pattern=r"^04[0-9a-f]{128}$")]
Hex = Annotated[str, Meta(pattern=r"^([0-9a-f]{2})*$")]
Words = Annotated[str, Meta(min_length=1, max_length=400)]
DecimalText = Annotated[str, Meta(pattern=r"^-?[0-9]+(\.[0-9]+)?$")]

OrganisationKind = Literal["code_centre", "bank", "platform", "sme", "regulator", "operator"]
Disclosure = Literal["decision", "grade", "reasons", "score"]
Engine = Literal["cheetah", "aby3"]
Stage = Literal["check", "open", "intersect", "grade", "seal"]


class DocumentError(ValueError):
    """The bytes are not a document in its one canonical form; the message says what is wrong."""


class SignatureInvalid(ValueError):
    """A signature does not fit the document and the key it was checked against."""


class _Part(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A piece of a document: no type of its own, never signed alone."""


class Document(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="type"):
    """What every document says about itself beside its type."""

    v: Literal[1] = 1
    zone: str


class Signature(_Part, frozen=True, kw_only=True):
    """Who signed, with which key (its digest), and r||s in hex."""

    by: Uscc
    key: Digest
    value: Annotated[str, Meta(pattern=r"^[0-9a-f]{128}$")]


class Signed(_Part, frozen=True, kw_only=True):
    """A document's canonical text with the signatures made over it."""

    text: str
    signatures: tuple[Signature, ...]

    @property
    def digest(self) -> str:
        """SM3 of the canonical text: the document's name everywhere."""
        return sm3.digest(self.text.encode())

    def by(self, organisation: str) -> Signature | None:
        """The signature that `organisation` made, if there is one."""
        return next((signature for signature in self.signatures if signature.by == organisation), None)


# Who takes part -----------------------------------------------------------------------------------------------------


class Card(Document, frozen=True, kw_only=True, tag="card"):
    """An organisation's self-signed card: keys, and where its node is reached. A firm in a hosted node has no link
    of its own and names its `host`, which signs beside it."""

    organisation: Uscc
    kind: OrganisationKind
    name: Words
    name_en: Words
    serial: Annotated[int, Meta(ge=1)]
    signing_key: Key
    encryption_key: Key
    link_certificate: str | None
    link_host: str | None
    link_ports: tuple[int, int] | None
    slots: Annotated[int, Meta(ge=0, le=64)]
    console_url: str | None
    host: Uscc | None
    issued_at: Instant


class Ticket(Document, frozen=True, kw_only=True, tag="ticket"):
    """The portal's word for who comes to a node: signed by the zone, two minutes, once."""

    id: Id
    person: Id
    person_name: Words
    organisation: Uscc
    node: Uscc
    state: Digest
    path: Annotated[str, Meta(pattern=r"^/[^\\]*$", max_length=400)]
    issued_at: Instant
    expires_at: Instant


# What may be done with data -----------------------------------------------------------------------------------------


class Rule(_Part, frozen=True, kw_only=True):
    """One way in which a capsule may be used; inside a rule all clauses hold. `subject` as a grantee is the firm
    itself. `minimum_group` stands in rules for statistics only."""

    id: Annotated[str, Meta(pattern=r"^[a-z0-9-]{1,40}$")]
    grantees: tuple[str, ...]
    purposes: tuple[str, ...]
    models: tuple[Digest, ...]
    engines: tuple[Engine, ...]
    disclosures: tuple[Disclosure, ...]
    minimum_group: Annotated[int, Meta(ge=1)] | None
    not_before: Instant
    not_after: Instant
    uses: Annotated[int, Meta(ge=1)]


class Policy(Document, frozen=True, kw_only=True, tag="policy"):
    """A capsule's usage policy: any one of its rules permits a use."""

    capsule: Id
    version: Annotated[int, Meta(ge=1)]
    provider: Uscc
    dataset: Id
    rules: tuple[Rule, ...]
    drafted_at: Instant


class ColumnGroup(_Part, frozen=True, kw_only=True):
    """The columns whose chunks share a content key, and the size of their body."""

    index: Annotated[int, Meta(ge=0)]
    columns: tuple[str, ...]
    length: Count
    chunks: Count


class WrappedKey(_Part, frozen=True, kw_only=True):
    """A group's content key under the key-encryption key: SM4-GCM, tag behind the ciphertext."""

    group: Annotated[int, Meta(ge=0)]
    nonce: Annotated[str, Meta(pattern=r"^[0-9a-f]{24}$")]
    key: Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$")]


class CapsuleHeader(Document, frozen=True, kw_only=True, tag="capsule"):
    """The signed head of a capsule: it binds the policy's digest to the wrapped keys, and the keys to one body.

    `secret` is wrapped by SM2 to the provider's encryption key; `version` is the policy's."""

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
    encryption_key: Digest
    secret: Hex
    wrapped: tuple[WrappedKey, ...]
    sealed_at: Instant


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


# Scorecards ---------------------------------------------------------------------------------------------------------


class Bin(_Part, frozen=True, kw_only=True):
    """Values below `below` (and not in an earlier bin) earn `points`; the last bin has no bound."""

    below: DecimalText | None
    points: int


class Feature(_Part, frozen=True, kw_only=True):
    """A column of a domain and the points its values earn. `mean_points` is the training population's mean, rounded;
    reasons rank by how far a firm falls below it."""

    column: Words
    domain: Words
    label: Words
    label_en: Words
    reason: Annotated[str, Meta(pattern=r"^[A-Z][0-9]{2}$")]
    direction: Literal["up", "down", "none"]
    bins: tuple[Bin, ...]
    missing: int
    mean_points: int


class Scorecard(Document, frozen=True, kw_only=True, tag="scorecard"):
    """A registered scorecard. total = base + points of all features; band = number of cuts that the total reaches
    (total >= cut); `grades[band]` is its grade, so `grades` runs from worst to best. The owner of a feature is
    whoever provides its domain."""

    id: Annotated[str, Meta(pattern=r"^[a-z0-9-]{1,60}$")]
    version: Annotated[int, Meta(ge=1)]
    name: Words
    name_en: Words
    domains: tuple[str, ...]
    features: tuple[Feature, ...]
    base: int
    cuts: tuple[int, ...]
    grades: tuple[str, ...]
    trained_on: Words


# Jobs ---------------------------------------------------------------------------------------------------------------


class Input(_Part, frozen=True, kw_only=True):
    """One capsule that a job uses; the recipient's own needs no contract, nor does a firm's self-enquiry."""

    provider: Uscc
    domain: Words
    capsule: Id
    version: Annotated[int, Meta(ge=1)]
    contract: Digest | None


class JobRequest(Document, frozen=True, kw_only=True, tag="request"):
    """What the recipient asks for, signed in its node. With `subject` the set is that one firm, under its
    `authorisation`. `decision_band` is the lowest band that counts as yes, for the disclosure `decision`.
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
    title: Words
    drafted_at: Instant
    expires_at: Instant


class Peer(_Part, frozen=True, kw_only=True):
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


class Figure(_Part, frozen=True, kw_only=True):
    """A named count in a receipt or a stage."""

    name: Literal["rows", "dropped", "blinded", "matched", "shares", "peer_rows"]
    value: Count


class Left(_Part, frozen=True, kw_only=True):
    """Something that left a party, in which sealed form and to whom."""

    form: Literal["blinded-codes", "secret-shares", "output-shares", "common-set", "sealed-shares", "sealed-reasons"]
    to: Uscc
    count: Count


class Learned(_Part, frozen=True, kw_only=True):
    """What a party came to know beyond its own input."""

    what: Literal[
        "grades",
        "scores",
        "decisions",
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


# Statements: what a node tells the portal ---------------------------------------------------------------------------


class RefusalNote(_Part, frozen=True, kw_only=True):
    """A refusal as data: the clause that decided and the facts it read, as text."""

    clause: Words
    facts: tuple[tuple[str, str], ...]


class CardIssued(_Part, frozen=True, kw_only=True, tag_field="kind", tag="card"):
    """This node's (or a hosted firm's) card, new or renewed."""

    card: Signed


class ColumnQuality(_Part, frozen=True, kw_only=True):
    """One column's quality: counts only. `filled` rows hold a value, `valid` ones pass every check."""

    name: Words
    kind: Literal["code", "decimal", "integer", "text", "date"]
    level: Annotated[int, Meta(ge=1, le=4)]
    ground: Words
    filled: Count
    valid: Count


class DatasetMeasured(_Part, frozen=True, kw_only=True, tag_field="kind", tag="dataset"):
    """An upload was checked: schema, counts and the digest of its sealed body. rows = accepted + quarantined."""

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


class CapsuleSealed(_Part, frozen=True, kw_only=True, tag_field="kind", tag="capsule"):
    """A capsule's new head and the policy it is bound to, both signed by the provider."""

    header: Signed
    policy: Signed


class DocumentSigned(_Part, frozen=True, kw_only=True, tag_field="kind", tag="signature"):
    """An officer of `organisation` signed the document with this digest in its node."""

    document: Digest
    signature: Signature
    person: Id


class DraftDeclined(_Part, frozen=True, kw_only=True, tag_field="kind", tag="declined"):
    """An officer returned a draft unsigned."""

    document: Digest
    reason: Words
    person: Id


class ContractActed(_Part, frozen=True, kw_only=True, tag_field="kind", tag="contract-act"):
    """A contract was suspended, resumed or terminated at a node."""

    act: Signed


class OrderAccepted(_Part, frozen=True, kw_only=True, tag_field="kind", tag="accept"):
    """The order passed every check and a use is reserved."""

    job: Id
    attempt: int
    fence: int


class OrderRefused(_Part, frozen=True, kw_only=True, tag_field="kind", tag="refuse"):
    """The order failed a check; the clause says which."""

    job: Id
    attempt: int
    fence: int
    refusal: RefusalNote


class NodeBusy(_Part, frozen=True, kw_only=True, tag_field="kind", tag="busy"):
    """No free slot: the job queues again."""

    job: Id
    attempt: int
    fence: int


class StageReached(_Part, frozen=True, kw_only=True, tag_field="kind", tag="stage"):
    """A stage began or ended at this node."""

    job: Id
    attempt: int
    fence: int
    stage: Stage
    state: Literal["started", "finished"]
    figures: tuple[Figure, ...]
    at: Instant


class AttemptFailed(_Part, frozen=True, kw_only=True, tag_field="kind", tag="failed"):
    """This node's part of the attempt ended without a receipt. `reason` is a code of `refusals.py`."""

    job: Id
    attempt: int
    fence: int
    stage: Stage
    reason: Words
    facts: tuple[tuple[str, str], ...]
    use_spent: bool


class Receipted(_Part, frozen=True, kw_only=True, tag_field="kind", tag="receipt"):
    """The node's signed receipt."""

    receipt: Signed


class SealedSent(_Part, frozen=True, kw_only=True, tag_field="kind", tag="sealed"):
    """A sealed message for another organisation's node: base64 of at most 256 KiB, parts counted from 0."""

    job: Id
    attempt: int
    sender: Uscc
    to: Uscc
    content: Literal["share", "reasons"]
    part: Annotated[int, Meta(ge=0)]
    parts: Annotated[int, Meta(ge=1)]
    body: Annotated[str, Meta(max_length=360_000)]


class ResultOpened(_Part, frozen=True, kw_only=True, tag_field="kind", tag="opened"):
    """A person opened the job's result at this node."""

    job: Id
    person: Id
    at: Instant


class TakenGrade(_Part, frozen=True, kw_only=True):
    """One firm's grade that an officer takes into the portal's file."""

    subject: Uscc
    grade: Words


class GradesTaken(_Part, frozen=True, kw_only=True, tag_field="kind", tag="taken"):
    """An officer's explicit act: these grades go into the organisation's file at the portal."""

    job: Id
    model: Digest
    grades: Annotated[tuple[TakenGrade, ...], Meta(max_length=500)]
    person: Id
    at: Instant


StatementBody = (
    CardIssued | DatasetMeasured | CapsuleSealed | DocumentSigned | DraftDeclined | ContractActed | OrderAccepted
    | OrderRefused | NodeBusy | StageReached | AttemptFailed | Receipted | SealedSent | ResultOpened | GradesTaken
)  # fmt: skip


class Statement(Document, frozen=True, kw_only=True, tag="statement"):
    """A node's numbered statement, chained to the one before; `organisation` is the node's own or a firm it hosts."""

    node: Uscc
    organisation: Uscc
    number: Annotated[int, Meta(ge=1)]
    previous: Digest | None
    at: Instant
    body: StatementBody


# The exchange -------------------------------------------------------------------------------------------------------


class Heartbeat(_Part, frozen=True, kw_only=True):
    """How a node is: what the health page shows."""

    clock: Instant
    code: Digest
    slots_free: Count
    scratch: Literal["memory", "disk", "missing"]
    swap: Literal["off", "on"]
    sm4: Words
    sm2: Words
    running: tuple[Id, ...]


class Uplink(Document, frozen=True, kw_only=True, tag="uplink"):
    """A node's call: rising counter, statements not yet acknowledged, the last message it has taken in."""

    node: Uscc
    counter: Annotated[int, Meta(ge=1)]
    sent_at: Instant
    statements: tuple[Signed, ...]
    received: Count
    heartbeat: Heartbeat


class OrderOffered(_Part, frozen=True, kw_only=True, tag_field="kind", tag="order"):
    """An order to check and accept or refuse."""

    number: Annotated[int, Meta(ge=1)]
    order: Signed


class OrderStarted(_Part, frozen=True, kw_only=True, tag_field="kind", tag="start"):
    """All parties have accepted: begin."""

    number: Annotated[int, Meta(ge=1)]
    job: Id
    attempt: int
    fence: int


class OrderStopped(_Part, frozen=True, kw_only=True, tag_field="kind", tag="stop"):
    """Stop whatever runs of this job up to this fence; `reason` is a code of `refusals.py`."""

    number: Annotated[int, Meta(ge=1)]
    job: Id
    fence: int
    reason: Words


class DraftSent(_Part, frozen=True, kw_only=True, tag_field="kind", tag="draft"):
    """A document that waits for this organisation's signature, and the signatures it already has."""

    number: Annotated[int, Meta(ge=1)]
    organisation: Uscc
    document: Signed


class DocumentCompleted(_Part, frozen=True, kw_only=True, tag_field="kind", tag="completed"):
    """A document with all the signatures it needs."""

    number: Annotated[int, Meta(ge=1)]
    document: Signed


class CardShown(_Part, frozen=True, kw_only=True, tag_field="kind", tag="card"):
    """Another organisation's card, to be confirmed by an officer."""

    number: Annotated[int, Meta(ge=1)]
    card: Signed


class SealedDelivered(_Part, frozen=True, kw_only=True, tag_field="kind", tag="sealed"):
    """A sealed message for an organisation of this node."""

    number: Annotated[int, Meta(ge=1)]
    message: SealedSent


Message = (
    OrderOffered | OrderStarted | OrderStopped | DraftSent | DocumentCompleted | CardShown | SealedDelivered
)  # fmt: skip


class Downlink(Document, frozen=True, kw_only=True, tag="downlink"):
    """The portal's signed answer to one uplink, named by node and counter."""

    node: Uscc
    counter: Annotated[int, Meta(ge=1)]
    sent_at: Instant
    acknowledged: Count
    messages: tuple[Message, ...]


AnyDocument = (
    Card | Ticket | Policy | CapsuleHeader | Contract | ContractAct | Authorisation | Scorecard | JobRequest | Order
    | Receipt | Statement | Uplink | Downlink
)  # fmt: skip
D = TypeVar("D", bound=Document)


# Bytes and signatures -----------------------------------------------------------------------------------------------


def type_of(document: Document) -> str:
    """The document's `type`, as it stands in its JSON."""
    return str(document.__struct_config__.tag)


def to_canonical(document: Document) -> bytes:
    """The document's one form: RFC 8785 bytes."""
    return rfc8785.dumps(msgspec.to_builtins(document))


def parse(data: bytes, kind: type[D]) -> D:
    """Read a document of the type `kind` from its canonical bytes.

    Raises DocumentError with what is wrong: another type, an unknown field, a value out of its range, bytes that
    are not the canonical form, text that is not NFC."""
    try:
        document = msgspec.json.decode(data, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise DocumentError(str(error)) from error
    for text in _texts(msgspec.to_builtins(document)):
        if not unicodedata.is_normalized("NFC", text):
            raise DocumentError("text that is not in Unicode normal form C")
    if to_canonical(document) != data:
        raise DocumentError("not in canonical form (RFC 8785)")
    return document


def parse_any(data: bytes) -> Document:
    """Read a document of whatever type it names; raises DocumentError."""
    try:
        document: Document = msgspec.json.decode(data, type=AnyDocument)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise DocumentError(str(error)) from error
    return parse(data, type(document))


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield key
            yield from _texts(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _texts(item)


def digest_of(document: Document) -> str:
    """`sm3:` and the SM3 of the canonical bytes, in hex."""
    return sm3.digest(to_canonical(document))


def key_id(key: PublicKey) -> str:
    """A public key's name in signatures and cards: the SM3 of its 65 bytes."""
    return sm3.digest(bytes.fromhex(key.hex))


def _signed_bytes(kind: str, text: bytes) -> bytes:
    return f"creditzone/{kind}/v1\n".encode() + text


def sign(document: Document, key: PrivateKey, *, by: str) -> Signature:
    """`by`'s SM2 signature over the document."""
    value = key.sign(_signed_bytes(type_of(document), to_canonical(document))).hex()
    return Signature(by=by, key=key_id(key.public), value=value)


def signed(document: Document, key: PrivateKey, *, by: str) -> Signed:
    """The document with `by`'s signature, ready to travel."""
    return Signed(text=to_canonical(document).decode(), signatures=(sign(document, key, by=by),))


def unsigned(document: Document) -> Signed:
    """The document as a draft: no signature yet."""
    return Signed(text=to_canonical(document).decode(), signatures=())


def with_signature(document: Signed, signature: Signature) -> Signed:
    """The same text with one more signature, at most one an organisation and key."""
    others = tuple(s for s in document.signatures if (s.by, s.key) != (signature.by, signature.key))
    return Signed(text=document.text, signatures=(*others, signature))


def require_signature(document: Signed, kind: type[D], *, by: str, key: PublicKey) -> D:
    """The document, once `by`'s signature with exactly this key fits it.

    Raises DocumentError where the text is not a canonical `kind`, SignatureInvalid where the signature is missing,
    names another key, or does not fit."""
    parsed = parse(document.text.encode(), kind)
    name = key_id(key)
    message = _signed_bytes(type_of(parsed), document.text.encode())
    for signature in document.signatures:
        if signature.by == by and signature.key == name and _fits(key, signature, message):
            return parsed
    raise SignatureInvalid(f"no valid signature by {by} on this {type_of(parsed)}")


def _fits(key: PublicKey, signature: Signature, message: bytes) -> bool:
    try:
        return key.verify(bytes.fromhex(signature.value), message)
    except Sm2Error:
        return False


def read(document: Signed, kind: type[D]) -> D:
    """The document inside, its form checked and its signatures not: for what was checked before, or is a draft."""
    return parse(document.text.encode(), kind)


def new_id() -> str:
    """A fresh UUIDv7, lower-case with hyphens."""
    return str(uuid_utils.uuid7())


def now_ms() -> int:
    """This machine's clock: integer milliseconds UTC. Only edges call it; the kernel's functions take `now`."""
    return time.time_ns() // 1_000_000
