"""The policy form: templates, the live sentence, mistakes at their field, and a draft that only the node can sign."""

from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given as drawn

from apps.capsules.column_fields import bands_of
from apps.capsules.forms import RuleForm, rule_values
from apps.capsules.models import Capsule
from apps.capsules.selectors import head_of
from apps.capsules.wording import CLAUSE_FIELDS
from apps.core.tenancy import tenant_tx
from apps.datasets.models import Dataset
from apps.scoring import selectors as scoring
from creditzone.kernel.credit.scorecard import points_of
from creditzone.kernel.documents import Policy, Rule
from creditzone.kernel.domain import domain
from creditzone.kernel.policy.constraints import KINDS
from creditzone.kernel.policy.constraints.action import Action, Bound, Operation
from creditzone.kernel.policy.constraints.code import Code
from creditzone.kernel.policy.constraints.columns import Columns, Mask, Round
from creditzone.kernel.policy.constraints.consent import Consent
from creditzone.kernel.policy.constraints.place import Place
from creditzone.kernel.policy.constraints.purpose import Purpose
from creditzone.kernel.policy.constraints.subject import Subject
from creditzone.kernel.policy.constraints.window import Daily, Window
from creditzone.kernel.policy.sentence import say_rule
from creditzone.kernel.policy.transforms import changed
from tests.kernel import policies
from tests.kernel.test_a_new_version_says_what_it_loosens import AllAlike
from tests.road import Road, make_measured

HTMX = {"hx-request": "true"}


def published(road: Road) -> Dataset:
    road.nodes["centre"].tell(make_measured("profit_and_loss"))
    with tenant_tx(None, role="exchange"):
        return Dataset.objects.get()


def filled(road: Road, **changes: Any) -> dict[str, Any]:
    given = {
        "count": "1",
        "say": "en",
        "r1-id": "credit-risk",
        "r1-grantees": [road.zone["bank"].uscc],
        "r1-purposes": ["credit-risk/pre-loan"],
        "r1-models": [road.models["bank-centre"]],
        "r1-disclosures": ["grade"],
        "r1-engines": ["cheetah"],
        "r1-days": "30",
        "r1-uses": "40",
    }
    return {**given, **changes}


def with_clauses(rule: Rule, *clauses: Any) -> Rule:
    """The rule with these clauses in place of those of their kinds."""
    found = {type(one): one for one in (*rule.clauses, *clauses)}
    return msgspec.structs.replace(rule, clauses=tuple(found[kind] for kind in KINDS if kind in found))


def scoring_cards(road: Road):
    with road.zone.tx(road.zone.member("centre", "steward")):
        return scoring.cards()


def count() -> int:
    with tenant_tx(None, role="exchange"):
        return Capsule.objects.count()


def test_without_zone_wide_rules_a_policy_begins_blank(road: Road):
    path = f"/capsules/policies/new/?dataset={published(road).id}"
    page = road.zone.client("centre", "steward").get(path).content.decode()
    assert "id_r1-grantees" in page
    assert "not chosen" in page


def test_the_sentence_follows_the_form_in_the_language_asked_for(road: Road):
    path = f"/capsules/policies/preview/?dataset={published(road).id}"
    client = road.zone.client("centre", "steward")
    english = client.post(path, filled(road), headers=HTMX).content.decode()
    assert "Bank" in english
    assert "the score grade" in english
    assert 'href="#id_r1-uses"' in english
    assert "<form" not in english
    assert "40 次" in client.post(path, filled(road, say="zh"), headers=HTMX).content.decode()
    assert "&quot;total&quot;: 40" in client.post(path, filled(road, say="json"), headers=HTMX).content.decode()
    odrl = client.post(path, filled(road, say="odrl"), headers=HTMX).content.decode()
    assert "odrl.jsonld" in odrl
    assert "&quot;conflict&quot;: &quot;prohibit&quot;" in odrl
    unfinished = client.post(path, filled(road, **{"r1-grantees": [], "r1-uses": "x"}), headers=HTMX)
    assert unfinished.status_code == 200
    assert "not chosen" in unfinished.content.decode()
    assert count() == 0


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("grantees", [], "Choose at least one; none allows nothing."),
        ("grantees", ["nonsense"], "Select a valid choice"),
        ("models", ["sm3:" + "0" * 64], "Select a valid choice"),
        ("days", "0", "id_r1-days_error"),
        ("uses", "", "id_r1-uses_error"),
        ("minimum_group", "1", "id_r1-minimum_group_error"),
        ("id", "No Such Id", ""),
    ],
)
def test_what_is_wrong_stands_at_its_field_and_drafts_nothing(road: Road, field: str, value: Any, words: str):
    path = f"/capsules/policies/new/?dataset={published(road).id}"
    answer = road.zone.client("centre", "steward").post(path, filled(road, **{f"r1-{field}": value}), headers=HTMX)
    body = answer.content.decode()
    assert answer.status_code == 422
    assert words in body
    assert body.lstrip().startswith("<form")
    assert count() == 0


