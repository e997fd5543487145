"""A firm lets a bank ask about it: drafted on its page, signed in its host's node, carried to the nodes it names."""

from typing import Any

import pytest

from apps.contracts.models import Authorisation
from apps.contracts.services import tell_again
from apps.core.tenancy import tenant_tx
from creditzone.kernel import documents
from creditzone.kernel.documents import DocumentCompleted, read
from tests.road import Road

PATH = "/credit/authorise/"


def asked(road: Road, **changes: Any) -> dict[str, Any]:
    given = {
        "enquirer": road.zone["bank"].uscc,
        "providers": [road.zone["centre"].uscc],
        "purpose": "credit-risk",
        "disclosures": ["grade", "reasons"],
        "days": "30",
    }
    return {**given, **changes}


def standing() -> list[Authorisation]:
    with tenant_tx(None, role="exchange"):
        return list(Authorisation.objects.all())


def sign(road: Road) -> str:
    return road.nodes["platform"].sign_draft(
        documents.Authorisation, road.person("firm", "owner"), organisation=road.zone["firm"].uscc, key=road.firm_key
    )


def carried(road: Road, name: str) -> list[documents.Authorisation]:
    """The authorisations that came down to a node."""
    road.nodes[name].call()
    found = [one.document for one in road.nodes[name].messages(DocumentCompleted)]
    return [read(one, documents.Authorisation) for one in found if '"type":"authorisation"' in one.text]


def test_it_goes_signed_to_the_nodes_it_names_and_to_no_other(road: Road):
    answer = road.zone.client("firm", "owner").post(PATH, asked(road))
    assert (answer.status_code, answer["location"]) == (302, "/credit/#authorisations")
    assert carried(road, "centre") == []
    sign(road)
    [found] = standing()
    assert found.state == Authorisation.State.ACTIVE
    [given] = carried(road, "centre")
    assert (given.subject, given.enquirer) == (road.zone["firm"].uscc, road.zone["bank"].uscc)
    assert (given.providers, given.domains) == ((road.zone["centre"].uscc,), ("profit_and_loss",))
    assert (given.purpose, given.disclosures) == ("credit-risk", ("grade", "reasons"))
    assert given.not_after - given.not_before == 30 * 86_400_000
    assert carried(road, "other_bank") == []
    body = road.zone.client("firm", "owner").get("/credit/").content.decode()
    assert found.digest in body


def test_a_node_that_lost_it_is_told_again_while_it_is_in_force(road: Road):
    road.zone.client("firm", "owner").post(PATH, asked(road))
    sign(road)
    assert len(carried(road, "centre")) == 1
    with tenant_tx(None, role="exchange"):
        tell_again(road.zone["centre"])
        tell_again(road.zone["other_bank"])
    assert len(carried(road, "centre")) == 2
    assert carried(road, "other_bank") == []


def test_a_firms_own_enquiry_is_carried_by_its_order_alone(road: Road):
    for holder in ("centre", "platform"):
        road.sealed(holder, rules=[road.rule("subject")])
    road.enquiry()
    assert carried(road, "centre") == []


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("enquirer", "nonsense", "Select a valid choice"),
        ("providers", [], "Choose at least one."),
        ("disclosures", [], "Choose at least one."),
        ("purpose", "self-enquiry", "Select a valid choice"),
        ("days", "366", "id_days_error"),
    ],
)
def test_what_is_wrong_stands_at_its_field_and_drafts_nothing(road: Road, field: str, value: Any, words: str):
    answer = road.zone.client("firm", "owner").post(PATH, asked(road, **{field: value}))
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert standing() == []


@pytest.mark.parametrize(("place", "role"), [("bank", "owner"), ("centre", "owner"), ("firm", "viewer")])
def test_nobody_but_the_firms_owner_or_officer_gives_one(road: Road, place: str, role: str):
    assert road.zone.client(place, role).post(PATH, asked(road)).status_code == 403
    assert standing() == []
