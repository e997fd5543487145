"""The policy form answers for one proposed job: whether it would pass, else where, by which clause, and why."""

import json
import re
from datetime import timedelta
from typing import Any

import pytest

from apps.capsules.models import Capsule
from apps.compute.models import Job
from apps.core import clock
from apps.core.tenancy import tenant_tx
from apps.datasets.models import Dataset
from creditzone.kernel.policy.constraints.base import Scope
from creditzone.kernel.policy.constraints.payment import Payment
from creditzone.kernel.policy.constraints.place import Place
from creditzone.kernel.policy.scopes import say_scope
from tests.capsules.test_a_policy_is_written_as_fields_and_read_as_a_sentence import HTMX, count, filled, published
from tests.governance.rules import signed_rules
from tests.road import Road

CONTRACT, ADMISSION, OPENING, RELEASE = (say_scope(scope, "en") for scope in Scope)
ANSWER = {**HTMX, "hx-target": "policy-trial-answer"}


def asked(road: Road, **changes: Any) -> dict[str, Any]:
    """The form of rules that permits a bank's job, and that job; keys with an underscore are the job's."""
    job = {
        "try-grantee": road.zone["bank"].uscc,
        "try-purpose": "credit-risk/pre-loan",
        "try-model": road.models["bank-centre"],
        "try-disclosures": ["grade"],
        "try-firms": "100",
        "try-evidence": "declared",
        "try": "1",
    }
    return {**filled(road), **job, **{name.replace("_", "-", 1): value for name, value in changes.items()}}


def path_of(road: Road, of: Capsule | None = None) -> str:
    """The trial of a capsule's next policy, else of the one dataset's first, published when it is first asked for."""
    if of is not None:
        return f"/capsules/policies/trial/?capsule={of.id}"
    with tenant_tx(None, role="exchange"):
        dataset = Dataset.objects.first()
    return f"/capsules/policies/trial/?dataset={(dataset or published(road)).id}"


def tried(road: Road, *, of: Capsule | None = None, status: int = 200, **changes: Any) -> str:
    client = road.zone.client("centre", "steward")
    answer = client.post(path_of(road, of), asked(road, **changes), headers=HTMX)
    assert answer.status_code == status
    return answer.content.decode()


def refused(body: str) -> tuple[str, str]:
    """At which point, and by which clause."""
    point = re.search(r"<b>Refused: ([^<]+)</b>", body)
    clause = re.search(r'<small class="mono">([^<]+)</small>', body)
    assert point is not None
    assert clause is not None
    return point[1], clause[1]


def outcomes(body: str) -> list[tuple[str, str]]:
    return re.findall(r'<li><span>([^<]+)</span> <span class="badge [a-z]*">([^<]+)</span></li>', body)


def tomorrow_noon() -> str:
    return f"{clock.now() + timedelta(days=1):%Y-%m-%d}T12:00"


def test_a_job_within_the_policy_passes_at_every_point_and_nothing_is_kept(road: Road):
    body = tried(road)
    assert "Allowed: Rule 1 permits it to the end." in body
    assert outcomes(body) == [(point, "passes") for point in (CONTRACT, ADMISSION, OPENING, RELEASE)]
    assert count() == 0


