"""Registering scorecards: the document decides what it is called; its model card must be about it and nothing else."""

from typing import Any

import rfc8785
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from apps.core.errors import Invalid
from apps.ledger.services import append_entry
from apps.scoring.model_card import InvalidModelCard, require_model_card
from apps.scoring.models import Scorecard
from creditzone.kernel import documents
from creditzone.kernel.credit.scorecard import InvalidScorecard, require_sound
from creditzone.kernel.domain import UnknownDomain, domain
from creditzone.kernel.sm import sm3


@transaction.atomic
def register_scorecard(*, text: bytes, model_card: dict[str, Any]) -> tuple[Scorecard, bool]:
    """Register a scorecard with its model card; the row, and whether it is new. The same card again changes nothing;
    a model card that was measured anew replaces the one before.

    Raises Invalid where the document is not canonical or contradicts itself, names columns that no domain has, where
    the model card is about another card, or where this version is taken by another document."""
    document = _read(text)
    digest = documents.digest_of(document)
    _require_about(model_card, document, digest)
    known = Scorecard.objects.filter(card=document.id, version=document.version).first()
    if known is not None:
        if known.digest != digest:
            raise Invalid.of("version", _("This version of the scorecard is registered with other contents."))
        _measured_again(known, model_card)
        return known, False
    card = Scorecard(
        digest=digest,
        card=document.id,
        version=document.version,
        name=document.name,
        name_en=document.name_en,
        domains=list(document.domains),
        text=text.decode(),
        model_card=model_card,
    )
    card.save(force_insert=True)
    append_entry(
        actor=None,
        act="scorecard.register",
        subject_type="scorecard",
        subject_id=digest,
        facts={"card": document.id, "version": document.version},
    )
    return card, True


def _measured_again(known: Scorecard, model_card: dict[str, Any]) -> None:
    """Keep what was measured anew of a card that is itself the same; the ledger holds both digests."""
    if known.model_card == model_card:
        return
    before, known.model_card = known.model_card, model_card
    known.save(update_fields=["model_card"])
    append_entry(
        actor=None,
        act="scorecard.measure",
        subject_type="scorecard",
        subject_id=known.digest,
        facts={
            "card": known.card,
            "version": known.version,
            "from": sm3.digest(rfc8785.dumps(before)),
            "to": sm3.digest(rfc8785.dumps(model_card)),
        },
    )


def _read(text: bytes) -> documents.Scorecard:
    try:
        document = documents.parse(text, documents.Scorecard)
        require_sound(document)
    except (documents.DocumentError, InvalidScorecard) as error:
        raise Invalid.of("scorecard", str(error)) from error
    for feature in document.features:
        try:
            column = domain(feature.domain).column(feature.column)
        except (UnknownDomain, KeyError):
            raise Invalid.of("scorecard", f"{feature.domain}.{feature.column}") from None
        if column.type not in ("decimal", "integer"):
            raise Invalid.of("scorecard", f"{feature.domain}.{feature.column}")
    return document


def _require_about(model_card: dict[str, Any], document: documents.Scorecard, digest: str) -> None:
    if model_card.get("digest") != digest:
        raise Invalid.of("model_card", _("The model card is about another scorecard."))
    try:
        require_model_card(model_card, document)
    except InvalidModelCard as error:
        raise Invalid.of("model_card", str(error)) from error
