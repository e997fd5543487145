"""Whether a policy lets a contract be agreed: the same at the portal that drafts it and at the nodes that sign it."""

from creditzone.kernel.documents.agreements import Contract
from creditzone.kernel.documents.policies import Policy
from creditzone.kernel.policy.constraints.base import Scope
from creditzone.kernel.policy.evaluation import require_allowed
from creditzone.kernel.policy.use import Use


def require_offerable(policy: Policy, contract: Contract, *, at: int) -> str:
    """The id of a rule that bears the contract's user, purpose and price while its window has not ended; raises Refused
    with the deciding clause. What only a job tells is judged when there is one."""
    offered = Use(
        grantee=contract.consumer,
        subject=None,
        purpose=contract.purpose,
        model="",
        engine="",
        disclosures=(),
        at=at,
        price_fen=contract.price_fen,
        contract_at=contract.not_before,
    )
    return require_allowed(policy, offered, Scope.CONTRACT)