STATISTIC = {
    "r1_disclosures": ["statistic"], "r1_minimum_group": "20", "try_disclosures": ["statistic"],
    "try_minimum_group": "20",
}  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "point", "clause"),
    [
        ({"r1_grantees": ["subject"]}, CONTRACT, "grantee"),
        ({"try_purpose": "credit-risk/post-loan"}, CONTRACT, "purpose"),
        ({"try_at": "2099-01-01T12:00"}, CONTRACT, "validity"),
        ({"try_model": "bank-centre-platform"}, ADMISSION, "model"),
        ({"try_model": "bank-centre-platform", "r1_models": "bank-centre-platform"}, ADMISSION, "engine"),
        ({"try_disclosures": ["grade", "score"]}, ADMISSION, "disclosure"),
        ({"r1_evidence": "signed"}, ADMISSION, "consent"),
        ({"r1_opens": "08:00", "r1_closes": "09:00", "try_at": "tomorrow"}, ADMISSION, "daily-window"),
        (
            {"r1_disclosures": ["decision"], "r1_decision_band": "3", "try_disclosures": ["decision"]}
            | {"try_decision_band": "2"},
            ADMISSION,
            "decision-band",
        ),
        (STATISTIC | {"try_minimum_group": "10"}, ADMISSION, "minimum-group"),
        ({"try_used": "40"}, OPENING, "uses"),
        ({"r1_per_day": "2", "try_used": "2", "try_used_today": "2"}, OPENING, "uses-a-day"),
        ({"r1_max_rows": "99"}, RELEASE, "max-rows"),
        ({"r1_rows_per_day": "99"}, RELEASE, "rows-a-day"),
        (STATISTIC | {"try_firms": "19"}, RELEASE, "minimum-group"),
    ],
)
def test_each_clause_refuses_at_its_point_and_says_so(road: Road, changes: dict[str, Any], point: str, clause: str):
    given = {
        name: road.models.get(value, value) if isinstance(value, str) else value for name, value in changes.items()
    }
    if given.get("try_at") == "tomorrow":
        given["try_at"] = tomorrow_noon()
    body = tried(road, **given)
    assert refused(body) == (point, clause)
    points = dict(outcomes(body))
    assert points[point] == "refused here"
    after = [CONTRACT, ADMISSION, OPENING, RELEASE]
    assert all(points[one] == "not reached" for one in after[after.index(point) + 1 :])
    assert all(points[one] == "passes" for one in after[: after.index(point)])
    assert count() == 0


def test_a_job_at_the_edge_of_each_limit_still_passes(road: Road):
    edge = {"r1_max_rows": "100", "r1_rows_per_day": "100", "r1_per_day": "2", "try_used": "39", "try_used_today": "1"}
    assert "Allowed" in tried(road, **edge)
    assert "Allowed" in tried(road, **(STATISTIC | {"try_firms": "20"}))


def test_a_refusal_teaches_what_it_read_what_the_rule_says_and_where_to_change_it(road: Road):
    body = tried(road, try_purpose="credit-risk/post-loan")
    assert "The policy does not allow the purpose credit risk › after lending." in body
    assert '<span class="muted">Purpose</span> credit risk › after lending' in body
    assert "for credit risk › before lending" in body
    assert "Ask for an allowed purpose." in body
    assert 'Rule 1 › <a class="to-field" href="#id_r1-purposes">Purposes</a>' in body
    named = tried(road, try_grantee=road.zone["other_bank"].uscc)
    assert f'<span class="muted">User</span> {road.zone["other_bank"].name_en}' in named
    assert road.zone["other_bank"].uscc not in named.split("policy-trial-answer")[1]


def test_of_several_rules_the_one_that_came_furthest_is_named(road: Road):
    second = {
        name.replace("r1-", "r2-"): value for name, value in filled(road).items() if name.startswith("r1-")
    }  # fmt: skip
    rules = second | {"r2-id": "second", "r2-purposes": ["self-enquiry"], "r1-max_rows": "10", "count": "2"}
    client = road.zone.client("centre", "steward")
    body = client.post(path_of(road), asked(road) | rules, headers=HTMX).content.decode()
    assert refused(body) == (RELEASE, "max-rows")
    rules |= {"r2-purposes": ["credit-risk"], "r1-purposes": ["self-enquiry"]}
    body = client.post(path_of(road), asked(road) | rules, headers=HTMX).content.decode()
    assert "Allowed: Rule 2 permits it to the end." in body


def test_below_a_floor_no_node_signs_it_and_no_job_comes_to_it(road: Road):
    signed_rules(road)
    body = tried(road, r1_uses="101")
    assert "no node would sign it" in body
    assert "the zone allows 100 at most" in body
    assert outcomes(body)[0] == ("Your node, before it signs", "refused here")
    assert {word for _point, word in outcomes(body)[1:]} == {"not reached"}
    assert "Allowed" in tried(road, r1_uses="100")


