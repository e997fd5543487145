"""The ledger: what was done, by whom, to what. Rows are only ever added."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from apps.core.models import new_id


class Entry(models.Model):
    """One act. `digest` is the salted SM3 of its canonical text, so that a tree can stand over entries whose
    contents stay private; the facts name no row and no value of anybody's data."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    at = models.DateTimeField()
    act = models.CharField(max_length=60)
    actor_organisation = models.UUIDField(null=True)
    actor_person = models.UUIDField(null=True)
    subject_type = models.CharField(max_length=40)
    subject_id = models.CharField(max_length=80)
    organisations = ArrayField(models.UUIDField())
    """Whom the act concerns; each of them may read it."""
    facts = models.JSONField(default=dict)
    salt = models.CharField(max_length=32)
    digest = models.CharField(max_length=68, unique=True)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["subject_type", "subject_id"], name="ledger_entry_subject")]

    def __str__(self) -> str:
        return f"{self.act} {self.subject_type}"


class Mention(models.Model):
    """An organisation named by an entry: where an organisation's list of entries begins, newest first."""

    pk = models.CompositePrimaryKey("org", "entry_id")
    org = models.UUIDField()
    entry = models.ForeignKey(Entry, on_delete=models.DO_NOTHING, related_name="mentions")

    def __str__(self) -> str:
        return f"{self.org} {self.entry_id}"
