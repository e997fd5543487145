"""Data availability contracts, and firms' authorisations: documents that several organisations share."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.capsules.models import Capsule
from apps.core.models import Party, TenantModel
from apps.core.states import Stateful
from apps.tenants.models import Organisation


class Contract(Stateful, TenantModel):
    """A capsule under its policy, offered to a named user at a price; `owner` is the provider.

    The columns repeat the document for finding it; the signed document is what counts."""

    class State(models.TextChoices):
        """What stands at the portal; each party's node holds its own word."""

        PROPOSED = "proposed", _("proposed")
        ACTIVE = "active", _("active")
        SUSPENDED = "suspended", _("suspended")
        TERMINATED = "terminated", _("terminated")
        EXPIRED = "expired", _("expired")

    MOVES: ClassVar[Mapping[Any, set[Any]]] = {
        State.PROPOSED: {State.ACTIVE, State.TERMINATED, State.EXPIRED},
        State.ACTIVE: {State.SUSPENDED, State.TERMINATED, State.EXPIRED},
        State.SUSPENDED: {State.ACTIVE, State.TERMINATED, State.EXPIRED},
    }

    provider = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    consumer = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    capsule = models.ForeignKey(Capsule, on_delete=models.PROTECT, related_name="contracts", db_constraint=False)
    domain = models.CharField(_("data domain"), max_length=60)
    title = models.CharField(_("title"), max_length=400)
    policy_digest = models.CharField(max_length=68)
    purpose = models.CharField(_("purpose"), max_length=60)
    price_fen = models.BigIntegerField(_("price a matched firm"))
    not_before = models.DateTimeField(_("from"))
    not_after = models.DateTimeField(_("until"))
    digest = models.CharField(max_length=68, unique=True)
    document = models.JSONField()
    """`documents.Signed` of the `Contract`, with the signatures so far."""
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.PROPOSED)
    suspended_by = models.CharField(max_length=18, blank=True)
    reason = models.CharField(_("reason"), max_length=400, blank=True)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["state", "not_after"], name="contracts_ends")]

    def __str__(self) -> str:
        return self.title


class ContractParty(Party):
    """An organisation that takes part in a contract: where its list of contracts begins."""

    subject = models.ForeignKey(
        Contract,
        on_delete=models.CASCADE,
        related_name="parties",
        db_column="subject",
        db_constraint=False,
        db_index=False,
    )


class ContractAct(models.Model):
    """A party's signed act on a contract, as its node sent it."""

    id = models.UUIDField(primary_key=True, editable=False)
    contract = models.ForeignKey(Contract, on_delete=models.CASCADE, related_name="acts")
    by = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    act = models.CharField(max_length=10)
    reason = models.CharField(max_length=400)
    document = models.JSONField()
    at = models.DateTimeField()

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.act} {self.contract_id}"


class Authorisation(Stateful, TenantModel):
    """A firm's authorisation; `owner` is the firm."""

    class State(models.TextChoices):
        """What stands at the portal."""

        DRAFTED = "drafted", _("waits for the firm's signature")
        ACTIVE = "active", _("in force")
        WITHDRAWN = "withdrawn", _("withdrawn")
        EXPIRED = "expired", _("expired")

    MOVES: ClassVar[Mapping[Any, set[Any]]] = {
        State.DRAFTED: {State.ACTIVE, State.WITHDRAWN, State.EXPIRED},
        State.ACTIVE: {State.WITHDRAWN, State.EXPIRED},
    }

    subject = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    enquirer = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    purpose = models.CharField(_("purpose"), max_length=60)
    digest = models.CharField(max_length=68, unique=True)
    document = models.JSONField()
    """`documents.Signed` of the `Authorisation`."""
    withdrawal_digest = models.CharField(max_length=68, blank=True)
    """The withdrawal that waits in the firm's node, or that the firm signed there."""
    withdrawal = models.JSONField(null=True)
    """`documents.Signed` of the `AuthorisationWithdrawal`, once signed."""
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.DRAFTED)
    not_before = models.DateTimeField(_("from"))
    not_after = models.DateTimeField(_("until"))

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.digest


class AuthorisationParty(Party):
    """An organisation that an authorisation names: the enquirer and each provider."""

    subject = models.ForeignKey(
        Authorisation,
        on_delete=models.CASCADE,
        related_name="parties",
        db_column="subject",
        db_constraint=False,
        db_index=False,
    )
