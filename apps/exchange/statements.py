"""What the exchange itself takes in: cards, and signatures under drafts, which it hands on by kind of document."""

from apps.core.errors import NotFound
from apps.exchange import registry
from apps.exchange.cards import require_signed_by
from apps.exchange.models import Draft
from apps.exchange.registry import DeclinedDraft, Sender, SignedDraft, on_statement
from apps.exchange.services import settle_draft, show_at_once
from apps.tenants.services import register_card
from creditzone.kernel.documents import CardIssued, DocumentSigned, DraftDeclined, Signed, parse_any


@on_statement(CardIssued)
def take_card(sender: Sender, body: CardIssued) -> None:
    """A node's own renewed card, or that of a firm it hosts."""
    card = register_card(signed=body.card, actor=None, node=sender.node)
    if card.serial > 1:
        show_at_once(card)


@on_statement(DocumentSigned)
def take_signature(sender: Sender, body: DocumentSigned) -> None:
    """An officer signed a draft: check the signature against the signer's card, then let the document's app act."""
    draft = settle_draft(
        digest=body.document, organisation=sender.organisation, to=Draft.State.SIGNED, person=body.person
    )
    document = parse_any(draft.text.encode())
    if body.signature.by != sender.organisation.uscc:
        raise NotFound(what="draft")
    signed = Signed(text=draft.text, signatures=(body.signature,))
    require_signed_by(signed, type(document), sender.organisation)
    registry.SIGNED[type(document)](
        SignedDraft(
            document=document,
            digest=draft.digest,
            text=draft.text,
            by=sender.organisation,
            signature=body.signature,
            person=body.person,
            now=sender.now,
        )
    )


@on_statement(DraftDeclined)
def take_decline(sender: Sender, body: DraftDeclined) -> None:
    """An officer returned a draft: let the document's app act."""
    draft = settle_draft(
        digest=body.document,
        organisation=sender.organisation,
        to=Draft.State.DECLINED,
        person=body.person,
        reason=body.reason,
    )
    document = parse_any(draft.text.encode())
    registry.DECLINED[type(document)](
        DeclinedDraft(
            document=document,
            digest=draft.digest,
            by=sender.organisation,
            reason=body.reason,
            person=body.person,
            now=sender.now,
        )
    )
