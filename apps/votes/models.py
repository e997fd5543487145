"""Votes for looser rules of derived capsules, as their owner drafted them, with the signatures that came so far."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any, ClassVar

import msgspec
from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.capsules.models import Capsule
from apps.core.models import TenantModel
from apps.core.states import Stateful
from creditzone.kernel import documents
from creditzone.kernel.documents import Signed


class Vote(Stateful, TenantModel):
    """One question to every owner of what a derived capsule was made of. Nodes believe the signatures alone."""

    class State(models.TextChoices):
        """How far it is."""

        ASKED = "asked", _("waits for every owner")
        AGREED = "agreed", _("all owners agreed")
        DECLINED = "declined", _("an owner said no")
        WITHDRAWN = "withdrawn", _("withdrawn")

    TONES: ClassVar[Mapping[str, str]] = {"asked": "now", "agreed": "good", "declined": "bad"}
    MOVES: ClassVar[Mapping[Any, set[Any]]] = {State.ASKED: {State.AGREED, State.DECLINED, State.WITHDRAWN}}

    capsule = models.ForeignKey(Capsule, on_delete=models.PROTECT, related_name="votes", db_constraint=False)
    digest = models.CharField(max_length=68, unique=True)
    signed = models.JSONField()
    """`documents.Signed`: the document's canonical text, with the signatures that came."""
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.ASKED)
    expires_at = models.DateTimeField(_("valid until"))
    said_no = models.CharField(max_length=18, blank=True)
    """The code of the owner that said no."""
    reason = models.CharField(_("reason"), max_length=400, blank=True)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["owner", "capsule", "id"], name="votes_of_capsule")]

    def __str__(self) -> str:
        return self.digest

    @cached_property
    def document(self) -> documents.LooseningVote:
        """The question itself, read from its canonical text."""
        return documents.parse(self.as_signed.text.encode(), documents.LooseningVote)

    @property
    def as_signed(self) -> Signed:
        """The document with the signatures that came."""
        return msgspec.convert(self.signed, Signed)

    @property
    def missing(self) -> list[str]:
        """The codes of the owners that did not sign yet."""
        return [owner for owner in self.document.owners if self.as_signed.by(owner) is None]
