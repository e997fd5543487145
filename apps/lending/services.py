"""What changes an organisation's file: only words of its own node, each an explicit act of one of its people."""

from uuid import UUID

from django.utils.translation import gettext_lazy as _

from apps.compute.models import Job
from apps.core import clock
from apps.core.errors import Invalid, NotFound
from apps.ledger.services import append_entry
from apps.lending.models import ResultOpening, TakenGrade
from apps.scoring.selectors import card_of
from apps.tenants.models import Organisation
from creditzone.kernel.credit.uscc import is_person
from creditzone.kernel.documents import GradesTaken, ResultOpened


def take_grades(*, organisation: Organisation, taken: GradesTaken) -> int:
    """Keep the grades that an officer took into the file; how many are new. Grades taken before stay as they were.

    Raises NotFound where the job is not the organisation's own, Invalid where it is not done, or a grade or code is
    not one that its scorecard gives."""
    job = _own_job(organisation, taken.job)
    if job.state != Job.State.DONE or job.model != taken.model:
        raise Invalid.of("job", _("Grades are taken from a job that is done, with its own scorecard."))
    known = set(card_of(taken.model).grades)
    if any(one.grade not in known for one in taken.grades):
        raise Invalid.of("grades", _("The scorecard gives no such grade."))
    if any(is_person(one.subject) for one in taken.grades):
        raise Invalid.of("grades", _("Codes of persons are not scored."))
    before = TakenGrade.objects.filter(owner=organisation.id, job=job).count()
    TakenGrade.objects.bulk_create(
        [
            TakenGrade(
                owner=organisation.id,
                job=job,
                subject_code=one.subject,
                grade=one.grade,
                model=taken.model,
                person=UUID(taken.person),
                taken_at=clock.from_ms(taken.at),
            )
            for one in taken.grades
        ],
        ignore_conflicts=True,
    )
    new = TakenGrade.objects.filter(owner=organisation.id, job=job).count() - before
    _log("grades.take", organisation, job, person=taken.person, count=new)
    return new


def note_opening(*, organisation: Organisation, opened: ResultOpened) -> ResultOpening:
    """Note that a person opened a result of the organisation's own job. Raises NotFound."""
    job = _own_job(organisation, opened.job)
    opening = ResultOpening(
        owner=organisation.id, job=job, person=UUID(opened.person), opened_at=clock.from_ms(opened.at)
    )
    opening.save(force_insert=True)
    _log("result.open", organisation, job, person=opened.person)
    return opening


def _own_job(organisation: Organisation, job_id: str) -> Job:
    job = Job.objects.filter(pk=UUID(job_id), owner=organisation.id).first()
    if job is None:
        raise NotFound(what=_("job"))
    return job


def _log(act: str, organisation: Organisation, job: Job, **facts: object) -> None:
    append_entry(
        actor=None,
        act=act,
        subject_type="job",
        subject_id=job.id,
        facts=facts,
        organisations=[organisation.id],
    )
