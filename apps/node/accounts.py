"""What a node's receipt says of an attempt: figures, what left it in which sealed form, and what it came to know.

`docs/leakage.md` is the table behind it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, Literal

from apps.node.program import code_digest
from creditzone.kernel.documents import Figure, Learned, Left, Receipt, digest_of, now_ms

if TYPE_CHECKING:
    from apps.node.computation import Computation

_ORDER: Final = ("rows", "dropped", "blinded", "matched", "shares", "peer_rows", "used_up")
_NUMBERS: Final[dict[str, Literal["grades", "scores", "decisions", "statistics"]]] = {
    "grade": "grades",
    "score": "scores",
    "decision": "decisions",
    "statistic": "statistics",
}


def receipt_of(attempt: Computation, result: Mapping[str, Any]) -> Receipt:
    """The receipt of an attempt whose last stage gave this result."""
    order = attempt.checked.order
    return Receipt(
        zone=attempt.node.zone,
        order=digest_of(order),
        request=order.request.digest,
        job=attempt.attempt.job,
        attempt=attempt.attempt.attempt,
        fence=attempt.attempt.fence,
        party=attempt.me,
        inputs=(digest_of(attempt.checked.header),),
        code=code_digest(),
        figures=figures_of(attempt.figures),
        left=tuple(_left(attempt)),
        learned=tuple(_learned(attempt)),
        agreement=result["agreement"],
        output=result["output"],
        started_at=attempt.started_at,
        finished_at=max(now_ms(), attempt.started_at),
    )


def figures_of(figures: Mapping[str, int]) -> tuple[Figure, ...]:
    """The counts so far, in one order."""
    return tuple(Figure(name=name, value=figures[name]) for name in _ORDER if name in figures)  # type: ignore[arg-type]


def _left(attempt: Computation) -> list[Left]:
    """What left this party, in which sealed form, to whom (ENGINE: leakage)."""
    request, matched = attempt.checked.request, attempt.figures["matched"]
    left: list[Left] = []
    if request.subject is None:
        psi_peers = attempt.others if attempt.receives else [attempt.recipient]
        left += [Left(form="blinded-codes", to=peer, count=attempt.figures["blinded"]) for peer in psi_peers]
        if attempt.receives:
            left += [Left(form="common-set", to=peer, count=_common(attempt)) for peer in attempt.others]
    left += [Left(form="secret-shares", to=peer, count=matched) for peer in attempt.others]
    if not attempt.receives:
        form: Literal["output-shares", "sealed-shares"] = (
            "output-shares" if attempt.recipient in attempt.parties else "sealed-shares"
        )
        left.append(Left(form=form, to=attempt.recipient, count=matched))
        if "reasons" in request.disclosures:
            left.append(Left(form="sealed-reasons", to=attempt.recipient, count=matched))
    return left


def _learned(attempt: Computation) -> list[Learned]:
    """What this party came to know beyond its own input and, at a provider, beyond nothing at all."""
    request, matched = attempt.checked.request, attempt.figures["matched"]
    if not attempt.receives:
        learned = [Learned(what="own-firms-asked", of=attempt.recipient, count=_common(attempt))]
        if request.subject is None:
            learned.append(Learned(what="set-size", of=attempt.recipient, count=1))
        return learned
    learned = [Learned(what=_NUMBERS[attempt.disclosure], of=None, count=matched)]
    for party, count in attempt.known.items():
        learned.append(Learned(what="own-firms-known", of=party, count=count))
        learned.append(Learned(what="set-size", of=party, count=1))
    if "reasons" in request.disclosures:
        learned += [Learned(what="reasons", of=party, count=matched) for party in attempt.others]
    return learned


def _common(attempt: Computation) -> int:
    """The firms of the set before some were left out whose uses are spent."""
    return attempt.figures.get("common", attempt.figures["matched"])
