"""What every table of the portal has in common; no table of its own."""

from typing import Any

import uuid_utils.compat
from django.db import models


def new_id() -> Any:
    """A fresh UUIDv7: newest last, and nobody else's to guess."""
    return uuid_utils.compat.uuid7()


class TenantModel(models.Model):
    """A row that belongs to one organisation; row-level security compares `owner` with the tenant."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    owner = models.UUIDField(editable=False)
    created_at = models.DateTimeField(auto_now_add=True, editable=False)

    class Meta:
        abstract = True


class Party(models.Model):
    """An organisation (`org`) that takes part in a shared row (`subject`, which the subclass names) of `owner`: where
    that organisation's list of such rows begins. The table as `rls.shared_rows` wants it."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    org = models.UUIDField()
    owner = models.UUIDField()

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.org} {self.pk}"