def test_a_rule_is_added_without_losing_or_blaming_anything(road: Road):
    path = f"/capsules/policies/new/?dataset={published(road).id}"
    answer = road.zone.client("centre", "steward").post(path, filled(road, add="1", **{"r1-uses": "41"}))
    body = answer.content.decode()
    assert answer.status_code == 200
    assert "id_r2-grantees" in body
    assert 'value="41"' in body
    assert "_error" not in body


def test_a_sent_form_is_a_draft_with_a_link_to_the_own_node(road: Road):
    path = f"/capsules/policies/new/?dataset={published(road).id}"
    client = road.zone.client("centre", "steward")
    answer = client.post(path, filled(road), headers=HTMX)
    with tenant_tx(None, role="exchange"):
        capsule = Capsule.objects.get()
        assert head_of(capsule) is None
    assert answer["HX-Redirect"] == f"/capsules/{capsule.id}/"
    body = client.get(f"/capsules/{capsule.id}/").content.decode()
    assert f"/sign/{capsule.draft_digest.removeprefix('sm3:')}/?person=" in body
    assert "binds nobody yet" in body
    road.nodes["centre"].call()
    (rule,) = road.nodes["centre"].drafts(Policy)[-1].rules
    assert (rule.id, rule.uses, rule.disclosures, rule.engines) == ("credit-risk", 40, ("grade",), ("cheetah",))
    assert rule.not_after - rule.not_before == 30 * 86_400_000


def test_a_next_version_begins_with_the_rules_in_force_and_says_what_changes(road: Road):
    capsule = road.sealed("centre")
    client = road.zone.client("centre", "steward")
    path = f"/capsules/policies/new/?capsule={capsule.id}"
    body = client.get(path).content.decode()
    assert "policy v2" in body
    assert "validity" in body  # a new version's window begins anew
    tighter = filled(road, **{"r1-id": "r1", "r1-uses": "9"})
    said = client.post(f"/capsules/policies/preview/?capsule={capsule.id}", tighter, headers=HTMX).content.decode()
    assert "uses in all" in said
    assert "<del>10 times</del> <ins>9 times</ins>" in said
    assert client.post(path, tighter).status_code == 302
    with tenant_tx(None, role="exchange"):
        assert Capsule.objects.get().draft_digest != ""


@pytest.mark.parametrize(
    ("place", "role", "status"),
    [("centre", "owner", 200), ("centre", "viewer", 403), ("centre", "officer", 403), ("bank", "steward", 404)],
)
def test_only_the_owners_stewards_write_policies(road: Road, place: str, role: str, status: int):
    dataset = published(road)
    client = road.zone.client(place, role)
    assert client.get(f"/capsules/policies/new/?dataset={dataset.id}").status_code == status
    assert client.post(f"/capsules/policies/preview/?dataset={dataset.id}", filled(road)).status_code == status
    assert client.get("/capsules/policies/new/?dataset=nonsense").status_code in {403, 404}


def test_a_rule_may_demand_that_firms_signed_themselves(road: Road):
    path = f"/capsules/policies/new/?dataset={published(road).id}"
    client = road.zone.client("centre", "steward")
    given = filled(road, **{"r1-evidence": "signed"})
    said = client.post(path.replace("/new/", "/preview/"), given, headers=HTMX).content.decode()
    assert "authorisations that the firms signed" in said
    assert 'href="#id_r1-evidence"' in said
    assert client.post(path, given).status_code == 302
    road.nodes["centre"].call()
    (rule,) = road.nodes["centre"].drafts(Policy)[-1].rules
    assert rule.clause(Consent) == Consent(evidence=("signed",))
    with road.zone.tx(road.zone.member("centre", "steward")):
        assert rule_values(rule, domain="profit_and_loss")["evidence"] == "signed"


