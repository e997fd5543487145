"""The firms that all parties of a job have in common, as each party sees them after alignment."""

from collections.abc import Callable

from creditzone.kernel.credit.uscc import is_person
from creditzone.kernel.refusals import Refused


def require_sound_set(codes: list[str], *, held: Callable[[str], bool]) -> None:
    """The check at the provider: the common set is not empty, names no code twice, no person, and no firm outside the
    capsule. Raises Refused."""
    if not codes:
        raise Refused("set-empty")
    if len(set(codes)) != len(codes):
        raise Refused("set-duplicates")
    if any(is_person(code) for code in codes):
        raise Refused("natural-person")
    if not all(held(code) for code in codes):
        raise Refused("set-foreign")
