"""The one canonical form of documents, their digests, and the signatures over them."""

import time
import unicodedata
from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

import msgspec
import rfc8785
import uuid_utils

from creditzone.kernel.documents.agreements import (
    Authorisation,
    AuthorisationWithdrawal,
    CapsuleAct,
    CapsuleHeader,
    Contract,
    ContractAct,
)
from creditzone.kernel.documents.cards import Card, Ticket
from creditzone.kernel.documents.certificates import CapsuleCertificate, ResultDeletion
from creditzone.kernel.documents.custody import Deposit
from creditzone.kernel.documents.exchange import Downlink, Uplink
from creditzone.kernel.documents.jobs import JobRequest, Order, Receipt
from creditzone.kernel.documents.policies import Policy
from creditzone.kernel.documents.scorecards import Scorecard
from creditzone.kernel.documents.statements import Statement
from creditzone.kernel.documents.votes import LooseningVote
from creditzone.kernel.documents.zone_rules import ZoneRules
from creditzone.kernel.forms import Document, DocumentError, Signature, SignatureInvalid, Signed
from creditzone.kernel.sm import sm3
from creditzone.kernel.sm.keys import Signer
from creditzone.kernel.sm.sm2 import PublicKey, Sm2Error

AnyDocument = (
    Card | Ticket | Policy | CapsuleHeader | CapsuleAct | CapsuleCertificate | Contract | ContractAct
    | Authorisation | AuthorisationWithdrawal | Deposit | Scorecard | JobRequest | Order | Receipt | ResultDeletion
    | Statement | Uplink | Downlink | ZoneRules | LooseningVote
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


def sign(document: Document, key: Signer, *, by: str) -> Signature:
    """`by`'s SM2 signature over the document."""
    value = key.sign(_signed_bytes(type_of(document), to_canonical(document))).hex()
    return Signature(by=by, key=key_id(key.public), value=value)


def signed(document: Document, key: Signer, *, by: str) -> Signed:
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
    """The document, once `by`'s signature with exactly this key fits it: a stranger's text is not even parsed.

    Raises SignatureInvalid where the signature is missing, names another key or does not fit the text as a `kind`,
    DocumentError where what was signed is not a canonical `kind`."""
    name, text = key_id(key), document.text.encode()
    tag = str(kind.__struct_config__.tag)
    made = next((one for one in document.signatures if one.by == by and one.key == name), None)
    if made is None or not _fits(key, made, _signed_bytes(tag, text)):
        raise SignatureInvalid(f"no valid signature by {by} on this {tag}")
    return parse(text, kind)


def require_signature_by_one(document: Signed, kind: type[D], *, by: str, keys: Iterable[PublicKey]) -> D:
    """As `require_signature`, by whichever of an organisation's keys, the one in force first."""
    for key in keys:
        try:
            return require_signature(document, kind, by=by, key=key)
        except SignatureInvalid:
            continue
    raise SignatureInvalid(f"no valid signature by {by} on this {kind.__struct_config__.tag}")


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
