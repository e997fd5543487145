"""Who takes part: cards, and the tickets with which people come to a node."""

from typing import Annotated, Final

from msgspec import Meta

from creditzone.kernel.forms import Digest, Document, Id, Instant, Key, OrganisationKind, Uscc, Words

HOST_KINDS: Final[frozenset[OrganisationKind]] = frozenset({"operator", "code_centre", "platform"})
"""Who may keep keys for firms without a node of their own. Never a bank: it would agree to its own enquiries."""


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


def fingerprint(digest: str) -> str:
    """The first 32 hex digits of a card's digest in groups of four: what two people read to each other."""
    digits = digest.removeprefix("sm3:").upper()
    return " ".join(digits[at : at + 4] for at in range(0, 32, 4))
