"""Datasets as their owners' nodes measured them: schema, counts and a digest; never a row or a value."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.core.models import TenantModel


class Dataset(TenantModel):
    """An upload that its owner's node checked and sealed. It never changes: a new upload is a new dataset."""

    domain = models.CharField(_("data domain"), max_length=60)
    title = models.CharField(_("title"), max_length=400)
    rows = models.BigIntegerField(_("rows"))
    accepted = models.BigIntegerField(_("accepted rows"))
    quarantined = models.BigIntegerField(_("in quarantine"))
    faults = models.JSONField(default=list)
    """`[[code, rows], …]`: how many rows each fault sent to quarantine."""
    columns = models.JSONField(default=list)
    """`documents.ColumnQuality` each, as plain JSON: counts only."""
    body_digest = models.CharField(max_length=68)
    size = models.BigIntegerField(_("size"))
    lineage = models.JSONField(null=True)
    """`documents.Lineage` of a dataset that its node made of a result; None for an upload."""
    measured_at = models.DateTimeField(_("measured at"))

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["owner", "id"], name="datasets_owner")]

    def __str__(self) -> str:
        return self.title
