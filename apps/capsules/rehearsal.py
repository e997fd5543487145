"""A policy tried on last month's jobs before anybody signs it: how many it would refuse, and by which clause."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from apps.capsules.wording import named
from apps.core import clock
from apps.scoring.wording import PortalNames
from creditzone.kernel.documents import Policy
from creditzone.kernel.policy.constraints.base import Scope
from creditzone.kernel.policy.evaluation import decide
from creditzone.kernel.policy.use import Use
from creditzone.kernel.refusals import Language, Refusal

MONTH = timedelta(days=30)
PastUses = Callable[[UUID, datetime], Sequence[Use]]
_SOURCES: list[PastUses] = []


@dataclass(frozen=True, kw_only=True)
class Rehearsal:
    """Jobs that used the capsule within a month, and why the policy would refuse some of them, most frequent first."""

    jobs: int
    refused: int
    reasons: tuple[tuple[str, int], ...]


def register_past_uses(source: PastUses) -> None:
    """Where the uses of a capsule since an instant come from: the app that keeps jobs registers itself."""
    if source not in _SOURCES:
        _SOURCES.append(source)


def rehearse(policy: Policy, capsule_id: UUID, *, language: Language) -> Rehearsal:
    """What the policy would say if the last month's jobs on the capsule, as far as the reader may see them, came again
    now. Counts begin anew, and what only the provider's node knows is not judged."""
    now = clock.now()
    uses = [use for source in _SOURCES for use in source(capsule_id, now - MONTH)]
    decisions = [decide(policy, use, Scope.ADMISSION) for use in uses]
    refusals = [one for one in decisions if isinstance(one, Refusal)]
    names = PortalNames(language)
    reasons = Counter(named(refusal, names).sentence(language) for refusal in refusals)
    return Rehearsal(jobs=len(uses), refused=len(refusals), reasons=tuple(reasons.most_common(5)))
