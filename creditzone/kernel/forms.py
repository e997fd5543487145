"""What documents are made of: the kinds of values, their two base shapes, signatures, and a refusal as data."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from creditzone.kernel.sm import sm3

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
Disclosure = Literal["decision", "grade", "reasons", "score", "statistic"]
Engine = Literal["cheetah", "aby3"]
Stage = Literal["check", "open", "intersect", "grade", "seal"]


class DocumentError(ValueError):
    """The bytes are not a document in its one canonical form; the message says what is wrong."""


class SignatureInvalid(ValueError):
    """A signature does not fit the document and the key it was checked against."""


class Part(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A piece of a document: no type of its own, never signed alone."""


class Document(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="type"):
    """What every document says about itself beside its type."""

    v: Literal[1] = 1
    zone: str


class Signature(Part, frozen=True, kw_only=True):
    """Who signed, with which key (its digest), and r||s in hex."""

    by: Uscc
    key: Digest
    value: Annotated[str, Meta(pattern=r"^[0-9a-f]{128}$")]


class Signed(Part, frozen=True, kw_only=True):
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


class RefusalNote(Part, frozen=True, kw_only=True):
    """A refusal as data: the clause that decided and the facts it read, as text."""

    clause: Words
    facts: tuple[tuple[str, str], ...]
