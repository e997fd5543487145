"""A regulator's looks: each is written to the ledger, and whoever was looked at may read that."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from apps.ledger.models import Entry
from apps.ledger.services import append_entry
from apps.tenants.members import Member


def note_look(
    *,
    actor: Member,
    act: str,
    subject_type: str,
    subject_id: UUID | str,
    facts: dict[str, Any],
    of: Iterable[UUID] = (),
) -> Entry:
    """Write that the regulator looked; `of` are the organisations that were looked at."""
    return append_entry(
        actor=actor,
        act=f"supervision.{act}",
        subject_type=subject_type,
        subject_id=subject_id,
        facts=facts,
        organisations=of,
    )
