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
