"""Consent that each firm signed itself: which firms' rows may enter a job over many. Pure.

The provider's node asks this of what it holds, not of what the recipient declares: an authorisation counts with the
firm's own signature by a card that was confirmed here, unless the firm took it back, and only as far as it reaches. A
firm whose keys the recipient itself keeps consents to nothing."""

from collections.abc import Iterable
from typing import Final

from creditzone.kernel.credit.uscc import is_person
from creditzone.kernel.documents import (
    Authorisation,
    DocumentError,
    SignatureInvalid,
    Signed,
    read,
    require_signature_by_one,
)
from creditzone.kernel.orders import CheckedOrder, Standing, is_withdrawn, keys_of, uncovered
from creditzone.kernel.policy.constraints.columns import Columns
from creditzone.kernel.sm.sm2 import Sm2Error

NEEDS_CONSENT: Final = frozenset({"firm_authorisation", "person_consent"})
"""Grounds on which a column enters only where its firm agrees."""


def rests_on_signatures(checked: CheckedOrder) -> bool:
    """Whether rows of this party enter only under their firms' own signatures: the request says so, and not every
    column that it reads of another's has a ground that needs no consent."""
    request = checked.request
    if request.consent != "signed" or request.subject is not None or checked.mine.provider == request.recipient:
        return False
    columns = next(rule for rule in checked.policy.rules if rule.id == checked.rule).of(Columns)
    used = [columns.of(name) for name, _mode in checked.use.columns or ()]
    return not used or any(one is None or one.ground in NEEDS_CONSENT for one in used)


def consenting(held: Iterable[Signed], checked: CheckedOrder, standing: Standing) -> dict[str, str]:
    """The firms of which one of these authorisations lets the job read this party's rows, each with its digest."""
    firms: dict[str, str] = {}
    for document in held:
        firm = _firm_that_lets(document, checked, standing)
        if firm is not None:
            firms.setdefault(firm, document.digest)
    return firms


def _firm_that_lets(document: Signed, checked: CheckedOrder, standing: Standing) -> str | None:
    try:
        said = read(document, Authorisation)
        firm = said.subject
        card = standing.cards.get(firm)
        if card is None or card.host == checked.request.recipient or is_person(firm):
            return None
        keys = keys_of(card, standing.earlier.get(firm, ()), dated=said.drafted_at)
        given = require_signature_by_one(document, Authorisation, by=firm, keys=keys)
    except (DocumentError, SignatureInvalid, Sm2Error):
        return None
    lives = given.not_before <= standing.now < given.not_after
    if not lives or uncovered(given, firm, checked.request, [checked.mine]):
        return None
    return None if is_withdrawn(document.digest, firm, standing) else firm