def test_an_unfinished_policy_answers_as_it_stands(road: Road):
    assert refused(tried(road, r1_grantees=[])) == (CONTRACT, "grantee")
    assert refused(tried(road, r1_days="")) == (CONTRACT, "validity")


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("grantee", {"try_grantee": ""}),
        ("grantee", {"try_grantee": "nonsense"}),
        ("purpose", {"try_purpose": "marketing"}),
        ("model", {"try_model": "sm3:" + "0" * 64}),
        ("disclosures", {"try_disclosures": []}),
        ("disclosures", {"try_disclosures": ["statistic", "grade"], "try_minimum_group": "10"}),
        ("disclosures", {"try_disclosures": ["statistic"], "try_minimum_group": "10", "try_grantee": "subject"}),
        ("minimum_group", {"try_disclosures": ["statistic"]}),
        ("decision_band", {"try_disclosures": ["decision"]}),
        ("engine", {"try_engine": "aby3"}),
        ("firms", {"try_firms": ""}),
        ("firms", {"try_firms": "0"}),
        ("firms", {"try_firms": "many"}),
        ("at", {"try_at": "some day"}),
        ("used", {"try_used": "-1"}),
        ("used_today", {"try_used": "1", "try_used_today": "2"}),
    ],
)
def test_what_is_wrong_stands_at_its_field_and_is_not_answered(road: Road, field: str, changes: dict[str, Any]):
    body = tried(road, status=422, **changes)
    assert f'id="id_try-{field}_error"' in body
    assert body.count('class="err"') == 1
    assert outcomes(body) == []


def test_the_answer_follows_the_form_without_the_fields_moving(road: Road):
    client = road.zone.client("centre", "steward")
    path = path_of(road)
    body = client.post(path, asked(road), headers=ANSWER).content.decode()
    assert "Allowed" in body
    assert "<input" not in body
    wrong = client.post(path, asked(road, try_firms=""), headers=ANSWER)
    assert wrong.status_code == 200
    assert "<b>Firms that match</b> Say how many firms would match." in wrong.content.decode()


def test_a_firm_that_asks_about_itself_needs_no_contract(road: Road):
    own = {
        "r1_grantees": ["subject"], "r1_purposes": ["self-enquiry"], "try_grantee": "subject",
        "try_purpose": "self-enquiry", "r1_max_rows": "1",
    }  # fmt: skip
    body = tried(road, **own)
    assert "Allowed" in body
    assert outcomes(body)[0] == (CONTRACT, "not needed")
    stranger = tried(road, **(own | {"r1_grantees": [road.zone["bank"].uscc]}))
    assert refused(stranger) == (ADMISSION, "grantee")
    assert '<span class="muted">User</span> the firm itself' in stranger


def test_ones_own_job_needs_no_contract(road: Road):
    me = road.zone["centre"].uscc
    body = tried(road, r1_grantees=[me], try_grantee=me)
    assert outcomes(body)[0] == (CONTRACT, "not needed")
    assert "Allowed" in body


def test_region_and_price_are_asked_where_a_rule_reads_them(road: Road):
    assert "id_try-price" not in tried(road)
    more = (Place(divisions=("33",)), Payment(least_fen=50))
    capsule = road.sealed("centre", rules=[road.rule("bank", "subject", id="credit-risk", more=more)])
    assert 'id="id_try-price_error"' in tried(road, of=capsule, status=422)
    assert refused(tried(road, of=capsule, try_price="0.49")) == (CONTRACT, "price")
    assert "Allowed" in tried(road, of=capsule, try_price="0.50")
    own = {"r1_grantees": ["subject"], "r1_purposes": ["self-enquiry"], "try_grantee": "subject"}
    own |= {"try_purpose": "self-enquiry"}
    assert 'id="id_try-firm_error"' in tried(road, of=capsule, status=422, **own)
    assert "Allowed" in tried(road, of=capsule, try_firm=road.zone["firm"].uscc, **own)
    elsewhere = "42" + road.zone["firm"].uscc[4:]
    assert refused(tried(road, of=capsule, try_firm=f"91{elsewhere}", **own)) == (ADMISSION, "place")


