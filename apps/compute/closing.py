"""Jobs on a capsule that its provider closes: which they are, and how they end."""

from collections.abc import Iterator

import msgspec
from django.urls import reverse

from apps.capsules.acts import JobOn
from apps.capsules.models import Capsule
from apps.compute.endings import end_job
from apps.compute.models import Job, JobParty
from creditzone.kernel.documents import JobRequest, Signed, read
from creditzone.kernel.refusals import Refusal

LIVE = (Job.State.QUEUED, *Job.OUT)


def jobs_on(capsule: Capsule) -> list[JobOn]:
    """Jobs that use the capsule and wait or are out with the nodes, newest first, as far as the reader may see them."""
    return [
        JobOn(title=job.title, href=reverse("compute:detail", args=[job.id]), is_out=job.state in Job.OUT)
        for job in _live(capsule)
    ]


def end_jobs_on(capsule: Capsule, refusal: Refusal) -> int:
    """End every job on the capsule with the clause, its provider named, what runs being stopped at the others; how
    many. The provider's own node has stopped its part already."""
    ended = 0
    for found in _live(capsule):
        job = Job.objects.select_for_update(of=("self",)).select_related("recipient").get(pk=found.pk)
        if job.state in LIVE:
            to = Job.State.FAILED if job.state == Job.State.RUNNING else Job.State.REFUSED
            end_job(job, to=to, reason=refusal.clause, facts=refusal.facts, at_party=capsule.provider)
            ended += 1
    return ended


def _live(capsule: Capsule) -> Iterator[Job]:
    mine = JobParty.objects.filter(org=capsule.owner, subject__state__in=LIVE).select_related("subject")
    for party in mine.order_by("-subject"):
        request = read(msgspec.convert(party.subject.document, Signed), JobRequest)
        if any(one.capsule == str(capsule.id) for one in request.inputs):
            yield party.subject
