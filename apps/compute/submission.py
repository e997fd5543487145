"""From a signed request into the queue, and out of it again by its recipient's wish."""

from uuid import UUID

import msgspec
from django.db import transaction

from apps.compute.duties import send_policies
from apps.compute.endings import stop_parties, tell_ended
from apps.compute.log import log
from apps.compute.models import Job, Lease
from apps.compute.precheck import require_authorised, require_runnable
from apps.compute.selectors import Act, get_for
from apps.core import clock
from apps.core.dispatch import after_commit
from apps.core.errors import IllegalMove, NotFound
from apps.exchange.registry import SignedDraft
from apps.exchange.services import withdraw_drafts
from apps.scoring.selectors import card_of
from apps.tenants.members import Member
from creditzone.kernel.documents import JobRequest, Signed
from creditzone.kernel.refusals import Refused


def submit(*, signed: SignedDraft) -> Job:
    """Queue the job whose request its recipient signed in its node (the signature was checked against its card).

    Where a check that every node makes fails already, it is refused at once with that clause. Raises NotFound,
    IllegalMove where it was submitted, cancelled or expired before: one request is one job."""
    job = _locked(signed.digest)
    assert isinstance(signed.document, JobRequest)
    document = Signed(text=signed.text, signatures=(signed.signature,))
    now = clock.now()
    refusal = _refusal(signed.document)
    changes = {"document": msgspec.to_builtins(document)}
    if now >= job.expires_at:
        job.move(to=Job.State.EXPIRED, reason="request-expired", ended_at=now, **changes)
    elif refusal is not None:
        clause, facts = refusal
        job.move(to=Job.State.REFUSED, reason=clause, facts=facts, ended_at=now, **changes)
    else:
        job.move(to=Job.State.QUEUED, queued_at=now, **changes)
        send_policies(job, signed.document)
        after_commit("compute.admit")
    if job.is_final:
        tell_ended(job)
    log(None, "job.submit", job, person=signed.person, state=job.state)
    return job


def _refusal(request: JobRequest) -> tuple[str, dict[str, str]] | None:
    now = clock.now()
    try:
        require_runnable(request, card_of(request.model), now=now)
        require_authorised(request, now=now)
    except Refused as error:
        return error.refusal.clause, error.refusal.facts
    except NotFound:
        return "model-digest", {}
    return None


def decline_request(*, digest: str, reason: str) -> Job:
    """The recipient's officer returned the request unsigned. Raises NotFound, IllegalMove."""
    job = _locked(digest)
    job.move(to=Job.State.CANCELLED, reason="cancelled", facts={"why": reason}, ended_at=clock.now())
    log(None, "job.decline", job, reason=reason)
    return job


@transaction.atomic
def cancel_job(*, actor: Member, job_id: UUID, reason: str) -> Job:
    """Cancel a job of the actor's organisation at whatever stage it is: what waits is withdrawn, what runs stopped.

    The slots are given back by the coordinator's next sweep. Raises NotFound, Forbidden, IllegalMove where it is over.
    """
    get_for(actor, job_id, to=Act.CANCEL)
    job = Job.objects.select_for_update(of=("self",)).get(pk=job_id)
    if job.is_final:
        raise IllegalMove(now=Job.State(job.state).label, to=Job.State.CANCELLED.label)
    leases = list(Lease.objects.select_related("node").filter(job=job, released_at=None))
    withdraw_drafts(job.digest)
    job.move(to=Job.State.CANCELLED, reason="cancelled", facts={"why": reason}, at_party=None, ended_at=clock.now())
    stop_parties(job, leases, reason="cancelled")
    tell_ended(job)
    log(actor, "job.cancel", job, reason=reason)
    after_commit("compute.sweep")
    return job


def _locked(digest: str) -> Job:
    job = Job.objects.select_for_update(of=("self",)).select_related("recipient").filter(digest=digest).first()
    if job is None:
        raise NotFound(what="job")
    return job
