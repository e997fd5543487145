"""The organisation's file of grades, and who opened which result."""

from uuid import UUID

from django.db import models
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from apps.core.errors import Forbidden
from apps.lending.models import ResultOpening, TakenGrade
from apps.tenants.members import Member
from apps.tenants.roles import Role


class Act(models.TextChoices):
    """What may be done with the organisation's file."""

    READ = "read", _("see grades in the file")


MAY = {Act.READ: frozenset(Role) - {Role.VIEWER}}


def taken_grades_of(
    actor: Member,
    *,
    subject_code: str | None = None,
    job_id: UUID | None = None,
    before: UUID | None = None,
    limit: int = 50,
) -> QuerySet[TakenGrade]:
    """Grades in the organisation's file, newest first; of one firm or one job where that is named."""
    if actor.role not in MAY[Act.READ]:
        raise Forbidden(act=Act.READ.label, role=Role(actor.role).label)
    grades = TakenGrade.objects.filter(owner=actor.organisation_id)
    if subject_code is not None:
        grades = grades.filter(subject_code=subject_code)
    if job_id is not None:
        grades = grades.filter(job_id=job_id)
    if before is not None:
        grades = grades.filter(pk__lt=before)
    return grades.order_by("-id")[:limit]


def openings_of(job_id: UUID) -> QuerySet[ResultOpening]:
    """Who opened the job's result, last first; only the recipient's own people see any."""
    return ResultOpening.objects.filter(job_id=job_id).order_by("-id")
