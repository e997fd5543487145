"""The public register: firms by their code, and the code tables that explain them. No table here has an owner."""

from django.db import models
from django.utils.translation import gettext_lazy as _

C = "C"
"""Names and codes are compared byte by byte, so that one index serves prefix, order and the next page."""


class Industry(models.Model):
    """A class of GB/T 4754-2017: section A, division A01, group A011, class A0111."""

    code = models.CharField(_("code"), max_length=5, primary_key=True, db_collation=C)
    name = models.CharField(_("name"), max_length=80)
    level = models.PositiveSmallIntegerField(_("level"))
    parent = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="children")

    class Meta:
        ordering = ["code"]

    def __str__(self) -> str:
        return self.name


class Region(models.Model):
    """A division of GB/T 2260 in its six-digit form: province 420000, city 420100, county 420106."""

    code = models.CharField(_("code"), max_length=6, primary_key=True, db_collation=C)
    name = models.CharField(_("name"), max_length=80)
    level = models.PositiveSmallIntegerField(_("level"))
    parent = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="children")

    class Meta:
        ordering = ["code"]

    def __str__(self) -> str:
        return self.name


class Enterprise(models.Model):
    """A firm as the public register shows it (依法公示). Industry and division are codes and no foreign keys: a record
    may bear a code of its own year that the present table no longer has, and is right all the same."""

    class Status(models.TextChoices):
        ACTIVE = "active", _("in business")
        MOVED_OUT = "moved_out", _("moved out")
        REVOKED = "revoked", _("licence revoked")
        DEREGISTERED = "deregistered", _("deregistered")

    uscc = models.CharField(_("unified social credit code"), max_length=18, primary_key=True, db_collation=C)
    name = models.CharField(_("name"), max_length=200, db_collation=C)
    industry = models.CharField(_("industry"), max_length=5, blank=True, db_collation=C)
    division = models.CharField(_("division"), max_length=6, blank=True, db_collation=C)
    status = models.CharField(_("registration status"), max_length=12, choices=Status)
    established = models.DateField(_("established"), null=True, blank=True)
    source = models.CharField(_("source"), max_length=120)
    """The agency that publishes the record."""
    as_of = models.DateField(_("as of"))

    class Meta:
        ordering = ["uscc"]
        indexes = [models.Index(fields=["name", "uscc"], name="registry_by_name")]

    TONES = {"active": "good", "moved_out": "warn", "revoked": "bad", "deregistered": "bad"}

    def __str__(self) -> str:
        return self.name

    @property
    def state(self) -> str:
        """The status, under the name by which the state badge asks for it."""
        return self.status

    def get_state_display(self) -> str:
        """The status in words."""
        return str(self.Status(self.status).label)
