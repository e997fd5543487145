"""Pages of capsules: own and others', the policy for whom it names, acts by name."""

import pytest

from apps.capsules.models import Capsule
from apps.core.tenancy import tenant_tx
from tests.road import Road


def now(capsule: Capsule) -> str:
    with tenant_tx(None, role="exchange"):
        return Capsule.objects.get(pk=capsule.pk).state


def test_the_owner_sees_sentence_versions_contracts_and_acts(road: Road):
    capsule = road.sealed("centre")
    contract = road.agreed(capsule, "centre")
    body = road.zone.client("centre", "steward").get(f"/capsules/{capsule.id}/").content.decode()
    for words in ("Allows", "Usage policy v1", f"/contracts/{contract.id}/", f"/contracts/new/?capsule={capsule.id}",
                  f"/capsules/{capsule.id}/revoke/", capsule.policy_digest, "Open at your node"):  # fmt: skip
        assert words in body


def test_a_named_user_finds_it_in_the_catalogue_and_may_do_nothing_to_it(road: Road):
    capsule = road.sealed("centre")
    client = road.zone.client("bank", "steward")
    assert str(capsule.id) in client.get("/capsules/?catalogue=1").content.decode()
    assert str(capsule.id) not in client.get("/capsules/?catalogue=0").content.decode()
    body = client.get(f"/capsules/{capsule.id}/").content.decode()
    assert "Allows" in body
    assert "/revoke/" not in body
    assert client.post(f"/capsules/{capsule.id}/freeze/", {"reason": "x", "name": capsule.title}).status_code == 404
    assert now(capsule) == "sealed"


def test_who_is_not_named_finds_nothing(road: Road):
    capsule = road.sealed("centre")
    client = road.zone.client("other_bank", "owner")
    assert client.get(f"/capsules/{capsule.id}/").status_code == 404
    assert "No data of others is open to you yet" in client.get("/capsules/").content.decode()


def test_listing_shows_it_to_everybody_and_a_revoked_one_can_only_be_destroyed(road: Road):
    capsule = road.sealed("centre")
    client = road.zone.client("centre", "steward")
    stranger = road.zone.client("other_bank", "owner")
    assert client.post(f"/capsules/{capsule.id}/list/").status_code == 302
    assert stranger.get(f"/capsules/{capsule.id}/").status_code == 200
    road.act_on(capsule, "centre", "revoke")
    assert stranger.get(f"/capsules/{capsule.id}/").status_code == 404
    assert client.get(f"/capsules/{capsule.id}/resume/").status_code == 302
    assert client.get(f"/capsules/{capsule.id}/destroy/").status_code == 200
    assert client.get(f"/capsules/{capsule.id}/nonsense/").status_code == 404


@pytest.mark.parametrize("role", ["viewer", "officer"])
def test_other_roles_of_the_owner_read_and_do_not_act(road: Road, role: str):
    capsule = road.sealed("centre")
    client = road.zone.client("centre", role)
    assert "/revoke/" not in client.get(f"/capsules/{capsule.id}/").content.decode()
    assert client.post(f"/capsules/{capsule.id}/list/").status_code == 403


def test_the_list_is_a_file_too(road: Road):
    capsule = road.sealed("centre")
    client = road.zone.client("centre", "steward")
    assert capsule.policy_digest in client.get("/capsules/?export=csv").content.decode()
    assert client.get("/capsules/?export=xlsx").content[:2] == b"PK"
    assert (
        capsule.policy_digest not in road.zone.client("platform", "owner").get("/capsules/?export=csv").content.decode()
    )
