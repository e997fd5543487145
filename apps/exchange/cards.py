"""Registered cards as the exchange reads them: which key vouches for whose word."""

from apps.tenants import selectors as tenants
from apps.tenants.models import Card as CardRow
from apps.tenants.models import Organisation
from creditzone.kernel.documents import Card, D, Signature, SignatureInvalid, Signed, key_id, read, require_signature
from creditzone.kernel.sm.sm2 import PublicKey


def current_card(organisation: Organisation) -> Card | None:
    """The organisation's card as registered now."""
    row = tenants.current_card(organisation.id)
    return read(tenants.card_document(row), Card) if row else None


def key_of(organisation: Organisation, signature: Signature | None) -> PublicKey | None:
    """The key that the signature names, if it stands on a card the organisation has now or had before."""
    if signature is None:
        return None
    for row in CardRow.objects.filter(organisation=organisation).order_by("-serial"):
        key = PublicKey.from_hex(read(tenants.card_document(row), Card).signing_key)
        if key_id(key) == signature.key:
            return key
    return None


def require_signed_by(document: Signed, kind: type[D], organisation: Organisation, *, current: bool = True) -> D:
    """The document, its signature by the organisation checked against its registered card.

    `current`: only the key in force counts, as for whatever begins to bind now; else any key it ever had, as for
    what was signed before. Raises DocumentError, SignatureInvalid."""
    signature = document.by(organisation.uscc)
    if current:
        card = current_card(organisation)
        key = PublicKey.from_hex(card.signing_key) if card else None
    else:
        key = key_of(organisation, signature)
    if key is None:
        raise SignatureInvalid(f"no registered card of {organisation.uscc}")
    return require_signature(document, kind, by=organisation.uscc, key=key)
