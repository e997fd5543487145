"""What a new policy is tried on: the uses of a capsule that past jobs proposed, and requests whose jobs still wait."""

from datetime import datetime
from uuid import UUID

import msgspec

from apps.compute.models import Job, JobParty
from apps.compute.precheck import use_of
from apps.contracts.selectors import by_digest
from apps.core import clock
from creditzone.kernel.documents import Input, JobRequest, Signed, read
from creditzone.kernel.policy.use import Use

MOST = 200
WAITING = (Job.State.DRAFTED, Job.State.QUEUED, Job.State.OFFERED)
MOST_WAITING = 10


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


def open_requests(capsule_id: UUID) -> list[JobRequest]:
    """Requests over a capsule whose jobs have not begun, newest first, as far as the reader's organisation takes part
    in them; at most `MOST_WAITING`."""
    parties = JobParty.objects.filter(subject__state__in=WAITING).select_related("subject").order_by("-subject")
    jobs = {party.subject.pk: party.subject for party in parties[: 3 * MOST]}
    requests = [read(msgspec.convert(job.document, Signed), JobRequest) for job in jobs.values()]
    named = [one for one in requests if any(given.capsule == str(capsule_id) for given in one.inputs)]
    return named[:MOST_WAITING]


def _use(request: JobRequest, one: Input) -> Use:
    contract = by_digest([one.contract]).get(one.contract) if one.contract else None
    return use_of(request, one, now=clock.now(), contract=contract)
