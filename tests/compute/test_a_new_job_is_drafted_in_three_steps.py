"""Scorecard, data and purpose with a check beforehand, then the sentence and the way to one's own node."""

import pytest

from apps.compute.models import Job
from apps.compute.selectors import request_of
from apps.core.tenancy import tenant_tx
from creditzone.kernel.policy.constraints.consent import Consent
from tests.road import PURPOSE, Road


def card(road: Road) -> str:
    return road.models["bank-centre"]


def filled(capsules, **changes):
    return {
        "title": "Week 48",
        "purpose": PURPOSE,
        "disclosure": "grade",
        "source_balance_sheet": str(capsules[0].id),
        "source_profit_and_loss": str(capsules[1].id),
        **changes,
    }


def count() -> int:
    with tenant_tx(None, role="exchange"):
        return Job.objects.count()


def test_step_one_names_what_each_scorecard_needs_and_what_is_missing(road: Road):
    road.ready("centre")
    body = road.zone.client("bank").get("/jobs/new/").content.decode()
    assert f"?model={card(road)}" in body
    assert "your own capsule" in body
    assert f'href="?model={road.models["bank-centre-platform"]}"' not in body
    assert "no contract in force" in body
    assert road.models["zone-public"] not in body


def test_step_two_checks_beforehand_party_by_party(road: Road):
    capsules = road.ready("centre")
    client = road.zone.client("bank")
    body = client.get(f"/jobs/new/?model={card(road)}").content.decode()
    assert body.count("nothing against it") == 2
    assert "at most 10 uses left" in body
    assert "¥0.12" in body
    asked = {**filled(capsules, disclosure="score"), "model": card(road)}
    refused = client.get("/jobs/new/check/", asked, headers={"hx-request": "true"}).content.decode()
    assert refused.count("would be refused") == 2
    assert "The policy does not let out the score." in refused
    assert "Ask for less." in refused
    assert count() == 0


def test_what_is_wrong_stands_at_its_field_and_drafts_nothing(road: Road):
    capsules = road.ready("centre")
    client = road.zone.client("bank")
    path = f"/jobs/new/?model={card(road)}"
    for change, words in [
        ({"title": ""}, "id_title"),
        ({"disclosure": "decision"}, "Choose from which grade on the answer is yes."),
        ({"source_profit_and_loss": "nonsense"}, "Select a valid choice"),
        ({"disclosure": "score"}, "The policy does not let out the score."),
    ]:
        answer = client.post(path, filled(capsules, **change))
        assert answer.status_code == 422, change
        assert words in answer.content.decode()
    assert count() == 0


def test_step_three_shows_the_sentence_and_leads_to_the_own_node(road: Road):
    capsules = road.ready("centre")
    client = road.zone.client("bank")
    answer = client.post(f"/jobs/new/?model={card(road)}", filled(capsules, disclosure="decision", decision_band="4"))
    assert answer.status_code == 302
    body = client.get(answer["location"]).content.decode()
    with tenant_tx(None, role="exchange"):
        job = Job.objects.get()
    assert f"http://node.localhost:8101/sign/{job.digest.removeprefix('sm3:')}/?person=" in body
    assert "Confirm in your node" in body
    assert "asks for <b>yes or no</b>" in body
    assert "Discard the draft" in body
    assert "It binds nobody until its recipient signs it" in body
    assert job.state == Job.State.DRAFTED


@pytest.mark.parametrize(
    ("place", "role", "status"),
    [("bank", "officer", 200), ("bank", "owner", 200), ("bank", "viewer", 403), ("bank", "steward", 403),
     ("centre", "owner", 403), ("regulator", "owner", 403), ("firm", "owner", 302)],
)  # fmt: skip
def test_only_a_banks_officers_draft(road: Road, place: str, role: str, status: int):
    assert road.zone.client(place, role).get("/jobs/new/").status_code == status


def test_an_unknown_scorecard_is_not_found(road: Road):
    assert road.zone.client("bank").get("/jobs/new/?model=nonsense").status_code == 404


def test_a_statistic_is_drafted_with_its_least_number_of_firms(road: Road):
    counting = {"disclosures": ("statistic",), "minimum_group": 20}
    capsules = [road.sealed("bank", rules=[road.rule("bank", **counting)])]
    provided = road.sealed("centre", rules=[road.rule("bank", **counting)])
    road.agreed(provided, "centre")
    capsules.append(provided)
    client = road.zone.client("bank")
    path = f"/jobs/new/?model={card(road)}"
    asked = filled(capsules, disclosure="statistic", minimum_group="20", grouping="province")
    for change, words in [
        ({"minimum_group": "9"}, "Statistics rest on at least 10 firms."),
        ({"minimum_group": ""}, "Say how many firms each count rests on."),
        ({"minimum_group": "19"}, "at least 20 are required"),
        ({"reasons": "on"}, "A statistic names no firm, so it has no reasons."),
        ({"disclosure": "grade"}, "The policy does not allow the operation score."),
    ]:
        answer = client.post(path, {**asked, **change})
        assert answer.status_code == 422
        assert words in answer.content.decode(), words
    assert count() == 0
    assert client.post(path, asked).status_code == 302
    with tenant_tx(None, role="exchange"):
        request = request_of(Job.objects.get())
    assert (request.operation, request.minimum_group, request.grouping) == ("statistics", 20, "province")
    assert request.disclosures == ("statistic",)


def test_a_policy_that_demands_signatures_takes_no_declaration(road: Road):
    demands = {"more": (Consent(evidence=("signed",)),)}
    capsules = [road.sealed("bank", rules=[road.rule("bank")])]
    provided = road.sealed("centre", rules=[road.rule("bank", **demands)])
    road.agreed(provided, "centre")
    capsules.append(provided)
    client = road.zone.client("bank")
    path = f"/jobs/new/?model={card(road)}"
    answer = client.post(path, filled(capsules))
    assert answer.status_code == 422
    assert "The policy does not take consent that is declared." in answer.content.decode()
    assert client.post(path, filled(capsules, consent="signed")).status_code == 302
    with tenant_tx(None, role="exchange"):
        request = request_of(Job.objects.get())
    assert (request.consent, request.subject, request.authorisation) == ("signed", None, None)
