"""A passkey in software, as the demonstration's scripts hold one: an ES256 key that answers what a node asks.

A person's passkey lives in an authenticator that asks for a fingerprint or a PIN; this one answers whoever reads its
file. It is for the demonstration and for tests. Its counter stays at nought, as that of a passkey which is synchronised
between devices does.
"""

import base64
import hashlib
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_der_private_key
from fido2 import cbor

PRESENT, VERIFIED, ENROLS = 0x01, 0x04, 0x40


@dataclass(kw_only=True)
class SoftwarePasskey:
    """One passkey. `counter` and `flags` are what its next answer says; tests change them."""

    id: bytes = field(default_factory=lambda: secrets.token_bytes(16))
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    counter: int = 0
    flags: int = PRESENT | VERIFIED

    @classmethod
    def read(cls, kept: Mapping[str, str]) -> "SoftwarePasskey":
        """The passkey that `kept` wrote down."""
        key = load_der_private_key(_bytes(kept["key"]), password=None)
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise ValueError("not a key of an elliptic curve")
        return cls(id=_bytes(kept["id"]), key=key)

    def kept(self) -> dict[str, str]:
        """What to keep of it, secret."""
        key = self.key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
        return {"id": _text(self.id), "key": _text(key)}

    def create(self, options: Mapping[str, Any], *, origin: str) -> str:
        """The answer to an enrolment's question, as a page at `origin` sends it."""
        numbers = self.key.public_key().public_numbers()
        public = {1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")}
        made = bytes(16) + len(self.id).to_bytes(2, "big") + self.id + cbor.encode(public)
        data = self._data(options["rp"]["id"], ENROLS) + made
        attested = cbor.encode({"fmt": "none", "attStmt": {}, "authData": data})
        client = client_data("webauthn.create", options["challenge"], origin)
        return self._answer({"clientDataJSON": _text(client), "attestationObject": _text(attested)})

    def get(self, options: Mapping[str, Any], *, origin: str) -> str:
        """The answer to an approval's question, as a page at `origin` sends it."""
        data = self._data(options["rpId"], 0)
        client = client_data("webauthn.get", options["challenge"], origin)
        signature = self.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(SHA256()))
        parts = {"clientDataJSON": client, "authenticatorData": data, "signature": signature}
        return self._answer({name: _text(part) for name, part in parts.items()})

    def _data(self, rp_id: str, more: int) -> bytes:
        whose = hashlib.sha256(rp_id.encode()).digest()
        return whose + bytes([self.flags | more]) + self.counter.to_bytes(4, "big")

    def _answer(self, response: dict[str, str]) -> str:
        return json.dumps({"id": _text(self.id), "rawId": _text(self.id), "type": "public-key", "response": response})


def client_data(kind: str, challenge: str, origin: str) -> bytes:
    """What a browser tells the authenticator about the page."""
    facts = {"type": kind, "challenge": challenge, "origin": origin, "crossOrigin": False}
    return json.dumps(facts, separators=(",", ":")).encode()


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
