"""A policy tried on one proposed job: what the kernel's evaluation says at each point where such a job is judged.

It is the function that the nodes run, on the facts that they would read; nothing here judges a second time."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal
from uuid import UUID

from apps.capsules.proposal import Proposed
from apps.core import clock
from creditzone.kernel.documents import JobRequest, Policy
from creditzone.kernel.policy.constraints.base import Scope
from creditzone.kernel.policy.evaluation import require_allowed, require_still_allowed
from creditzone.kernel.policy.offering import require_offerable
from creditzone.kernel.policy.proposed import use_of_capsule
from creditzone.kernel.policy.use import Counts, Use
from creditzone.kernel.refusals import Refusal, Refused

Outcome = Literal["passed", "refused", "unneeded", "unreached"]
OpenRequests = Callable[[UUID], Sequence[JobRequest]]
_SOURCES: list[OpenRequests] = []


@dataclass(frozen=True, kw_only=True)
class Trial:
    """What became of the job at each point, in their order; the refusal with which it ended, or the rule that permits
    it to the end."""

    points: tuple[tuple[Scope, Outcome], ...]
    refused_at: Scope | None
    refusal: Refusal | None
    rule: str


def register_open_requests(source: OpenRequests) -> None:
    """Where requests over a capsule come from that wait for their job: the app that keeps jobs registers itself."""
    if source not in _SOURCES:
        _SOURCES.append(source)


def open_requests(capsule_id: UUID) -> list[JobRequest]:
    """Requests over the capsule whose jobs have not begun, as far as the reader may see them, newest first."""
    return [request for source in _SOURCES for request in source(capsule_id)]


def try_job(policy: Policy, proposed: Proposed) -> Trial:
    """Judge the job at the contract, at admission, before the capsule is opened, and once the set is known, up to the
    first refusal. Counts are the ones told; no contract is needed for one's own data or one's own firm."""
    uses = _uses(policy, proposed)
    points: list[tuple[Scope, Outcome]] = []
    rule, refused_at, refusal = "", None, None
    for scope in Scope:
        if refusal is not None or (scope is Scope.CONTRACT and proposed.contract is None):
            points.append((scope, "unneeded" if refusal is None else "unreached"))
            continue
        try:
            rule = _judge(policy, proposed, scope, uses, rule)
        except Refused as refused:
            refused_at, refusal = scope, refused.refusal
        points.append((scope, "passed" if refusal is None else "refused"))
    return Trial(points=tuple(points), refused_at=refused_at, refusal=refusal, rule="" if refusal else rule)


def _judge(policy: Policy, proposed: Proposed, scope: Scope, uses: Mapping[Scope, Use], rule: str) -> str:
    """The rule that permits the job at a point; at release that which let the capsule be opened, and no other. Raises
    Refused."""
    if scope is Scope.CONTRACT and proposed.contract is not None:
        return require_offerable(policy, proposed.contract, at=clock.to_ms(proposed.at))
    if scope is Scope.RELEASE:
        require_still_allowed(policy, uses[scope], scope, rule=rule)
        return rule
    return require_allowed(policy, uses[scope], scope)


def _uses(policy: Policy, proposed: Proposed) -> dict[Scope, Use]:
    """The use as a job's points know it: the node alone counts, and only once the set is known does it know how many
    firms there are."""
    request = proposed.request
    asked = use_of_capsule(
        request,
        request.inputs[0],
        at=clock.to_ms(proposed.at),
        scorecard=proposed.card,
        contract=proposed.contract,
    )
    spent = Counts(total=proposed.used, today=proposed.used_today)
    opened = replace(asked, counts={rule.id: spent for rule in policy.rules})
    return {
        Scope.ADMISSION: asked,
        Scope.OPENING: opened,
        Scope.RELEASE: replace(opened, rows=proposed.firms, group=proposed.firms),
    }
