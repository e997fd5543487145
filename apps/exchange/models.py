"""What the portal and the nodes tell each other: lines, statements, messages, and documents that wait to be signed."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.core.models import TenantModel, new_id
from apps.core.states import Stateful
from apps.tenants.models import Card, Organisation


class NodeLine(models.Model):
    """How far the talk with one node has come. Locked for the length of whatever moves it on."""

    node = models.OneToOneField(Organisation, on_delete=models.PROTECT, primary_key=True, related_name="line")
    counter = models.BigIntegerField(default=0)
    """The highest counter of a call; a call with a lower one is a replay."""
    call = models.CharField(max_length=68, blank=True)
    """Digest of that call; the same bytes again get the same answer."""
    answer = models.TextField(blank=True)
    statements = models.BigIntegerField(default=0)
    """Number of the last statement taken in."""
    chain = models.CharField(max_length=68, blank=True)
    """Digest of the last statement taken in: the next one must name it."""
    messages = models.BigIntegerField(default=0)
    """Number of the last message sent down."""
    cards = models.BigIntegerField(default=0)
    """How many of the zone's cards were shown to the node."""
    heartbeat = models.JSONField(default=dict)
    skew_ms = models.BigIntegerField(default=0)
    seen_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["node_id"]

    def __str__(self) -> str:
        return f"{self.node_id} #{self.counter}"


class StatementRecord(models.Model):
    """A node's statement as it came: numbered, chained, signed, and what became of it."""

    class Outcome(models.TextChoices):
        """What the portal made of a statement."""

        TAKEN = "taken", _("taken in")
        REJECTED = "rejected", _("rejected")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    node = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    number = models.BigIntegerField()
    digest = models.CharField(max_length=68)
    kind = models.CharField(max_length=20)
    signed = models.JSONField(null=True)
    """`documents.Signed`; not kept of what has one reader (`documents.FOR_ONE_READER`)."""
    outcome = models.CharField(max_length=10, choices=Outcome)
    reason = models.CharField(max_length=60, blank=True)
    """The refusal's code where it was rejected."""
    details = models.JSONField(default=dict)
    taken_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["node_id", "number"]
        constraints = [models.UniqueConstraint(fields=["node", "number"], name="each_statement_once")]

    def __str__(self) -> str:
        return f"{self.kind} {self.number}"


class NodeMessage(TenantModel):
    """A message that waits for a node; `owner` is who sends it. It gets its number when the node first fetches it,
    so that senders never wait for each other, and is removed when the node has acknowledged it."""

    node = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    number = models.BigIntegerField(null=True)
    body = models.TextField()
    """The message as JSON, its number not yet set."""

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["node", "number"], name="each_message_number_once")]
        indexes = [models.Index(fields=["node", "id"], name="exchange_message_node")]

    def __str__(self) -> str:
        return f"{self.node_id} #{self.number}"


class ShownCard(models.Model):
    """A card that was shown to a node, or needed no showing there."""

    pk = models.CompositePrimaryKey("node_id", "card_id")
    node = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    card = models.ForeignKey(Card, on_delete=models.PROTECT, related_name="shown")

    def __str__(self) -> str:
        return f"{self.node_id} {self.card_id}"


class Draft(Stateful, TenantModel):
    """A document that waits for one organisation's signature in its node; `owner` is who drafted it."""

    class State(models.TextChoices):
        """How far it is."""

        WAITING = "waiting", _("waits for a signature")
        SIGNED = "signed", _("signed")
        DECLINED = "declined", _("declined")
        WITHDRAWN = "withdrawn", _("withdrawn")

    MOVES: ClassVar[Mapping[Any, set[Any]]] = {
        State.WAITING: {State.SIGNED, State.DECLINED, State.WITHDRAWN},
    }

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    digest = models.CharField(max_length=68)
    kind = models.CharField(max_length=20)
    text = models.TextField()
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    person = models.UUIDField(null=True)
    """Who signed or declined, by the node's word."""
    reason = models.CharField(max_length=400, blank=True)
    settled_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["digest", "organisation"], name="one_draft_a_signer"),
        ]
        indexes = [models.Index(fields=["organisation", "id"], name="exchange_draft_organisation")]

    def __str__(self) -> str:
        return f"{self.kind} {self.digest}"
