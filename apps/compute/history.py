"""The uses of a capsule that past jobs proposed: what a new policy is tried on."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

import msgspec

from apps.compute.models import JobParty
from apps.core import clock
from apps.core.errors import NotFound
from apps.scoring.selectors import card_of
from creditzone.kernel import orders
from creditzone.kernel.credit.columns import columns_used
from creditzone.kernel.documents import Input, JobRequest, Signed, read
from creditzone.kernel.domain import domain
from creditzone.kernel.policy.use import Use
from creditzone.kernel.refusals import Refused

MOST = 200


def past_uses(capsule_id: UUID, since: datetime) -> list[Use]:
    """The uses that the reader's organisation's jobs made of a capsule since an instant, as if they were proposed
    now: of the newest jobs at most `MOST`."""
    parties = JobParty.objects.filter(subject__created_at__gte=since).select_related("subject").order_by("-subject")
    jobs = {party.subject.pk: party.subject for party in parties[: 3 * MOST]}
    uses = []
    for job in list(jobs.values())[:MOST]:
        request = read(msgspec.convert(job.document, Signed), JobRequest)
        uses += [_use(request, one) for one in request.inputs if one.capsule == str(capsule_id)]
    return uses


def _use(request: JobRequest, one: Input) -> Use:
    use = orders.use_of(request, at=clock.to_ms(clock.now()))
    authorises = one.provider == request.recipient and domain(one.domain).bears_authorisations
    try:
        return replace(use, columns=columns_used(card_of(request.model), one.domain, authorised=authorises))
    except (NotFound, Refused):
        return use
