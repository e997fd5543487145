"""Duties that a use left: the provider's notice, and the deletion at the recipient. Pending, met or breached, they are
seen by both and by the regulator. That one is met, only the recipient's node says, by its certificate."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import msgspec
from django.db.models import QuerySet

from apps.capsules.models import CapsuleVersion
from apps.compute.log import log
from apps.compute.models import Duty, Job
from apps.core import clock
from apps.core.errors import NotFound
from apps.exchange.cards import require_signed_by
from apps.exchange.services import send_completed
from apps.tenants.members import Member
from apps.tenants.models import Organisation
from creditzone.kernel import documents
from creditzone.kernel.documents import Input, JobRequest, Policy, ResultDeleted, Signed, read
from creditzone.kernel.policy.owed import owed
from creditzone.kernel.policy.proposed import use_of


def send_policies(job: Job, request: JobRequest) -> None:
    """Bring the recipient's node the policies that its job will owe duties under, as their providers signed them."""
    for _one, version in _others(request):
        send_completed(msgspec.convert(version.policy, Signed), to=[job.recipient], sender=job.owner)


def note_duties(job: Job, request: JobRequest) -> None:
    """The job is done: what each provider's policy obliges to stands from now on."""
    now = clock.now()
    for one, version in _others(request):
        policy = read(msgspec.convert(version.policy, Signed), Policy)
        duties = owed(policy, use_of(request, at=clock.to_ms(now)))
        if duties is None:
            continue
        shared = {"job": job, "owner": version.capsule.owner, "org": job.owner, "capsule": UUID(one.capsule)}
        if duties.notify:
            Duty(kind=Duty.Kind.NOTIFY, met_at=now, **shared).save(force_insert=True)
        if duties.delete_after_days is not None:
            due = now + timedelta(days=duties.delete_after_days)
            Duty(kind=Duty.Kind.DELETE, due_at=due, **shared).save(force_insert=True)


def record_deletion(*, node: Organisation, organisation: Organisation, deleted: ResultDeleted) -> int:
    """A recipient's node certified that it deleted a result: its duties are met; how many. The same again changes
    nothing. Raises DocumentError, SignatureInvalid, NotFound."""
    document = require_signed_by(deleted.deletion, documents.ResultDeletion, node)
    job = Job.objects.filter(pk=UUID(document.job), owner=organisation.id, digest=document.request).first()
    if job is None or document.by != node.uscc or document.recipient != organisation.uscc:
        raise NotFound(what="job")
    pending = Duty.objects.filter(job=job, org=organisation.id, kind=Duty.Kind.DELETE, met_at=None)
    met = pending.update(met_at=clock.from_ms(document.deleted_at), document=msgspec.to_builtins(deleted.deletion))
    log(None, "job.deletion", job, deletion=deleted.deletion.digest)
    return met


def duties_of(actor: Member, *, before: UUID | None = None, limit: int = 50) -> list[Duty]:
    """The duties that the reader's organisation is owed or owes (a regulator: all), newest first."""
    found = _read()
    if before is not None:
        found = found.filter(pk__lt=before)
    return list(found[:limit])


def of_job(job: Job) -> list[Duty]:
    """The duties that a job left, as far as the reader may see them."""
    return list(_read().filter(job=job))


def with_names(found: Sequence[Duty]) -> list[tuple[Duty, Organisation, Organisation]]:
    """Each duty with whom it is owed to and by."""
    names = Organisation.objects.in_bulk({one for duty in found for one in (duty.owner, duty.org)})
    return [(duty, names[duty.owner], names[duty.org]) for duty in found]


def _read() -> QuerySet[Duty]:
    return Duty.objects.select_related("job__recipient").order_by("-id")


def _others(request: JobRequest) -> list[tuple[Input, CapsuleVersion]]:
    """The inputs that are not the recipient's own, each with its version's row."""
    found = []
    for one in request.inputs:
        versions = CapsuleVersion.objects.select_related("capsule").filter(capsule=UUID(one.capsule))
        version = versions.filter(version=one.version).first()
        if version is not None and one.provider != request.recipient:
            found.append((one, version))
    return found
