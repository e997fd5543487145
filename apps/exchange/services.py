"""What other apps do through the exchange: send a node a message, and ask for a signature in it."""

from collections.abc import Iterable
from uuid import UUID

import msgspec

from apps.core import clock
from apps.core.errors import NotFound
from apps.core.tenancy import NOBODY
from apps.exchange.models import Draft, NodeLine, NodeMessage
from apps.tenants.models import Card, Organisation
from apps.tenants.selectors import card_document
from creditzone.kernel.documents import (
    CardShown,
    Document,
    DocumentCompleted,
    DraftSent,
    Message,
    Signed,
    StatementPassed,
    digest_of,
    to_canonical,
    type_of,
    unsigned,
)

UNNUMBERED = 1
"""What stands in a message's `number` until its node fetches it."""


def node_of(organisation: Organisation) -> UUID:
    """The organisation whose node serves `organisation`: its own, or its host's."""
    return organisation.hosted_by_id or organisation.id


def tell(organisation: Organisation, message: Message, *, sender: UUID) -> None:
    """Leave `message` for the node that serves `organisation`; it fetches it with its next call."""
    body = msgspec.json.encode(message).decode()
    NodeMessage(owner=sender, node_id=node_of(organisation), body=body).save(force_insert=True)


def show_at_once(card: Card) -> None:
    """Leave a card that takes another's place for every other node, ahead of whatever its key signs from now on."""
    served = {card.organisation_id, node_of(card.organisation)}
    for line in NodeLine.objects.exclude(node_id__in=served).select_related("node"):
        tell(line.node, CardShown(number=UNNUMBERED, card=card_document(card)), sender=NOBODY)


def pass_on(statement: Signed, *, to: str, sender: Organisation) -> None:
    """Hand a node's statement, as it was signed, on to the node of another organisation; raises NotFound."""
    organisation = Organisation.objects.filter(uscc=to, hosted_by=None).first()
    if organisation is None:
        raise NotFound(what="organisation")
    tell(organisation, StatementPassed(number=UNNUMBERED, statement=statement), sender=sender.id)


def request_signatures(document: Document, *, of: Iterable[Organisation], drafter: UUID) -> str:
    """Send `document` to the nodes of those who must sign it; its digest. Asking twice changes nothing."""
    draft = unsigned(document)
    for organisation in of:
        known = Draft.objects.filter(digest=draft.digest, organisation=organisation).exists()
        if not known:
            Draft(
                owner=drafter,
                organisation=organisation,
                digest=draft.digest,
                kind=type_of(document),
                text=draft.text,
            ).save(force_insert=True)
            send_draft(draft, to=organisation, sender=drafter)
    return draft.digest


def send_draft(draft: Signed, *, to: Organisation, sender: UUID) -> None:
    """Send a draft, with the signatures it has so far, to the node of one who must sign it."""
    tell(to, DraftSent(number=UNNUMBERED, organisation=to.uscc, document=draft), sender=sender)


def send_completed(document: Signed, *, to: Iterable[Organisation], sender: UUID) -> None:
    """Send a document that has all its signatures to the nodes of those it concerns, each node once."""
    nodes: set[UUID] = set()
    for organisation in to:
        if node_of(organisation) not in nodes:
            nodes.add(node_of(organisation))
            tell(organisation, DocumentCompleted(number=UNNUMBERED, document=document), sender=sender)


def withdraw_drafts(digest: str) -> int:
    """Take back a document that still waits: a later signature under it is rejected. The number of drafts."""
    waiting = Draft.objects.filter(digest=digest, state=Draft.State.WAITING)
    return waiting.update(state=Draft.State.WITHDRAWN, settled_at=clock.now())


def settle_draft(*, digest: str, organisation: Organisation, to: str, person: str, reason: str = "") -> Draft:
    """Mark one signer's draft as signed or declined; raises NotFound, or IllegalMove where it waits no longer."""
    draft = Draft.objects.filter(digest=digest, organisation=organisation).first()
    if draft is None:
        raise NotFound(what="draft")
    draft.move(to=to, person=UUID(person), reason=reason, settled_at=clock.now())
    return draft


def settle_if_waiting(document: Document, organisation: Organisation) -> None:
    """Mark a draft as signed whose signed form came another way (a capsule's policy comes with its header)."""
    waiting = Draft.objects.filter(digest=digest_of(document), organisation=organisation, state=Draft.State.WAITING)
    waiting.update(state=Draft.State.SIGNED, settled_at=clock.now())


def text_of(document: Document) -> str:
    """The document's canonical text, as it is stored."""
    return to_canonical(document).decode()
