"""The job table, which is the truth: jobs and their parties, attempts, leases, stages, receipts.

Rows are locked in one order: the job, then the nodes it needs by their ids, then its leases."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.core import clock
from apps.core.models import Party, TenantModel, new_id
from apps.core.states import Stateful
from apps.tenants.models import Organisation


class Job(Stateful, TenantModel):
    """A joint computation that its recipient asks for; `owner` is the recipient, `id` that of the signed request.

    `fence` is the number of the latest word on the job: a statement that names another one changes nothing."""

    class State(models.TextChoices):
        """How far it is. The last six are final."""

        DRAFTED = "drafted", _("waits for its signature")
        QUEUED = "queued", _("queued")
        OFFERED = "offered", _("offered to the parties")
        RUNNING = "running", _("running")
        DONE = "done", _("done")
        DISPUTED = "disputed", _("disputed")
        FAILED = "failed", _("failed")
        REFUSED = "refused", _("refused")
        CANCELLED = "cancelled", _("cancelled")
        EXPIRED = "expired", _("expired")

    MOVES: ClassVar[Mapping[Any, set[Any]]] = {
        State.DRAFTED: {State.QUEUED, State.REFUSED, State.CANCELLED, State.EXPIRED},
        State.QUEUED: {State.OFFERED, State.REFUSED, State.CANCELLED, State.EXPIRED},
        State.OFFERED: {State.RUNNING, State.QUEUED, State.REFUSED, State.FAILED, State.CANCELLED},
        State.RUNNING: {State.DONE, State.DISPUTED, State.QUEUED, State.FAILED, State.CANCELLED},
    }
    FINAL: ClassVar[frozenset[str]] = frozenset(
        {State.DONE, State.DISPUTED, State.FAILED, State.REFUSED, State.CANCELLED, State.EXPIRED}
    )
    OUT: ClassVar[frozenset[str]] = frozenset({State.OFFERED, State.RUNNING})
    """Orders are with the nodes."""

    recipient = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    title = models.CharField(_("title"), max_length=400)
    digest = models.CharField(max_length=68, unique=True)
    document = models.JSONField()
    """`documents.Signed` of the `JobRequest`."""
    model = models.CharField(max_length=68)
    engine = models.CharField(max_length=10)
    purpose = models.CharField(_("purpose"), max_length=60)
    subject_code = models.CharField(max_length=18, blank=True)
    """The firm that asks about itself; empty for a bank's list."""
    authorisation_digest = models.CharField(max_length=68, blank=True)
    parties_count = models.PositiveSmallIntegerField()
    """How many parties compute."""
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.DRAFTED)
    attempt = models.PositiveSmallIntegerField(default=1)
    fence = models.BigIntegerField(default=0)
    reason = models.CharField(max_length=60, blank=True)
    """Why it ended, or what it waits for: a clause of `kernel/refusals`."""
    facts = models.JSONField(default=dict)
    at_party = models.ForeignKey(Organisation, null=True, on_delete=models.PROTECT, related_name="+")
    """At whom it ended, or for whom it waits."""
    expires_at = models.DateTimeField(_("expires"))
    queued_at = models.DateTimeField(null=True)
    passed_over_at = models.DateTimeField(null=True)
    """Since when it has not got all its parties; after a minute it holds them."""
    not_before = models.DateTimeField(null=True)
    """Not offered again before this moment: a node that said `busy` gets a little time."""
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["queued_at", "id"], name="compute_queue", condition=models.Q(state__in=["queued"])),
            models.Index(
                fields=["expires_at"], name="compute_expiry", condition=models.Q(state__in=["drafted", "queued"])
            ),
            models.Index(fields=["model", "state", "id"], name="compute_model"),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_final(self) -> bool:
        """Whether it is over."""
        return self.state in self.FINAL


class JobParty(Party):
    """An organisation that takes part in a job: where its list of jobs begins. `rank` is empty for a recipient that
    does not compute."""

    subject = models.ForeignKey(
        Job, on_delete=models.CASCADE, related_name="parties", db_column="subject", db_constraint=False, db_index=False
    )
    rank = models.PositiveSmallIntegerField(null=True)
    domain = models.CharField(max_length=60, blank=True)

    class Meta:
        ordering = ["rank"]


class ComputingNode(models.Model):
    """A row to lock while slots of a node are given out."""

    node = models.OneToOneField(Organisation, on_delete=models.PROTECT, primary_key=True, related_name="+")

    def __str__(self) -> str:
        return str(self.node_id)


