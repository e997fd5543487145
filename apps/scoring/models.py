"""Registered scorecards: the canonical document under its digest, and what was measured of it."""

from functools import cached_property
from typing import Any

import msgspec
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.scoring.model_card import ModelCard, require_model_card
from creditzone.kernel import documents


class Scorecard(models.Model):
    """A scorecard as it was registered. It never changes: another version is another row, with another digest. Only
    what was measured of it may be measured anew."""

    digest = models.CharField(_("digest"), max_length=68, primary_key=True)
    card = models.CharField(_("scorecard"), max_length=60)
    version = models.PositiveIntegerField(_("version"))
    name = models.CharField(_("name"), max_length=400)
    name_en = models.CharField(_("English name"), max_length=400)
    domains = ArrayField(models.CharField(max_length=60), verbose_name=_("data domains"))
    text = models.TextField()
    """The document's canonical text: what the digest is taken over, byte for byte."""
    model_card = models.JSONField()
    registered_at = models.DateTimeField(_("registered"), auto_now_add=True)

    class Meta:
        ordering = ["card", "-version"]
        constraints = [models.UniqueConstraint(fields=["card", "version"], name="one_scorecard_each_version")]

    def __str__(self) -> str:
        return f"{self.name} v{self.version}"

    @cached_property
    def document(self) -> documents.Scorecard:
        """The scorecard itself, read from its canonical text."""
        return documents.parse(self.text.encode(), documents.Scorecard)

    @cached_property
    def measured(self) -> ModelCard:
        """What was measured, read from the model card."""
        return require_model_card(self.model_card, self.document)

    def to_builtins(self) -> Any:
        """The document as plain JSON, for programs."""
        return msgspec.to_builtins(self.document)
