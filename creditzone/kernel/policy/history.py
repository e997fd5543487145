"""Statistics that one recipient has had of one capsule, and whether it may have one more: pure, over keyed hashes.

A statistic of one set and another of nearly the same set are, subtracted, a statistic of the few by which they differ.
So what was told is remembered set by set, and a set that differs from an earlier one by fewer firms than the minimum
group is refused, unless it is the very same question over the very same firms. Sets with too few firms are refused and
remembered as well: whoever keeps asking for them is probing. Pairs are compared, no combinations of several.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from creditzone.kernel.refusals import Refusal

WINDOW_MS: Final = 30 * 86_400_000
BUDGET: Final = 20
"""Statistics that a recipient may have of one capsule in a window."""
PROBES: Final = 3
"""Questions about too few firms in a window, after which none is answered any more."""

Firms = frozenset[bytes]


@dataclass(frozen=True)
class Part:
    """One set of firms with what was counted over it: the whole set, or one of its groups. `firms` are keyed hashes."""

    question: str
    firms: Firms


@dataclass(frozen=True)
class Asked:
    """A question that was asked: of which job, when, over which sets. `told` is false where there were too few firms;
    then the sets are not kept."""

    job: str
    at: int
    told: bool
    parts: tuple[Part, ...] = ()


@dataclass(frozen=True)
class Budget:
    """How much of a window is used, by jobs: statistics told, and questions about too few firms."""

    told: int
    probes: int

    @property
    def left(self) -> int:
        """Statistics that may still be told in this window; none for whoever probed."""
        return 0 if self.probes >= PROBES else max(BUDGET - self.told, 0)


def budget_of(history: Iterable[Asked], *, now: int, but: str = "") -> Budget:
    """What was used in the window that ends `now`, the job `but` left out: its attempts share one question."""
    live = [one for one in history if one.at > now - WINDOW_MS and one.job != but]
    told = {one.job for one in live if one.told}
    return Budget(told=len(told), probes=len({one.job for one in live if not one.told} - told))


def judge(history: Sequence[Asked], parts: Sequence[Part], *, job: str, minimum_group: int, now: int) -> Refusal | None:
    """Why a statistic over these sets is not told; None where it may be. Sets are never forgotten, counts are."""
    used = budget_of(history, now=now, but=job)
    if used.probes >= PROBES:
        return Refusal("query-probing", {"asked": str(used.probes), "k": str(minimum_group)})
    smallest = min((len(part.firms) for part in parts), default=0)
    if smallest < minimum_group:
        return Refusal("minimum-group", {"found": str(smallest), "k": str(minimum_group)})
    if used.told >= BUDGET:
        return Refusal("query-budget", {"asked": str(used.told), "limit": str(BUDGET)})
    for earlier in (part for one in history if one.told for part in one.parts):
        if any(_tells_few(part, earlier, minimum_group) for part in parts):
            return Refusal("query-difference", {"k": str(minimum_group)})
    return None


def _tells_few(part: Part, earlier: Part, minimum_group: int) -> bool:
    """Whether the two, subtracted, would be about fewer firms than the minimum group. About none, they tell nothing
    only where the question is the same as well: another one over the same firms may give held back counts away."""
    if part == earlier or abs(len(part.firms) - len(earlier.firms)) >= minimum_group:
        return False
    return len(part.firms ^ earlier.firms) < minimum_group
