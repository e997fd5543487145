"""What a sealed capsule is at its provider's node, and which act leads where. Whatever is not listed is refused."""

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
STATE_AFTER: Final[dict[CapsuleActKind, CapsuleState]] = {act: to for (_, act), to in MOVES.items()}
IRREVERSIBLE: Final[frozenset[CapsuleActKind]] = frozenset({"revoke", "destroy"})


def after(state: CapsuleState, act: CapsuleActKind) -> CapsuleState | None:
    """The state that an act leads to; None where it is not to be done now."""
    return MOVES.get((state, act))


def acts_in(state: CapsuleState) -> tuple[CapsuleActKind, ...]:
    """What can be done with a capsule in a state."""
    return tuple(act for before, act in MOVES if before == state)
