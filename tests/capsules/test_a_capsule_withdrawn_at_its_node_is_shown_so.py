"""What a node withdrew, the portal shows as withdrawn and drafts no job on, until the node seals it again."""

import pytest

from apps.capsules.models import Capsule
from apps.core.tenancy import tenant_tx
from creditzone.kernel.documents import CapsuleWithdrawn, Policy, new_id, now_ms
from creditzone.kernel.refusals import Refused
from tests.road import DOMAINS, Road, make_measured, make_sealed


def withdraw(road: Road, capsule: Capsule, *, node: str = "centre", version: int = 1) -> None:
    person = road.person(node, "steward")
    road.nodes[node].tell(CapsuleWithdrawn(capsule=str(capsule.id), version=version, person=person, at=now_ms()))


def state(capsule: Capsule) -> str:
    with tenant_tx(None, role="exchange"):
        return Capsule.objects.get(pk=capsule.pk).state


def test_no_new_job_is_drafted_on_it_and_the_reason_is_said(road: Road):
    capsules = road.ready("centre")
    withdraw(road, capsules[1])
    assert state(capsules[1]) == Capsule.State.WITHDRAWN
    with pytest.raises(Refused) as raised:
        road.drafted(capsules)
    assert raised.value.refusal.clause == "capsule-frozen"


def test_its_page_says_so_and_lists_the_contracts_that_rest_on_it(road: Road):
    capsule = road.sealed("centre")
    contract = road.agreed(capsule, "centre")
    withdraw(road, capsule)
    for place in ("centre", "bank"):
        body = road.zone.client(place, "steward").get(f"/capsules/{capsule.id}/").content.decode()
        assert "withdrew it at its node" in body
        assert "1 contract in force rests on it" in body
        assert f"/contracts/{contract.id}/" in body


def test_the_portal_cannot_open_it_again_but_a_newer_policy_does(road: Road):
    node, steward = road.nodes["centre"], road.zone.member("centre", "steward")
    capsule = road.sealed("centre")
    withdraw(road, capsule)
    client = road.zone.client("centre", "steward")
    for step in ("unlist", "thaw"):
        assert client.post(f"/capsules/{capsule.id}/{step}/").status_code == 409
    assert state(capsule) == Capsule.State.WITHDRAWN
    with road.zone.tx(steward):
        from apps.capsules.services import draft_policy

        draft_policy(actor=steward, dataset_id=capsule.dataset_id, rules=[road.rule("bank")], capsule_id=capsule.id)
        dataset = capsule.dataset
    node.call()
    measured = make_measured(DOMAINS["centre"], dataset=str(dataset.id), body_digest=dataset.body_digest)
    node.tell(make_sealed(node, node.drafts(Policy)[-1], measured))
    assert state(capsule) == Capsule.State.SEALED
    withdraw(road, capsule, version=1)  # a word about the head before
    assert state(capsule) == Capsule.State.SEALED


def test_another_node_withdraws_nothing(road: Road):
    capsule = road.sealed("centre")
    withdraw(road, capsule, node="platform")
    unknown = CapsuleWithdrawn(capsule=new_id(), version=1, person=road.person("centre", "steward"), at=now_ms())
    road.nodes["centre"].tell(unknown)
    assert state(capsule) == Capsule.State.SEALED
