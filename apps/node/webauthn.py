"""Passkeys as WebAuthn has them, judged for one node: what a browser is asked, and whether its answer is one.

An authenticator signs the origin that the browser saw and the challenge that the page gave it. The challenge of an
approval is derived from the digest of exactly the document to be signed, so an answer that a page relayed, replayed or
drew for another document approves nothing here. Nothing is kept: `passkeys` does that.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hmac import compare_digest
from struct import error as StructError
from typing import Any, Final, cast
from urllib.parse import urlsplit

import rfc8785
from cryptography.exceptions import InvalidSignature
from fido2 import cbor
from fido2.cose import CoseKey
from fido2.utils import sha256, websafe_encode
from fido2.webauthn import AuthenticationResponse, AuthenticatorData, CollectedClientData, RegistrationResponse
from msgspec import Struct

from apps.node.errors import NodeError
from creditzone.kernel.sm import sm3

ALGORITHMS: Final = (-7, -8, -257)
"""ES256, EdDSA and RS256: what authenticators have."""
ANSWER_AT_MOST: Final = 16_384
CREDENTIAL_AT_MOST: Final = 1023
UNREADABLE: Final = (
    *(ValueError, TypeError, LookupError, AttributeError),
    *(NotImplementedError, RecursionError, StructError),
)
"""What the library's readers raise at bytes that are no answer."""


@dataclass(frozen=True, kw_only=True)
class Site:
    """The node's own origin, and its host name as the relying party that passkeys are bound to."""

    origin: str
    rp_id: str
    name: str


@dataclass(frozen=True, kw_only=True)
class NewPasskey:
    """What an authenticator enrolled: its id, its public key (COSE) and where its counter stands."""

    credential: str
    public_key: bytes
    counter: int


class Assertion(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An authenticator's answer to an approval's challenge, as bytes that anybody can check again."""

    credential: str
    client_data: bytes
    authenticator_data: bytes
    signature: bytes


def site_of(console_url: str, name: str) -> Site:
    """The relying party of a console at this address."""
    parts = urlsplit(console_url)
    return Site(origin=f"{parts.scheme}://{parts.netloc}", rp_id=parts.hostname or "", name=name)


def challenge_of(kind: str, facts: dict[str, str | int]) -> bytes:
    """The challenge that stands for these facts: SM3 over their canonical form, under the kind's own label."""
    text = f"creditzone/challenge/{kind}/v1\n".encode() + rfc8785.dumps(dict(facts))
    return sm3.sm3(text)


def creation_options(
    site: Site, *, challenge: bytes, user: str, name: str, known: Sequence[str], timeout: int
) -> dict[str, Any]:
    """What `navigator.credentials.create` is given; authenticators that hold one of `known` enrol no other."""
    return {
        "rp": {"id": site.rp_id, "name": site.name},
        "user": {"id": websafe_encode(sha256(user.encode())), "name": name, "displayName": name},
        "challenge": websafe_encode(challenge),
        "pubKeyCredParams": [{"type": "public-key", "alg": algorithm} for algorithm in ALGORITHMS],
        "excludeCredentials": _descriptors(known),
        "authenticatorSelection": {"userVerification": "required", "residentKey": "preferred"},
        "attestation": "none",
        "timeout": timeout,
    }


def request_options(site: Site, *, challenge: bytes, allowed: Sequence[str], timeout: int) -> dict[str, Any]:
    """What `navigator.credentials.get` is given: one of the person's own passkeys, its holder verified."""
    return {
        "rpId": site.rp_id,
        "challenge": websafe_encode(challenge),
        "allowCredentials": _descriptors(allowed),
        "userVerification": "required",
        "timeout": timeout,
    }


def enrolled(site: Site, answer: str, *, challenge: bytes) -> NewPasskey:
    """The passkey in a browser's answer to an enrolment; raises NodeError with what is wrong about it."""
    try:
        response = RegistrationResponse.from_dict(_json(answer)).response
        client, data = response.client_data, response.attestation_object.auth_data
        _check_client(site, client, kind="webauthn.create", challenge=challenge)
        _check_authenticator(site, data)
        made = data.credential_data
        if made is None or len(made.credential_id) > CREDENTIAL_AT_MOST:
            raise NodeError("passkey-answer")
        key = CoseKey.parse(made.public_key)
    except UNREADABLE as error:
        raise NodeError("passkey-answer") from error
    if key.ALGORITHM not in ALGORITHMS:
        raise NodeError("passkey-answer")
    return NewPasskey(
        credential=websafe_encode(made.credential_id), public_key=cbor.encode(dict(key)), counter=data.counter
    )


def assertion(answer: str) -> Assertion:
    """A browser's answer to an approval, read; raises NodeError where it is none."""
    try:
        read = AuthenticationResponse.from_dict(_json(answer))
        return Assertion(
            credential=websafe_encode(read.raw_id),
            client_data=bytes(read.response.client_data),
            authenticator_data=bytes(read.response.authenticator_data),
            signature=read.response.signature,
        )
    except UNREADABLE as error:
        raise NodeError("passkey-answer") from error


def counter_of(site: Site, given: Assertion, *, public_key: bytes, challenge: bytes) -> int:
    """Where the authenticator's counter stands, if this is its signature over this challenge at this site.

    Raises NodeError that says which part does not hold."""
    try:
        client, data = CollectedClientData(given.client_data), AuthenticatorData(given.authenticator_data)
        _check_client(site, client, kind="webauthn.get", challenge=challenge)
        _check_authenticator(site, data)
        key = cast("Mapping[int, Any]", cbor.decode(public_key))
        CoseKey.parse(key).verify(data + client.hash, given.signature)
    except InvalidSignature:
        raise NodeError("passkey-signature") from None
    except UNREADABLE as error:
        raise NodeError("passkey-answer") from error
    return int(data.counter)


def _check_client(site: Site, client: CollectedClientData, *, kind: str, challenge: bytes) -> None:
    if client.type != kind:
        raise NodeError("passkey-answer")
    if client.origin != site.origin or client.cross_origin:
        raise NodeError("passkey-origin", origin=str(client.origin)[:200])
    if not compare_digest(client.challenge, challenge):
        raise NodeError("passkey-challenge")


def _check_authenticator(site: Site, data: AuthenticatorData) -> None:
    if not compare_digest(data.rp_id_hash, sha256(site.rp_id.encode())):
        raise NodeError("passkey-origin", origin="—")
    if not data.is_user_present() or not data.is_user_verified():
        raise NodeError("passkey-unverified")


def _descriptors(credentials: Sequence[str]) -> list[dict[str, str]]:
    return [{"type": "public-key", "id": credential} for credential in credentials]


def _json(answer: str) -> dict[str, Any]:
    if len(answer) > ANSWER_AT_MOST:
        raise ValueError
    found = json.loads(answer)
    if not isinstance(found, dict):
        raise TypeError
    return found
