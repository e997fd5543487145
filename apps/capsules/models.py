"""The catalogue of capsules: their signed heads and the policies these are bound to. Bodies stay in their nodes."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.core.models import Party, TenantModel, new_id
from apps.core.states import Stateful
from apps.datasets.models import Dataset
from apps.tenants.models import Organisation
from creditzone.kernel.capsule.states import CLAUSES
from creditzone.kernel.refusals import Refusal


class Capsule(Stateful, TenantModel):
    """A sealed dataset under a usage policy. `version` counts policies; only the head, the highest, opens.

    What stands here is for finding and showing. Whether a capsule opens, its owner's node decides."""

    class State(models.TextChoices):
        """What the portal lets be done with it."""

        DRAFT = "draft", _("draft")
        SEALED = "sealed", _("sealed")
        LISTED = "listed", _("listed")
        FROZEN = "frozen", _("frozen")
        REVOKED = "revoked", _("revoked")
        DESTROYED = "destroyed", _("destroyed")

    MOVES: ClassVar[Mapping[Any, set[Any]]] = {
        State.DRAFT: {State.SEALED, State.DESTROYED},
        State.SEALED: {State.LISTED, State.FROZEN, State.REVOKED},
        State.LISTED: {State.SEALED, State.FROZEN, State.REVOKED},
        State.FROZEN: {State.SEALED, State.REVOKED},
        State.REVOKED: {State.DESTROYED},
    }
    USABLE: ClassVar[frozenset[str]] = frozenset({State.SEALED, State.LISTED})

    provider = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    dataset = models.ForeignKey(Dataset, on_delete=models.PROTECT, related_name="capsules", db_constraint=False)
    domain = models.CharField(_("data domain"), max_length=60)
    title = models.CharField(_("title"), max_length=400)
    rows = models.BigIntegerField(_("rows"))
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.DRAFT)
    version = models.PositiveIntegerField(_("version"), default=0)
    header_digest = models.CharField(max_length=68, blank=True)
    policy_digest = models.CharField(max_length=68, blank=True)
    draft_digest = models.CharField(max_length=68, blank=True)
    """The newest policy draft: what its steward finds in the node at `/sign/<digest>/`."""
    is_open_to_subjects = models.BooleanField(default=False)
    """A rule of its policy lets firms ask about themselves, so every firm may see it."""
    sealed_at = models.DateTimeField(_("sealed at"), null=True)
    closed_by = models.JSONField(default=dict)
    """The refusal that names a closed source, where it is frozen for that alone: clause and facts."""

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["owner", "id"], name="capsules_owner"),
            models.Index(fields=["state", "id"], name="capsules_state"),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_usable(self) -> bool:
        """Whether the portal lets jobs use it."""
        return self.state in self.USABLE

    @property
    def is_closed(self) -> bool:
        """Whether its node opens it for nobody: frozen, revoked or destroyed."""
        return self.state in {self.State.FROZEN, self.State.REVOKED, self.State.DESTROYED}

    @property
    def refusal(self) -> Refusal | None:
        """Why no use of it is let through, with its node's clause; None while it may be used."""
        if self.closed_by:
            return Refusal(**self.closed_by)
        return Refusal(CLAUSES[self.state]) if self.state in CLAUSES else None


class CapsuleParty(Party):
    """An organisation that a capsule's policy names, or that provided one of its sources."""

    subject = models.ForeignKey(
        Capsule,
        on_delete=models.CASCADE,
        related_name="parties",
        db_column="subject",
        db_constraint=False,
        db_index=False,
    )


class CapsuleVersion(models.Model):
    """A capsule's head as it was signed, and the policy it is bound to."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    capsule = models.ForeignKey(Capsule, on_delete=models.CASCADE, related_name="versions")
    version = models.PositiveIntegerField()
    header = models.JSONField()
    """`documents.Signed` of a `CapsuleHeader`."""
    policy = models.JSONField()
    """`documents.Signed` of a `Policy`."""
    header_digest = models.CharField(max_length=68, unique=True)
    policy_digest = models.CharField(max_length=68)
    registered_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-version"]
        constraints = [models.UniqueConstraint(fields=["capsule", "version"], name="each_capsule_version_once")]

    def __str__(self) -> str:
        return f"{self.capsule_id} v{self.version}"


class HolderNews(models.Model):
    """What one custodian's node last said of its share of a capsule, and whether it was asked since: from signed
    statements only."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    capsule = models.ForeignKey(Capsule, on_delete=models.CASCADE, related_name="news")
    holder = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    version = models.PositiveIntegerField(default=0)
    """The newest version whose deposit it says it keeps; 0 where it never said so."""
    deposited_at = models.DateTimeField(null=True)
    asked_at = models.DateTimeField(null=True)
    released_at = models.DateTimeField(null=True)
    withheld_at = models.DateTimeField(null=True)
    clause = models.CharField(max_length=60, blank=True)
    """Why it last withheld its share or refused a deposit."""
    facts = models.JSONField(default=dict)

    class Meta:
        ordering = ["capsule_id", "holder_id"]
        constraints = [models.UniqueConstraint(fields=["capsule", "holder"], name="each_holders_news_once")]

    def __str__(self) -> str:
        return f"{self.capsule_id} {self.holder_id}"


class CapsuleAct(models.Model):
    """A provider's signed act on its capsule, as its node sent it."""

    class Kind(models.TextChoices):
        """What was done."""

        FREEZE = "freeze", _("frozen")
        RESUME = "resume", _("resumed")
        REVOKE = "revoke", _("revoked")
        DESTROY = "destroy", _("destroyed")

    id = models.UUIDField(primary_key=True, editable=False)
    capsule = models.ForeignKey(Capsule, on_delete=models.CASCADE, related_name="acts")
    digest = models.CharField(max_length=68, unique=True)
    act = models.CharField(max_length=10, choices=Kind)
    version = models.PositiveIntegerField()
    reason = models.CharField(max_length=400)
    person = models.UUIDField()
    document = models.JSONField()
    """`documents.Signed` of a `CapsuleAct`."""
    at = models.DateTimeField()

    class Meta:
        ordering = ["-at", "-id"]

    def __str__(self) -> str:
        return f"{self.act} {self.capsule_id}"


class CapsuleCertificate(models.Model):
    """What a provider's node certified to one organisation; `owner` is the provider, `org` whom it was issued to."""

    id = models.UUIDField(primary_key=True, editable=False)
    act = models.ForeignKey(CapsuleAct, on_delete=models.CASCADE, related_name="certificates")
    owner = models.UUIDField()
    org = models.UUIDField()
    digest = models.CharField(max_length=68, unique=True)
    document = models.JSONField()
    """`documents.Signed` of a `CapsuleCertificate`."""
    at = models.DateTimeField()

    class Meta:
        ordering = ["-at", "-id"]
        constraints = [models.UniqueConstraint(fields=["act", "org"], name="one_certificate_an_organisation")]

    def __str__(self) -> str:
        return self.digest