def test_what_no_field_shows_stays_when_a_rule_is_edited(road: Road):
    wide = Bound(parameter="minimum_group", operator="gte", values=(20,))
    kept = {
        Place: Place(divisions=("42",)),
        Subject: Subject(organisations=(road.zone["bank"].uscc,), roles=("officer",)),
        Code: Code(models=(road.models["bank-centre"],), programs=("sm3:" + "a" * 64,)),
        Action: Action(operations=(Operation(name="score"), Operation(name="statistics", bounds=(wide,)))),
    }
    before = with_clauses(road.rule("bank", id="credit-risk"), *kept.values())
    window = msgspec.structs.replace(
        before.of(Window), days_from_contract=7, daily=(Daily(since=0, until=60, zone="Europe/Berlin"),)
    )
    denial = Rule(id="never", effect="deny", clauses=(Purpose(purposes=("credit-risk/post-loan",)),))
    capsule = road.sealed("centre", rules=[with_clauses(before, window), denial])
    client = road.zone.client("centre", "steward")
    path = f"/capsules/policies/new/?capsule={capsule.id}"
    assert client.get(path).status_code == 200
    given = filled(road, **{"r1-opens": "09:00", "r1-closes": "17:00", "r1-minimum_group": "20"})
    given["r1-disclosures"] = ["grade", "statistic"]
    said = client.post(path.replace("/new/", "/preview/"), given, headers=HTMX).content.decode()
    assert "Hubei" in said or "42" in said
    assert client.post(path, given).status_code == 302
    road.nodes["centre"].call()
    rule, same = road.nodes["centre"].drafts(Policy)[-1].rules
    assert {kind: rule.clause(kind) for kind in kept} == kept
    assert rule.of(Window).days_from_contract == 7
    assert [(one.since, one.zone) for one in rule.of(Window).daily] == [(540, "Asia/Shanghai"), (0, "Europe/Berlin")]
    assert same == denial


@drawn(policies.rules())
def test_each_value_of_a_sentence_leads_to_a_field(rule: Rule):
    said = say_rule(rule, "en", AllAlike())
    assert {part.clause for part in said if part.clause} <= CLAUSE_FIELDS.keys()
    assert set(CLAUSE_FIELDS.values()) <= RuleForm.base_fields.keys()


def test_each_column_enters_as_its_field_says_and_in_words(road: Road):
    path = f"/capsules/policies/new/?dataset={published(road).id}"
    client = road.zone.client("centre", "steward")
    card = next(one.document for one in scoring_cards(road) if one.digest == road.models["bank-centre"])
    read = [one for one in card.features if one.domain == "profit_and_loss"]
    banded, rounded, masked, shut = (one.column for one in read[:4])
    chosen = {banded: "bands", rounded: "round 0.1", masked: "masked", shut: "shut"}
    given = filled(road, **{f"r1-column_{name}": choice for name, choice in chosen.items()})
    said = client.post(path.replace("/new/", "/preview/"), given, headers=HTMX).content.decode()
    assert "in bands from" in said
    assert "rounded to 0.1" in said
    assert "masked" in said
    assert client.post(path, given).status_code == 302
    road.nodes["centre"].call()
    (rule,) = road.nodes["centre"].drafts(Policy)[-1].rules
    columns = {one.name: one.transform for one in rule.of(Columns).columns}
    assert shut not in columns
    assert (columns[rounded], columns[masked]) == (Round(step="0.1"), Mask())
    edges = {float(one.below) for one in read[0].bins if one.below is not None}
    assert set(map(float, columns[banded].edges)) - edges == {-1000.0}
    with road.zone.tx(road.zone.member("centre", "steward")):
        values = rule_values(rule, domain="profit_and_loss")
    assert [values[f"column_{name}"] for name in chosen] == ["kept", "round 0.1", "masked", "shut"]


def test_the_scorecards_own_bands_earn_the_points_of_the_values_themselves(road: Road):
    card = next(one.document for one in scoring_cards(road) if one.digest == road.models["bank-centre"])
    for feature in card.features:
        found = next(one for one in domain(feature.domain).columns if one.name == feature.column)
        bands = bands_of(feature.column, domain_id=feature.domain, cards=[card])
        inner = [float(one.below) for one in feature.bins if one.below is not None]
        least, most = float(found.min), float(found.max)
        values = np.array([least, most, np.nan, *inner, *(np.nextafter(one, least) for one in inner)])
        alone = msgspec.structs.replace(card, features=(feature,))
        whole, banded = (
            points_of(alone, feature.domain, {feature.column: one}) for one in (values, changed(values, bands))
        )
        assert banded.tolist() == whole.tolist()
