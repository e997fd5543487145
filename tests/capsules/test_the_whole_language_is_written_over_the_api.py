"""Over the API a policy has every clause of the language and rules that deny; what is wrong is said where it stands."""

from typing import Any

import pytest

from creditzone.kernel.documents import Policy
from creditzone.kernel.policy.constraints.code import Code
from creditzone.kernel.policy.constraints.payment import Payment
from creditzone.kernel.policy.constraints.place import Place
from creditzone.kernel.policy.constraints.subject import Subject
from tests.road import Road, make_measured


def asked(road: Road, **changes: Any) -> dict[str, Any]:
    """A rule in its fields."""
    given = {
        "id": "r1",
        "grantees": [road.zone["bank"].uscc],
        "purposes": ["credit-risk"],
        "models": [road.models["bank-centre"]],
        "engines": ["cheetah"],
        "disclosures": ["grade"],
        "days": 30,
        "uses": 40,
    }
    return {**given, **changes}


def draft(road: Road, **body: Any):
    """What the steward's call answers."""
    measured = make_measured("profit_and_loss")
    road.nodes["centre"].tell(measured)
    client = road.zone.client("centre", "steward")
    given = {"dataset": measured.dataset, "rules": [asked(road)], **body}
    return client.post("/api/v1/policies/", given, content_type="application/json")


def test_clauses_take_the_place_of_their_kind_and_rules_deny(road: Road):
    bank = road.zone["bank"].uscc
    clauses = [
        {"clause": "payment", "least_fen": 50},
        {"clause": "subject", "organisations": [bank], "roles": ["officer"]},
        {"clause": "place", "divisions": ["42"]},
    ]
    denial = {"id": "no", "clauses": [{"clause": "subject", "organisations": [bank], "roles": ["owner"]}]}
    answer = draft(road, rules=[asked(road, clauses=clauses)], denials=[denial])
    assert answer.status_code == 201, answer.content
    road.nodes["centre"].call()
    permits, denies = road.nodes["centre"].drafts(Policy)[-1].rules
    assert permits.clause(Payment) == Payment(least_fen=50)
    assert permits.clause(Place) == Place(divisions=("42",))
    assert permits.clause(Subject) == Subject(organisations=(bank,), roles=("officer",))
    assert permits.clause(Code).models == (road.models["bank-centre"],)
    assert (denies.effect, denies.clauses) == ("deny", (Subject(organisations=(bank,), roles=("owner",)),))


PAYMENT = {"clause": "payment", "least_fen": 1}
WRONG = {
    "an unknown clause": {"rules_clauses": [{"clause": "magic"}]},
    "an unknown field": {"rules_clauses": [{**PAYMENT, "most_fen": 2}]},
    "one kind twice": {"rules_clauses": [PAYMENT, PAYMENT]},
    "a price in a rule that denies": {"denials": [{"id": "no", "clauses": [PAYMENT]}]},
    "nothing that is denied": {"denials": [{"id": "no", "clauses": []}]},
}


@pytest.mark.parametrize("what", WRONG)
def test_what_is_no_clause_is_refused_where_it_stands(road: Road, what: str):
    given = dict(WRONG[what])
    if "rules_clauses" in given:
        given["rules"] = [asked(road, clauses=given.pop("rules_clauses"))]
    answer = draft(road, **given)
    assert answer.status_code == 422, answer.content
    assert "clauses" in answer.content.decode()
    road.nodes["centre"].call()
    assert road.nodes["centre"].drafts(Policy) == []
