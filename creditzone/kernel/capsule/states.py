"""What a sealed capsule is at its provider's node, and which act leads where. Whatever is not listed is refused."""

from collections.abc import Iterable
from typing import Final, Literal

from creditzone.kernel.documents.agreements import CapsuleActKind

CapsuleState = Literal["sealed", "frozen", "revoked", "destroyed"]

MOVES: Final[dict[tuple[CapsuleState, CapsuleActKind], CapsuleState]] = {
    ("sealed", "freeze"): "frozen",
    ("frozen", "resume"): "sealed",
    ("sealed", "revoke"): "revoked",
    ("frozen", "revoke"): "revoked",
    ("revoked", "destroy"): "destroyed",
}
CLAUSES: Final[dict[CapsuleState, str]] = {
    "frozen": "capsule-frozen",
    "revoked": "capsule-revoked",
    "destroyed": "capsule-destroyed",
}
"""The clause with which a use is refused, by the state that refuses it."""
SOURCE_CLAUSES: Final[dict[CapsuleState, str]] = {
    "frozen": "source-frozen",
    "revoked": "source-revoked",
    "destroyed": "source-revoked",
}
"""The clause with which a use of what was made of a capsule is refused, by that capsule's state."""
STATE_AFTER: Final[dict[CapsuleActKind, CapsuleState]] = {act: to for (_, act), to in MOVES.items()}
IRREVERSIBLE: Final[frozenset[CapsuleActKind]] = frozenset({"revoke", "destroy"})


def after(state: CapsuleState, act: CapsuleActKind) -> CapsuleState | None:
    """The state that an act leads to; None where it is not to be done now."""
    return MOVES.get((state, act))


def state_after(acts: Iterable[CapsuleActKind]) -> CapsuleState:
    """Where a sealed capsule stands after these acts, oldest first; an act out of turn changes nothing."""
    state: CapsuleState = "sealed"
    for act in acts:
        state = after(state, act) or state
    return state


def acts_in(state: CapsuleState) -> tuple[CapsuleActKind, ...]:
    """What can be done with a capsule in a state."""
    return tuple(act for before, act in MOVES if before == state)
