"""A dataset comes from its owner's node alone, its counts add up, and it shows to nobody else."""

from typing import Any

import pytest

from apps.core.errors import NotFound
from apps.core.tenancy import tenant_tx
from apps.datasets.models import Dataset
from apps.datasets.selectors import Act, columns_of, datasets_of, faults_of, get_for
from apps.exchange.models import StatementRecord
from creditzone.kernel.documents import Lineage, Parent, new_id
from tests.road import Road, make_measured

MADE_UP = Lineage(
    job=new_id(), parents=(Parent(capsule=new_id(), provider="12420100XY2B8KD33E", policy="sm3:" + "0" * 64),)
)


def reasons(road: Road) -> list[str]:
    with tenant_tx(None, role="exchange"):
        return list(StatementRecord.objects.order_by("number").values_list("reason", flat=True))


def count() -> int:
    with tenant_tx(None, role="exchange"):
        return Dataset.objects.count()


def test_counts_and_ratios_are_shown_to_the_owner(road: Road):
    road.nodes["centre"].tell(
        make_measured("profit_and_loss", rows=100, accepted=97, quarantined=3, faults=(("range", 2), ("code", 1)))
    )
    steward = road.zone.member("centre", "steward")
    with road.zone.tx(steward):
        (dataset,) = datasets_of(steward)
        assert (dataset.rows, dataset.accepted, dataset.quarantined) == (100, 97, 3)
        assert [(fault.code, fault.rows) for fault in faults_of(dataset)] == [("range", 2), ("code", 1)]
        assert all(column.filled_ratio == column.valid_ratio == 1.0 for column in columns_of(dataset))


@pytest.mark.parametrize(
    "spoiled", [{"accepted": 99}, {"quarantined": 1}, {"domain": "salaries"}, {"columns": ()}, {"lineage": MADE_UP}]
)
def test_figures_that_do_not_add_up_are_not_published(road: Road, spoiled: dict[str, Any]):
    road.nodes["centre"].tell(make_measured("profit_and_loss", **spoiled))
    assert (reasons(road), count()) == (["invalid"], 0)


def test_the_same_measurement_twice_is_one_dataset_and_another_under_its_id_is_rejected(road: Road):
    measured = make_measured("profit_and_loss", dataset=new_id())
    node = road.nodes["centre"]
    node.tell(measured)
    node.tell(measured)
    node.tell(make_measured("profit_and_loss", dataset=measured.dataset))
    road.nodes["platform"].tell(make_measured("profit_and_loss", dataset=measured.dataset))
    assert (reasons(road), count()) == (["", "invalid", "", "invalid"], 1)


def test_others_see_nothing_of_it(road: Road):
    measured = make_measured("profit_and_loss")
    road.nodes["centre"].tell(measured)
    for name in ("bank", "platform", "firm"):
        member = road.zone.member(name, "owner")
        with road.zone.tx(member):
            assert Dataset.objects.count() == 0
            with pytest.raises(NotFound):
                get_for(member, measured.dataset, to=Act.READ)
