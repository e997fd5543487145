"""Datasets and their quality, for pages and API."""

from dataclasses import dataclass
from uuid import UUID

from django.db import models
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from apps.core.errors import Forbidden, NotFound
from apps.datasets.models import Dataset
from apps.tenants.members import Member
from apps.tenants.roles import Role


class Act(models.TextChoices):
    """What may be done with a dataset at the portal."""

    READ = "read", _("see a dataset")
    DRAFT_POLICY = "draft-policy", _("draft a usage policy for a dataset")


MAY = {
    Act.READ: frozenset(Role),
    Act.DRAFT_POLICY: frozenset({Role.OWNER, Role.STEWARD}),
}
UPLOADERS = frozenset({Role.OWNER, Role.STEWARD, Role.OFFICER})
"""Who is shown the way to an upload: the node takes one from these alone, by its own roster."""


@dataclass(frozen=True, kw_only=True)
class ColumnRow:
    """One column's quality. Ratios are None where there is no row to divide by."""

    name: str
    kind: str
    level: int
    ground: str
    filled: int
    valid: int
    filled_ratio: float | None
    valid_ratio: float | None


@dataclass(frozen=True, kw_only=True)
class FaultRow:
    """How many rows one fault sent to quarantine."""

    code: str
    rows: int


def get_for(actor: Member, dataset_id: UUID, *, to: Act) -> Dataset:
    """The only door to one dataset; row-level security has already hidden it from strangers."""
    dataset = Dataset.objects.filter(pk=dataset_id).first()
    if dataset is None:
        raise NotFound(what=_("dataset"))
    if to != Act.READ and dataset.owner != actor.organisation_id:
        raise NotFound(what=_("dataset"))
    if actor.role not in MAY[to]:
        raise Forbidden(act=to.label, role=Role(actor.role).label)
    return dataset


def datasets_of(actor: Member, *, before: UUID | None = None, limit: int = 50) -> QuerySet[Dataset]:
    """The organisation's datasets, newest first; `before` is the id after which the next page begins."""
    datasets = owned(actor)
    if before is not None:
        datasets = datasets.filter(pk__lt=before)
    return datasets.order_by("-id")[:limit]


def owned(actor: Member) -> QuerySet[Dataset]:
    """All of the organisation's datasets, in no order yet, for pages that sort them."""
    return Dataset.objects.filter(owner=actor.organisation_id)


def columns_of(dataset: Dataset) -> list[ColumnRow]:
    """The quality of each column, in the domain's order: counts and ratios."""
    return [
        ColumnRow(
            **column,
            filled_ratio=column["filled"] / dataset.rows if dataset.rows else None,
            valid_ratio=column["valid"] / column["filled"] if column["filled"] else None,
        )
        for column in dataset.columns
    ]


def faults_of(dataset: Dataset) -> list[FaultRow]:
    """Why rows went to quarantine, the most frequent first."""
    return sorted((FaultRow(code=code, rows=rows) for code, rows in dataset.faults), key=lambda fault: -fault.rows)
