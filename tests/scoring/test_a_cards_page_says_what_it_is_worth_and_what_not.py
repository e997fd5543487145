"""AUC and KS with intervals, calibration by grade, bins, whose points decide, and what the figures do not say."""

import pytest

from tests.scoring.conftest import NAMES, shipped


def page(zone, card, organisation: str = "bank") -> str:
    response = zone.client(organisation).get(f"/scorecards/{card.digest}/")
    assert response.status_code == 200
    return response.content.decode()


@pytest.mark.parametrize("name", NAMES)
def test_the_figures_are_those_of_the_model_card(zone, cards, name):
    text, measured = page(zone, cards[name]), shipped(name)[1]
    held = measured["discrimination"]["held"]
    for figure in (held["auc"], held["ks"]):
        assert all(f"{figure[end]:.3f}" in text for end in ("value", "low", "high"))
    for row in measured["grades"]:
        assert f"<td><b>{row['grade']}</b></td>" in text
    for note in measured["notes"]:
        assert note["en"].replace("'", "&#x27;") in text


def test_it_says_how_much_of_a_grade_one_partys_points_decide_and_what_that_gives_away(zone, cards):
    text = page(zone, cards["bank-centre"])
    for part in shipped("bank-centre")[1]["parts"]:
        assert f"{part['least']} … {part['most']}" in text
    assert "compares a provider&#x27;s points with a number of its choice" in text or (
        "compares a provider's points with a number of its choice" in text
    )


def test_every_bin_is_there_and_a_missing_value_earns_nothing(zone, cards):
    text = page(zone, cards["zone-public"])
    document = cards["zone-public"].document
    assert text.count('<td>no value</td><td class="num">0</td>') == len(document.features)
    assert "below 0.8308" in text


@pytest.mark.parametrize("organisation", ["centre", "platform", "firm", "regulator", "operator"])
def test_every_signed_in_organisation_reads_every_card(zone, cards, organisation):
    client = zone.client(organisation)
    listed = client.get("/scorecards/").content.decode()
    assert all(card.digest in listed for card in cards.values())
    assert len(client.get("/api/v1/scorecards/").json()["results"]) == 3


def test_a_card_that_is_not_there_is_one_designed_page(zone, cards):
    client = zone.client("bank")
    for digest in ("sm3:" + "0" * 64, "nonsense", "%00"):
        assert client.get(f"/scorecards/{digest}/").status_code == 404
        assert client.get(f"/api/v1/scorecards/{digest}/").status_code == 404


def test_chinese_pages_have_chinese_names_and_notes(zone, cards):
    client = zone.client("bank")
    text = client.get(f"/scorecards/{cards['bank-centre'].digest}/", headers={"accept-language": "zh-hans"}).content
    assert "小微贷联合评分卡" in text.decode()
    assert shipped("bank-centre")[1]["notes"][0]["zh"] in text.decode()