def test_a_job_that_waits_is_a_ready_choice_until_it_has_begun(road: Road):
    capsules = road.ready("centre")
    own = next(one for one in capsules if one.domain == "profit_and_loss")
    job = road.drafted(capsules, title="春季名单")
    client = road.zone.client("centre", "steward")
    page = client.get(f"/capsules/policies/new/?capsule={own.id}").content.decode()
    choice = f'name="take" value="{job.id}"'
    assert choice in page
    assert f"春季名单 · {road.zone['bank'].name_en}" in page
    rules = {"r1_id": "r1", "r1_models": list(road.models.values())}
    taken = {name: "" for name in asked(road) if name.startswith("try")} | {"take": str(job.id)}
    given = {name: value for name, value in (asked(road, **rules) | taken).items() if name != "try"}
    body = client.post(path_of(road, own), given, headers=HTMX).content.decode()
    assert "Allowed" in body
    assert f'value="{road.zone["bank"].uscc}" selected' in body
    strict = given | {"r1-purposes": ["self-enquiry"]}
    assert refused(client.post(path_of(road, own), strict, headers=HTMX).content.decode()) == (CONTRACT, "purpose")
    other = road.sealed("centre")
    assert choice not in client.get(f"/capsules/policies/new/?capsule={other.id}").content.decode()
    assert "waits no longer" in client.post(path_of(road, other), given, headers=HTMX).content.decode()
    with tenant_tx(None, role="exchange"):
        job.move(to=Job.State.CANCELLED)
    assert choice not in client.get(f"/capsules/policies/new/?capsule={own.id}").content.decode()


def test_without_script_the_page_answers_and_loses_nothing(road: Road):
    path = path_of(road).replace("trial", "new")
    client = road.zone.client("centre", "steward")
    answer = client.post(path, asked(road, r1_uses="41", try_purpose="credit-risk/post-loan"))
    body = answer.content.decode()
    assert answer.status_code == 200
    assert refused(body) == (CONTRACT, "purpose")
    assert 'value="41"' in body
    assert '<option value="credit-risk/post-loan" selected>' in body
    assert count() == 0
    pressed = {name: value for name, value in asked(road, try_firms="77").items() if name != "try"}
    added = client.post(path, pressed | {"add": "1"}).content.decode()
    assert "id_r2-grantees" in added
    assert 'value="77"' in added


@pytest.mark.parametrize(
    ("place", "role", "status"),
    [("centre", "owner", 200), ("centre", "viewer", 403), ("centre", "officer", 403), ("bank", "steward", 404)],
)
@pytest.mark.parametrize("name", ["trial/", "export.json"])
def test_only_the_owners_stewards_try_it_or_take_it_along(road: Road, place: str, role: str, status: int, name: str):
    path = path_of(road).replace("trial/", name)
    assert road.zone.client(place, role).post(path, asked(road)).status_code == status
    assert road.zone.client(place, role).get(path).status_code == 405


def test_the_documents_stand_beside_each_other_and_are_files_too(road: Road):
    path = path_of(road)
    client = road.zone.client("centre", "steward")
    page = client.get(path.replace("trial", "new")).content.decode()
    assert page.index('id="policy-json"') < page.index('id="policy-odrl"')
    live = client.post(path.replace("trial", "preview"), filled(road), headers=HTMX).content.decode()
    assert '<pre id="policy-json" hx-swap-oob="innerHTML">' in live
    given = client.post(path.replace("trial/", "export.json"), filled(road))
    assert re.fullmatch(r'attachment; filename="policy-[0-9a-f-]{36}-v1\.json"', given["content-disposition"])
    document = json.loads(given.content)
    assert [rule["id"] for rule in document["rules"]] == ["credit-risk"]
    assert document["type"] == "policy"
    odrl = json.loads(client.post(path.replace("trial/", "export.odrl"), filled(road)).content)
    assert odrl["permission"][0]["uid"] == "credit-risk"
    assert client.post(path.replace("trial/", "export.xml"), filled(road)).status_code == 404
    assert count() == 0