class Attempt(models.Model):
    """One offer of a job to all its parties, under one fence. A job has at most two numbers of attempts; an offer
    that a busy node sends back keeps its number."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="attempts")
    number = models.PositiveSmallIntegerField()
    fence = models.BigIntegerField(unique=True)
    deadline_seconds = models.PositiveIntegerField()
    offered_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=60, blank=True)
    """`done`, `disputed`, or why it ended: a clause of `kernel/refusals`."""

    class Meta:
        ordering = ["-fence"]

    def __str__(self) -> str:
        return f"{self.job_id} #{self.number}"


class Lease(models.Model):
    """A party's slot for one attempt. While `released_at` is empty nobody else has the slot."""

    class State(models.TextChoices):
        """What the party has said."""

        OFFERED = "offered", _("order sent")
        ACCEPTED = "accepted", _("order accepted")
        RUNNING = "running", _("running")
        RECEIPTED = "receipted", _("receipt signed")
        LOST = "lost", _("ended without a receipt")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="leases")
    attempt = models.ForeignKey(Attempt, on_delete=models.CASCADE, related_name="leases")
    node = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    rank = models.PositiveSmallIntegerField()
    slot = models.PositiveSmallIntegerField()
    order_digest = models.CharField(max_length=68)
    state = models.CharField(max_length=10, choices=State, default=State.OFFERED)
    until = models.DateTimeField()
    reason = models.CharField(max_length=60, blank=True)
    released_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["rank"]
        constraints = [
            models.UniqueConstraint(fields=["attempt", "node"], name="one_lease_a_party"),
            models.UniqueConstraint(
                fields=["node", "slot"], condition=models.Q(released_at=None), name="a_slot_is_leased_once"
            ),
        ]
        indexes = [
            models.Index(fields=["until"], name="compute_lease_until", condition=models.Q(released_at=None)),
        ]

    def __str__(self) -> str:
        return f"{self.node_id}/{self.slot}"


class StageRecord(models.Model):
    """A stage of an attempt at one party, by its node's word."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="stages")
    attempt = models.ForeignKey(Attempt, on_delete=models.CASCADE, related_name="stages")
    node = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    stage = models.CharField(max_length=10)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    figures = models.JSONField(default=dict)

    class Meta:
        ordering = ["started_at"]
        constraints = [models.UniqueConstraint(fields=["attempt", "node", "stage"], name="each_stage_once_a_party")]

    def __str__(self) -> str:
        return f"{self.stage} {self.node_id}"


class Receipt(models.Model):
    """A node's signed account of an attempt, byte for byte."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="receipts")
    attempt = models.ForeignKey(Attempt, on_delete=models.CASCADE, related_name="receipts")
    node = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    digest = models.CharField(max_length=68, unique=True)
    document = models.JSONField()
    """`documents.Signed` of the `Receipt`."""
    taken_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["attempt", "node"], name="one_receipt_a_party")]

    def __str__(self) -> str:
        return self.digest


class Duty(models.Model):
    """What a job left its recipient (`org`) or the zone to do for a provider (`owner`)."""

    class Kind(models.TextChoices):
        """What is owed."""

        NOTIFY = "notify", _("notice of a use")
        DELETE = "delete", _("deletion of the result")

    TONES: ClassVar[Mapping[str, str]] = {"met": "good", "breached": "bad", "pending": "warn"}
    GRACE: ClassVar[timedelta] = timedelta(hours=1)
    """A node that is away for less breaches nothing."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="duties")
    owner = models.UUIDField()
    org = models.UUIDField()
    capsule = models.UUIDField()
    kind = models.CharField(max_length=10, choices=Kind)
    due_at = models.DateTimeField(null=True)
    met_at = models.DateTimeField(null=True)
    document = models.JSONField(null=True)
    """`documents.Signed` of the `ResultDeletion` that met it."""
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["job", "capsule", "kind"], name="each_duty_once")]

    def __str__(self) -> str:
        return f"{self.kind} {self.job_id}"

    @property
    def state(self) -> str:
        """`pending`, `met` or `breached`."""
        if self.met_at is not None:
            return "met"
        return "breached" if self.due_at is not None and self.due_at + self.GRACE < clock.now() else "pending"

    def get_state_display(self) -> str:
        """The state in words."""
        return str({"met": _("met"), "breached": _("breached"), "pending": _("pending")}[self.state])
