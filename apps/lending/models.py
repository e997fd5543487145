"""What an organisation took from a result into its file at the portal, and who opened results."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.compute.models import Job
from apps.core.models import TenantModel


class TakenGrade(TenantModel):
    """One firm's grade in the organisation's file. Its members and the portal's operator can read it."""

    job = models.ForeignKey(Job, on_delete=models.PROTECT, related_name="taken_grades", db_constraint=False)
    subject_code = models.CharField(_("unified social credit code"), max_length=18)
    grade = models.CharField(_("score grade"), max_length=400)
    model = models.CharField(max_length=68)
    person = models.UUIDField()
    taken_at = models.DateTimeField(_("taken at"))

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["owner", "job", "subject_code"], name="a_grade_is_taken_once_a_job"),
        ]
        indexes = [models.Index(fields=["owner", "subject_code", "id"], name="lending_taken_subject")]

    def __str__(self) -> str:
        return f"{self.subject_code} {self.grade}"


class ResultOpening(TenantModel):
    """A person opened a job's result at the recipient's node."""

    job = models.ForeignKey(Job, on_delete=models.PROTECT, related_name="openings", db_constraint=False)
    person = models.UUIDField()
    opened_at = models.DateTimeField(_("opened at"))

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["owner", "job", "id"], name="lending_opening_job")]

    def __str__(self) -> str:
        return f"{self.job_id} {self.person}"
