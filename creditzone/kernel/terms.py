"""Whether what a running job rests on still holds: asked again and again, and before its result leaves."""

from creditzone.kernel.documents import Authorisation, Contract, read
from creditzone.kernel.orders import CheckedOrder
from creditzone.kernel.policy.evaluation import past_its_time
from creditzone.kernel.refusals import Refusal


def lapsed(checked: CheckedOrder, *, at: int) -> Refusal | None:
    """What has run out at this instant since the order was checked: the term of a contract or of the firm's own
    authorisation, or a time that the policy sets. None while everything holds."""
    me, request = checked.mine.provider, checked.request
    if request.subject is None:
        rests_on = {one.contract for one in request.inputs if me in (one.provider, request.recipient)}
        for one in checked.order.contracts:
            if one.digest in rests_on and at >= read(one, Contract).not_after:
                return Refusal("contract-window")
    elif checked.order.authorisation is not None and at >= read(checked.order.authorisation, Authorisation).not_after:
        return Refusal("authorisation-window")
    return past_its_time(checked.policy, checked.use, rule=checked.rule, at=at)
