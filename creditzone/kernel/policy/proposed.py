"""The use that a job request proposes, as far as papers tell it: the same at the portal and in a node."""

from dataclasses import replace

from creditzone.kernel.credit.columns import columns_used
from creditzone.kernel.documents import Contract, Input, JobRequest, Scorecard
from creditzone.kernel.domain import UnknownDomain, domain
from creditzone.kernel.policy.use import Use
from creditzone.kernel.refusals import Refused

WHOLE = "whole"
"""The grouping of a statistic that is told for the whole set only."""


def use_of(request: JobRequest, *, at: int) -> Use:
    """The use that a request proposes, as far as the request tells it; `at` in milliseconds UTC."""
    return Use(
        grantee=request.recipient,
        subject=request.subject,
        person=request.person,
        role=request.role,
        purpose=request.purpose,
        model=request.model,
        engine=request.engine,
        disclosures=request.disclosures,
        decision_band=request.decision_band,
        evidence=request.consent,
        operation=request.operation,
        parameters=_parameters(request),
        least_group=request.minimum_group,
        at=at,
    )


def use_of_capsule(
    request: JobRequest, one: Input, *, at: int, scorecard: Scorecard | None, contract: Contract | None
) -> Use:
    """The use of one of the request's capsules: also which of its columns the scorecard reads, each with what for, and
    the price and the beginning of the contract. None of a scorecard that cannot be read here or does not fit: what is
    wrong with it is said when the model itself is checked."""
    use = replace(use_of(request, at=at), columns=_columns(request, one, scorecard))
    if contract is None:
        return use
    return replace(use, price_fen=contract.price_fen, contract_at=contract.not_before)


def _parameters(request: JobRequest) -> dict[str, int | str]:
    """What a policy may put bounds on, as far as the request tells it."""
    if request.operation != "statistics":
        return {}
    told = {"minimum_group": request.minimum_group, "grouping": request.grouping or WHOLE}
    return {name: value for name, value in told.items() if value is not None}


def _columns(request: JobRequest, one: Input, scorecard: Scorecard | None) -> tuple[tuple[str, str], ...] | None:
    if scorecard is None:
        return None
    counts = request.operation == "statistics"
    try:
        authorises = one.provider == request.recipient and domain(one.domain).bears_authorisations
        return columns_used(scorecard, one.domain, authorised=authorises, counts=counts)
    except (UnknownDomain, Refused):
        return None
