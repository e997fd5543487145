"""The zone-wide rules, version by version, and which node was told of which."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any, ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.core.models import TenantModel
from apps.core.states import Stateful
from apps.tenants.models import Organisation
from creditzone.kernel import documents


class ZoneRules(Stateful, TenantModel):
    """One version as its governor (`owner`) drafted it; the highest that was signed is in force. A version that was
    signed never changes, and nodes believe the signature alone."""

    class State(models.TextChoices):
        """How far it is."""

        DRAFT = "draft", _("waits for a signature")
        SIGNED = "signed", _("signed")
        DECLINED = "declined", _("declined")

    MOVES: ClassVar[Mapping[Any, set[Any]]] = {State.DRAFT: {State.SIGNED, State.DECLINED}}

    version = models.PositiveIntegerField(_("version"))
    digest = models.CharField(max_length=68, unique=True)
    text = models.TextField()
    """The document's canonical text: what the digest is taken over, byte for byte."""
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.DRAFT)
    signed = models.JSONField(null=True)
    """`documents.Signed`, once signed."""
    signed_at = models.DateTimeField(_("signed at"), null=True)

    class Meta:
        ordering = ["-version", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["version"], condition=models.Q(state="signed"), name="each_zone_rules_version_signed_once"
            ),
            models.UniqueConstraint(
                fields=["owner"], condition=models.Q(state="draft"), name="one_zone_rules_draft_waits"
            ),
        ]

    def __str__(self) -> str:
        return f"v{self.version}"

    @cached_property
    def document(self) -> documents.ZoneRules:
        """The rules themselves, read from their canonical text."""
        return documents.parse(self.text.encode(), documents.ZoneRules)


class ToldRules(models.Model):
    """A version that was left for a node."""

    pk = models.CompositePrimaryKey("node_id", "rules_id")
    node = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    rules = models.ForeignKey(ZoneRules, on_delete=models.PROTECT, related_name="told")

    def __str__(self) -> str:
        return f"{self.node_id} {self.rules_id}"
