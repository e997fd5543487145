"""Cards as nodes make them, for tests that need one registered."""

from dataclasses import dataclass
from typing import Any

from apps.tenants.models import Organisation
from creditzone.kernel import documents
from creditzone.kernel.documents import Card, Signed
from creditzone.kernel.sm.sm2 import PrivateKey


@dataclass
class Keys:
    """An organisation's two keys, as its node holds them."""

    signing: PrivateKey
    encryption: PrivateKey


def draw() -> Keys:
    """Fresh keys."""
    return Keys(PrivateKey.generate(), PrivateKey.generate())


def card_of(organisation: Organisation, keys: Keys, *, zone: str, serial: int = 1, **changes: Any) -> Signed:
    """Its self-signed card with a console at its own host name."""
    facts: dict[str, Any] = {
        "zone": zone,
        "organisation": organisation.uscc,
        "kind": organisation.kind,
        "name": organisation.name,
        "name_en": organisation.name_en,
        "serial": serial,
        "signing_key": keys.signing.public.hex,
        "encryption_key": keys.encryption.public.hex,
        "link_certificate": None,
        "link_host": "127.0.0.1",
        "link_ports": (42000, 42003),
        "slots": 1,
        "console_url": "http://bank.localhost:8101",
        "host": None,
        "issued_at": documents.now_ms(),
    }
    document = Card(**(facts | changes))
    return documents.signed(document, keys.signing, by=organisation.uscc)


def countersigned(card: Signed, keys: Keys, *, by: str) -> Signed:
    """The card with one more signature."""
    document = documents.read(card, Card)
    return documents.with_signature(card, documents.sign(document, keys.signing, by=by))
