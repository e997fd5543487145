"""Pages of contracts: an offer by its fields, both sides' signatures, the way to each reader's own node."""

from typing import Any

import pytest

from apps.contracts.models import Contract
from apps.core.tenancy import tenant_tx
from creditzone.kernel import documents
from tests.road import PURPOSE, Road


def filled(road: Road, **changes: Any) -> dict[str, Any]:
    return {"consumer": road.zone["bank"].uscc, "purpose": PURPOSE, "price": "0.12", "days": "30", **changes}


def only() -> Contract:
    with tenant_tx(None, role="exchange"):
        return Contract.objects.get()


def count() -> int:
    with tenant_tx(None, role="exchange"):
        return Contract.objects.count()


def test_an_offer_goes_out_in_fen_and_leads_each_side_to_its_node(road: Road):
    capsule = road.sealed("centre")
    client = road.zone.client("centre", "steward")
    answer = client.post(f"/contracts/new/?capsule={capsule.id}", filled(road, price="12.34"))
    contract = only()
    assert (answer.status_code, answer["location"]) == (302, f"/contracts/{contract.id}/")
    assert (contract.price_fen, (contract.not_after - contract.not_before).days) == (1234, 30)
    for place in ("centre", "bank"):
        body = road.zone.client(place, "steward").get(f"/contracts/{contract.id}/").content.decode()
        assert f"/sign/{contract.digest.removeprefix('sm3:')}/?person=" in body
        assert body.count("not signed yet") == 2
        assert "¥12.34" in body
        assert ("Withdraw the offer" in body) == (place == "centre")


@pytest.mark.parametrize(
    ("field", "value"),
    [("consumer", ""), ("consumer", "nonsense"), ("purpose", "public-governance"), ("price", "0.123"),
     ("price", "-1"), ("price", "x"), ("days", "0"), ("days", "4000")],
)  # fmt: skip
def test_what_is_wrong_stands_at_its_field_and_offers_nothing(road: Road, field: str, value: str):
    capsule = road.sealed("centre")
    path = f"/contracts/new/?capsule={capsule.id}"
    answer = road.zone.client("centre", "steward").post(path, filled(road, **{field: value}))
    assert answer.status_code == 422
    assert f"id_{field}_error" in answer.content.decode()
    assert count() == 0


def test_signatures_are_shown_and_an_active_contract_is_ended_at_the_node(road: Road):
    capsule = road.sealed("centre")
    contract = road.offered(capsule, "centre")
    road.nodes["centre"].sign_draft(documents.Contract, road.person("centre", "steward"))
    waiting = road.zone.client("centre", "steward").get(f"/contracts/{contract.id}/").content.decode()
    assert "signed in its node" in waiting
    assert "/sign/" not in waiting
    road.nodes["bank"].sign_draft(documents.Contract, road.person("bank", "steward"))
    body = road.zone.client("bank", "steward").get(f"/contracts/{contract.id}/").content.decode()
    assert "In force until" in body
    assert "/contracts/?person=" in body
    assert "Suspend or terminate in your node" in body
    assert (
        "Suspend or terminate"
        not in road.zone.client("bank", "viewer").get(f"/contracts/{contract.id}/").content.decode()
    )


def test_only_the_provider_withdraws_with_a_reason(road: Road):
    contract = road.offered(road.sealed("centre"), "centre")
    path = f"/contracts/{contract.id}/withdraw/"
    assert road.zone.client("bank", "steward").post(path, {"reason": "x"}).status_code == 404
    assert road.zone.client("centre", "viewer").post(path, {"reason": "x"}).status_code == 403
    client = road.zone.client("centre", "steward")
    assert client.post(path, {"reason": ""}).status_code == 422
    assert client.post(path, {"reason": "a mistake"}).status_code == 302
    assert only().state == Contract.State.TERMINATED
    assert "a mistake" in client.get(f"/contracts/{contract.id}/").content.decode()
    assert client.get(path).status_code == 302


def test_strangers_find_neither_page_nor_row(road: Road):
    contract = road.offered(road.sealed("centre"), "centre")
    client = road.zone.client("other_bank", "owner")
    assert client.get(f"/contracts/{contract.id}/").status_code == 404
    assert contract.digest not in client.get("/contracts/?export=csv").content.decode()
    assert "No contract yet" in client.get("/contracts/").content.decode()


@pytest.mark.parametrize(
    ("place", "role", "status"),
    [("centre", "owner", 200), ("centre", "viewer", 403), ("bank", "steward", 404), ("bank", "officer", 403)],
)
def test_only_the_owners_stewards_offer(road: Road, place: str, role: str, status: int):
    capsule = road.sealed("centre")
    assert road.zone.client(place, role).get(f"/contracts/new/?capsule={capsule.id}").status_code == status


def test_the_list_filters_by_state_and_is_a_file_too(road: Road):
    contract = road.agreed(road.sealed("centre"), "centre")
    client = road.zone.client("bank", "officer")
    assert str(contract.id) in client.get("/contracts/?state=active").content.decode()
    assert "No contract fits these filters" in client.get("/contracts/?state=proposed").content.decode()
    assert "0.12" in client.get("/contracts/?export=csv").content.decode()
    assert client.get("/contracts/?export=xlsx&state=active").content[:2] == b"PK"
