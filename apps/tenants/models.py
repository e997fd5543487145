"""Organisations of the zone, their people, their cards, and the tokens of their programs."""

from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models

from apps.core.models import TenantModel, new_id
from apps.tenants.roles import Kind, Role


class Organisation(models.Model):
    """A participant. Its name and code are public in the zone; what it does is not."""

    Kind = Kind

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    uscc = models.CharField(max_length=18, unique=True)
    name = models.CharField(max_length=200)
    name_en = models.CharField(max_length=200)
    kind = models.CharField(max_length=12, choices=Kind)
    hosted_by = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="hosted")
    """Whose hosted node keeps this firm's keys; empty for an organisation with a node of its own, or none."""
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return self.name


class PersonManager(BaseUserManager["Person"]):
    """People are found by the name they sign in with; the password's hash is fetched by who checks it alone, for only
    the sign-in's role may read it."""

    def get_queryset(self) -> models.QuerySet["Person"]:
        return super().get_queryset().defer("password")

    def get_by_natural_key(self, username: str | None) -> "Person":
        return self.get(username=username)


class Person(AbstractBaseUser):
    """Somebody who signs in. What a person may do stands in memberships, never here."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    username = models.CharField(max_length=60, unique=True)
    name = models.CharField(max_length=100)
    is_active = models.BooleanField(default=True)
    must_change_password = models.BooleanField(default=False)
    """Somebody else set the password: nothing opens before its owner has chosen another."""
    created_at = models.DateTimeField(auto_now_add=True)

    USERNAME_FIELD = "username"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]
    objects = PersonManager()

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return self.name

    def get_full_name(self) -> str:
        """The name others read."""
        return self.name


class Membership(models.Model):
    """A person's role in an organisation. A person with two organisations chooses one a sign-in."""

    Role = Role

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="memberships")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="memberships")
    role = models.CharField(max_length=10, choices=Role)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["person", "organisation"], name="one_membership_each"),
        ]

    def __str__(self) -> str:
        return f"{self.person_id} {self.role}"


class Card(models.Model):
    """A card as the portal carries it: the signed text, byte for byte. The portal is no authority for keys: each
    node confirms cards itself (its officers compare fingerprints by another way)."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="cards")
    digest = models.CharField(max_length=68, unique=True)
    signed = models.JSONField()
    """`documents.Signed`: the canonical text and the signatures made over it."""
    serial = models.PositiveIntegerField()
    is_current = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-serial"]
        constraints = [
            models.UniqueConstraint(
                fields=["organisation"], condition=models.Q(is_current=True), name="one_current_card_each"
            ),
        ]

    def __str__(self) -> str:
        return self.digest


class ApiToken(TenantModel):
    """A program's way in, as one member: only the token's hash is kept."""

    membership = models.ForeignKey(Membership, on_delete=models.CASCADE, related_name="tokens")
    label = models.CharField(max_length=60)
    hashed = models.CharField(max_length=64, unique=True)
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.label
