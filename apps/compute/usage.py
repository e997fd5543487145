"""What a job costs: matched firms times the contract's price. A job that is not done costs nothing."""

from dataclasses import dataclass
from uuid import UUID

from apps.compute.models import Job
from apps.compute.selectors import Lane
from apps.contracts.models import Contract
from apps.contracts.selectors import by_digest
from apps.tenants.models import Organisation
from creditzone.kernel.documents import JobRequest, Policy
from creditzone.kernel.policy.constraints.base import Scope
from creditzone.kernel.policy.evaluation import Allowed, decide
from creditzone.kernel.policy.use import Use


@dataclass(frozen=True, kw_only=True)
class Line:
    """One contracted capsule: its firms that matched (None before a receipt says), the price of one, and both."""

    contract: Contract
    provider: Organisation
    domain: str
    matched: int | None
    price_fen: int
    sum_fen: int | None


@dataclass(frozen=True, kw_only=True)
class Usage:
    """The lines that this reader may see, and their sum; `is_charged` only where the job is done."""

    lines: list[Line]
    total_fen: int
    is_charged: bool


def usage_of(job: Job, request: JobRequest, lanes: list[Lane]) -> Usage:
    """The job's usage under the contracts that the reader is a party to (a regulator sees all)."""
    contracts = by_digest([one.contract for one in request.inputs if one.contract])
    matched = {lane.party.uscc: lane.matched for lane in lanes}
    charged = job.state == Job.State.DONE
    lines = [
        _line(contracts[one.contract], one.domain, matched.get(one.provider), charged=charged)
        for one in request.inputs
        if one.contract in contracts
    ]
    return Usage(lines=lines, total_fen=sum(line.sum_fen or 0 for line in lines), is_charged=charged)


def _line(contract: Contract, domain: str, matched: int | None, *, charged: bool) -> Line:
    return Line(
        contract=contract,
        provider=contract.provider,
        domain=domain,
        matched=matched,
        price_fen=contract.price_fen,
        sum_fen=contract.price_fen * matched if charged and matched is not None else None,
    )


def uses_left(policy: Policy, use: Use, *, capsule: UUID, owner: UUID) -> int | None:
    """At most how many uses of the rule that permits this use are left, by the jobs of `owner` that began; None where
    no rule permits it. Others may share the rule: the provider's node alone counts exactly."""
    decision = decide(policy, use, Scope.ADMISSION)
    if not isinstance(decision, Allowed):
        return None
    rule = next(one for one in policy.rules if one.id == decision.rule)
    begun = Job.objects.filter(owner=owner, started_at__isnull=False, document__text__icontains=str(capsule))
    return max(rule.uses - begun.count(), 0)
