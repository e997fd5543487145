"""Which columns of a capsule a job reads. Without numpy: the node's runner imports it."""

from __future__ import annotations

from typing import Final

from creditzone.kernel.documents import Scorecard
from creditzone.kernel.domain import domain
from creditzone.kernel.refusals import Refused

AUTHORISATION: Final = ("authorisation_no", "authorisation_digest", "authorisation_expiry")


def columns_read(card: Scorecard, domain_id: str, *, authorised: bool) -> list[str]:
    """The key first, then (`authorised`) what decides whether a row may be used, then the card's features of the
    domain, in the card's order. Raises Refused where the domain does not hold them."""
    found = domain(domain_id)
    features = [feature.column for feature in card.features if feature.domain == domain_id]
    unknown = set(features) - set(found.names)
    if unknown or not features:
        raise Refused("parties", what=", ".join(sorted(unknown)) or domain_id)
    return [found.key, *(AUTHORISATION if authorised else ()), *features]


def columns_used(
    card: Scorecard, domain_id: str, *, authorised: bool, counts: bool = False
) -> tuple[tuple[str, str], ...]:
    """The same columns, each with what it is read for: `match` decides which rows take part, `score` earns points;
    `statistic` points of which only counts come out."""
    names = columns_read(card, domain_id, authorised=authorised)
    way = "statistic" if counts else "score"
    matched = {domain(domain_id).key, *(AUTHORISATION if authorised else ())}
    return tuple((name, "match" if name in matched else way) for name in names)
