"""What changes datasets: only their owners' nodes publish them."""

from uuid import UUID

import msgspec
from django.utils.translation import gettext_lazy as _

from apps.core import clock
from apps.core.errors import Invalid
from apps.datasets.models import Dataset
from apps.ledger.services import append_entry
from apps.tenants.models import Organisation
from creditzone.kernel.documents import DatasetMeasured
from creditzone.kernel.domain import UnknownDomain, domain


def publish(*, organisation: Organisation, measured: DatasetMeasured) -> Dataset:
    """Show what a node measured of its organisation's upload; the same statement again changes nothing.

    Raises Invalid where the counts do not add up, the columns are not those of the domain, or the dataset's id is
    taken by another one."""
    known = Dataset.objects.filter(pk=UUID(measured.dataset)).first()
    if known is not None:
        if (known.owner, known.body_digest) != (organisation.id, measured.body_digest):
            raise Invalid.of("dataset", _("This dataset was published before, with other contents."))
        return known
    _require_consistent(measured)
    dataset = Dataset(
        id=UUID(measured.dataset),
        owner=organisation.id,
        domain=measured.domain,
        title=measured.title,
        rows=measured.rows,
        accepted=measured.accepted,
        quarantined=measured.quarantined,
        faults=[list(fault) for fault in measured.faults],
        columns=msgspec.to_builtins(measured.columns),
        body_digest=measured.body_digest,
        size=measured.size,
        lineage=msgspec.to_builtins(measured.lineage),
        measured_at=clock.from_ms(measured.measured_at),
    )
    dataset.save(force_insert=True)
    append_entry(
        actor=None,
        act="dataset.publish",
        subject_type="dataset",
        subject_id=dataset.id,
        facts={"domain": dataset.domain, "rows": dataset.rows, "accepted": dataset.accepted},
        organisations=[organisation.id],
    )
    return dataset


def _require_consistent(measured: DatasetMeasured) -> None:
    if measured.rows != measured.accepted + measured.quarantined:
        raise Invalid.of("rows", _("Accepted and quarantined rows do not add up."))
    try:
        found = domain(measured.domain)
    except UnknownDomain:
        raise Invalid.of("domain", _("There is no such data domain.")) from None
    if found.derived != (measured.lineage is not None):
        raise Invalid.of("lineage", _("A derived dataset, and no other, says what it was made of."))
    described = [(column.name, column.kind, column.level, column.ground) for column in measured.columns]
    if described != [(column.name, column.type, column.level, column.ground) for column in found.columns]:
        raise Invalid.of("columns", _("The columns are not those of the data domain."))
    if any(column.valid > column.filled or column.filled > measured.rows for column in measured.columns):
        raise Invalid.of("columns", _("A column counts more valid values than rows."))
