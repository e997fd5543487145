"""The policy form under zone-wide rules: begin with a template, fill in what it leaves open, and read at the field what
is below a floor."""

from typing import Any

import pytest

from apps.capsules.services import draft_policy
from apps.core.errors import Invalid
from creditzone.kernel.documents import Policy
from tests.governance.rules import signed_rules
from tests.road import Road, make_measured

HTMX = {"hx-request": "true"}


@pytest.fixture
def path(road: Road) -> str:
    """The policy form for a published dataset of the code centre's."""
    signed_rules(road)
    measured = make_measured("profit_and_loss")
    road.nodes["centre"].tell(measured)
    return f"/capsules/policies/new/?dataset={measured.dataset}"


def filled(road: Road, **changes: Any) -> dict[str, Any]:
    given = {
        "count": "1", "say": "en", "r1-id": "credit-risk", "r1-template": "credit-risk",
        "r1-grantees": [road.zone["bank"].uscc], "r1-purposes": ["credit-risk/pre-loan"],
        "r1-models": [road.models["bank-centre"]], "r1-disclosures": ["grade"], "r1-engines": ["cheetah"],
        "r1-days": "30", "r1-uses": "40",
    }  # fmt: skip
    return {**given, **{f"r1-{name}": value for name, value in changes.items()}}


def test_a_steward_chooses_a_template_and_is_asked_only_what_it_leaves_open(road: Road, path: str):
    client = road.zone.client("centre", "steward")
    choice = client.get(path).content.decode()
    assert "Credit-risk model only" in choice
    assert f"{path.replace('&', '&amp;')}&amp;template=credit-risk" in choice
    assert 'id="policy-form"' not in choice
    form = client.get(f"{path}&template=credit-risk").content.decode()
    asked, settled = form.split("Set by the template, and more limits")
    assert 'name="r1-grantees"' in asked
    assert 'name="r1-models"' in asked
    assert 'name="r1-purposes"' not in asked
    assert 'name="r1-days" value="30"' in settled
    assert "40 times" in asked
    assert "id_r1-grantees" in client.get(f"{path}&template=blank").content.decode()


def test_one_more_rule_begins_with_a_template_under_a_name_of_its_own(road: Road, path: str):
    client = road.zone.client("centre", "steward")
    more = client.post(path, {**filled(road), "add": "credit-risk"}).content.decode()
    assert 'value="credit-risk-2"' in more
    assert "_error" not in more


def test_a_draft_names_the_rules_it_was_written_under(road: Road, path: str):
    client = road.zone.client("centre", "steward")
    assert "HX-Redirect" in client.post(path, filled(road), headers=HTMX)
    road.nodes["centre"].call()
    policy = road.nodes["centre"].drafts(Policy)[-1]
    assert policy.zone_rules == signed_digest(client)
    assert policy.rules[0].id == "credit-risk"


def signed_digest(client: Any) -> str:
    return str(client.get("/api/v1/zone-rules/").json()["results"][0]["digest"])


BELOW = [
    ("minimum_group", {"minimum_group": "3"}, "floor is 10"),
    ("days", {"days": "61"}, "the zone allows 60 at most"),
    ("uses", {"uses": "101"}, "the zone allows 100 at most"),
    ("purposes", {"purposes": ["public-governance"]}, "do not allow the purpose"),
    ("minimum_group", {"disclosures": ["statistic"]}, "Statistics need a least number"),
]


@pytest.mark.parametrize(("field", "changes", "words"), BELOW)
def test_what_is_below_a_floor_is_said_at_its_field_and_drafts_nothing(
    road: Road, path: str, field: str, changes: dict[str, Any], words: str
):
    client = road.zone.client("centre", "steward")
    answer = client.post(path, filled(road, **changes), headers=HTMX)
    body = answer.content.decode()
    assert answer.status_code == 422
    assert f"id_r1-{field}_error" in body
    assert words in body
    assert "<details open>" in body
    road.nodes["centre"].call()
    assert road.nodes["centre"].drafts(Policy) == []


def test_the_sentence_warns_while_it_is_written(road: Road, path: str):
    preview = path.replace("/new/", "/preview/")
    said = road.zone.client("centre", "steward").post(preview, filled(road, uses="101"), headers=HTMX)
    assert "This undercuts the zone-wide rules" in said.content.decode()


def test_statistics_of_ten_firms_are_a_policy_of_statistics_alone(road: Road, path: str):
    client = road.zone.client("centre", "steward")
    assert "HX-Redirect" in client.post(path, filled(road, disclosures=["statistic"], minimum_group="10"), headers=HTMX)
    road.nodes["centre"].call()
    (rule,) = road.nodes["centre"].drafts(Policy)[-1].rules
    by_kind = {type(one).__name__: one for one in rule.clauses}
    assert [one.name for one in by_kind["Action"].operations] == ["statistics"]
    assert {mode for one in by_kind["Columns"].columns for mode in one.modes} == {"match", "statistic"}


def test_the_service_holds_the_floors_whoever_asks(road: Road):
    signed_rules(road, evidence=("signed",), templates=())
    measured = make_measured("profit_and_loss")
    road.nodes["centre"].tell(measured)
    steward = road.zone.member("centre", "steward")
    with road.zone.tx(steward), pytest.raises(Invalid) as refused:
        draft_policy(actor=steward, dataset_id=measured.dataset, rules=[road.rule("bank")])
    assert set(refused.value.errors) == {"evidence"}


def test_a_sealed_capsule_says_which_rules_its_policy_keeps_to(road: Road):
    capsule = road.sealed("centre")
    signed_rules(road)
    page = road.zone.client("centre", "steward").get(f"/capsules/{capsule.id}/").content.decode()
    assert "before there were zone-wide rules" in page
    other = road.sealed("platform")
    page = road.zone.client("platform", "steward").get(f"/capsules/{other.id}/").content.decode()
    assert "zone-wide rules v1" in page
    signed_rules(road, max_uses=90)
    page = road.zone.client("platform", "steward").get(f"/capsules/{other.id}/").content.decode()
    assert "v2 is in force" in page
