"""A result becomes an input in the running zone: under what its sources permit together, wider only once every owner
has signed for it in its own node, and closed while one of its sources is."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest
import rfc8785

from creditzone.kernel import documents
from deploy.demonstration import agree, seal
from deploy.manifest import BANK
from deploy.officers.browser import Unexpected
from deploy.officers.person import Officer, until
from tests.live.conftest import LiveZone
from tests.live.test_the_main_road import BALANCE, OWNERS, PROFIT, opened, plain_grades, rows_of

pytestmark = [pytest.mark.faults, pytest.mark.timeout(420)]
CARDS = Path(__file__).resolve().parents[2] / "demo" / "scorecards"
JOINT = "joint_result"
FIRMS = 60
RANK = {
    "column": "grade_rank", "domain": JOINT, "label": "前次等级", "label_en": "Grade before", "reason": "F01",
    "direction": "up", "missing": 0, "mean_points": 0,
    "bins": [{"below": "4", "points": -20}, {"below": None, "points": 20}],
}  # fmt: skip


def second_card(live: LiveZone) -> str:
    """Register a scorecard that reads an earlier joint grade beside the centre's columns, as the zone's operator does
    with a folder of them; its digest."""
    whole = json.loads((CARDS / "bank-centre.json").read_text())
    measured = json.loads((CARDS / "bank-centre.model-card.json").read_text())
    features = [RANK, *(one for one in whole["features"] if one["domain"] == PROFIT)]
    names = {"id": "second-look", "name": "复评评分卡", "name_en": "Second look"}
    text = rfc8785.dumps(whole | names | {"domains": [JOINT, PROFIT], "features": features})
    digest = documents.digest_of(documents.parse(text, documents.Scorecard))
    bins = {f"{JOINT}.grade_rank": {"rows": [1, 1], "bads": [0, 0], "missing_rows": 0, "missing_bads": 0}}
    parts = [{**measured["parts"][0], "domain": JOINT}, *measured["parts"][1:]]
    model_card = measured | {"scorecard": "second-look", "digest": digest, "parts": parts}
    model_card["bins"] = {key: one for key, one in measured["bins"].items() if key.startswith(PROFIT)} | bins
    live.sql(
        "insert into scoring_scorecard (digest, card, version, name, name_en, domains, text, model_card, registered_at)"
        " values (%s, 'second-look', 1, %s, %s, %s, %s, %s, now()) on conflict do nothing",
        digest, names["name"], names["name_en"], [JOINT, PROFIT], text.decode(), json.dumps(model_card),
    )  # fmt: skip
    return digest


def table(live: LiveZone, domain: str, codes: list[str], folder: Path) -> Path:
    """The holder's rows of these firms."""
    rows = [rows_of(live, domain)[code] for code in codes]
    file = folder / f"{domain}.csv"
    with file.open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return file


def source(live: LiveZone, domain: str, file: Path, *, models: list[str], disclosures: list[str]) -> str:
    """Seal a holder's rows so that what is made of them may be an input once."""
    who = live.officers[OWNERS[domain]]
    rule = {
        "id": "r", "grantees": [BANK], "purposes": ["credit-risk"], "models": models, "engines": ["cheetah"],
        "disclosures": disclosures, "uses": 20, "days": 30, "generations": 1,
    }  # fmt: skip
    return seal(who, who.upload(file, domain=domain, title="再次使用的来源"), [rule])


def job_on(live: LiveZone, model: str, capsules: list[str], *disclosures: str) -> dict[str, Any]:
    """The bank drafts a job; raises Unexpected with the clause that the portal sees beforehand."""
    asked = {
        "title": "以结果为输入",
        "model": model,
        "purpose": "credit-risk/pre-loan",
        "disclosures": list(disclosures),
        "capsules": capsules,
    }
    drafted: dict[str, Any] = live.officers["officer"].call("POST", "/jobs/", asked)
    return drafted


def done(live: LiveZone, drafted: dict[str, Any]) -> dict[str, Any]:
    """Sign the job, wait for its end, open what came out."""
    live.officers["officer"].sign(drafted["digest"])
    ended = live.wait_end(drafted["id"])
    assert ended["state"] == "done", ended["reason_words"]
    result: dict[str, Any] = opened(live, drafted["id"])
    return result


def made_of(live: LiveZone, job: str) -> str:
    """The dataset that the bank's officer makes of an opened result."""
    officer = live.officers["officer"]
    page = officer.browser.get(f"{officer.node}/results/{job}/")
    page = officer.browser.post(page.form_action("/dataset/"), {}, page=page)
    return officer.wait_for_dataset(page.url.rstrip("/").rsplit("/", 1)[1])


def sealed_at(who: Officer, capsule: str, version: int) -> None:
    until(
        lambda: who.call("GET", f"/capsules/{capsule}/"),
        lambda seen: (seen["version"], seen["state"]) == (version, "sealed"),
        what=f"version {version} of the derived capsule",
    )


def ask(live: LiveZone, capsule: str, models: list[str]) -> dict[str, Any]:
    """The bank's steward asks every owner to let scores out too."""
    steward = live.officers["bank-steward"]
    steward.sign_in()
    page = steward.browser.get(f"{live.portal}/votes/on/{capsule}/ask/")
    given = {
        "open_days": "30", "r1-grantees": [BANK], "r1-purposes": ["credit-risk"], "r1-models": models,
        "r1-disclosures": ["grade", "score"], "r1-days": "29", "r1-uses": "20",
    }  # fmt: skip
    page = steward.browser.post(page.url, given, page=page)
    assert page.status == 200, page.text[:300]
    return vote_of(steward, capsule)


def vote_of(steward: Officer, capsule: str) -> dict[str, Any]:
    found = steward.call("GET", "/votes/")["results"]
    return next(one for one in found if one["capsule"] == capsule)


@pytest.fixture(scope="module")
def sources(live: LiveZone, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A capsule of the bank's, which lets grades out, and one of the centre's, which lets scores out too."""
    folder, models = tmp_path_factory.mktemp("sources"), [live.card(BALANCE, PROFIT)["digest"], second_card(live)]
    codes = sorted(plain_grades(live, BALANCE, PROFIT))[:FIRMS]
    allowed = {BALANCE: ["grade"], PROFIT: ["grade", "score"]}
    made = {
        domain: source(live, domain, table(live, domain, codes, folder), models=models, disclosures=disclosures)
        for domain, disclosures in allowed.items()
    }
    offer = {"capsule": made[PROFIT], "consumer": BANK, "purpose": "credit-risk/pre-loan", "price_fen": 0, "days": 30}
    agree(live.officers["steward"], live.officers["officer"], offer)
    return {**made, "card": models[0], "second": models[1]}


@pytest.fixture(scope="module")
def derived(live: LiveZone, sources: dict[str, str]) -> str:
    """A capsule made of a job's result, under what both sources permit."""
    drafted = job_on(live, sources["card"], [sources[BALANCE], sources[PROFIT]], "grade")
    assert len(done(live, drafted)["rows"]) == FIRMS
    dataset, steward = made_of(live, drafted["id"]), live.officers["bank-steward"]
    until(
        lambda: {one["id"] for one in steward.call("GET", "/datasets/")["results"]},
        lambda known: dataset in known,
        what="the derived dataset at the portal",
    )
    draft = steward.call("POST", "/policies/", {"dataset": dataset})
    steward.sign(draft["digest"])
    sealed_at(steward, draft["capsule"], 1)
    return str(draft["capsule"])


def test_scores_come_out_once_every_owner_signed_for_them_and_not_before(live, sources, derived):
    steward, inputs = live.officers["bank-steward"], [derived, sources[PROFIT]]
    with pytest.raises(Unexpected, match="disclosure"):
        job_on(live, sources["second"], inputs, "score")
    vote = ask(live, derived, [sources["card"], sources["second"]])
    assert len(vote["missing"]) == 2
    steward.sign(vote["digest"])
    until(lambda: vote_of(steward, derived), lambda seen: len(seen["missing"]) == 1, what="the bank's own signature")
    with pytest.raises(Unexpected, match="422"):
        steward.call("POST", f"/votes/{vote['id']}/policy/")
    live.officers["steward"].sign(vote["digest"])
    until(lambda: vote_of(steward, derived)["state"], lambda state: state == "agreed", what="the vote of both owners")
    draft = steward.call("POST", f"/votes/{vote['id']}/policy/")
    steward.sign(draft["digest"])
    sealed_at(steward, derived, 2)
    result = done(live, job_on(live, sources["second"], inputs, "score"))
    assert len([row for row in result["rows"] if row["score"] is not None]) == FIRMS


def test_it_is_frozen_while_one_of_its_sources_is(live, sources, derived):
    steward, inputs = live.officers["bank-steward"], [derived, sources[PROFIT]]
    waiting = job_on(live, sources["second"], inputs, "grade")
    steward.act_on_capsule(sources[BALANCE], "freeze", reason="核查数据来源")
    try:
        live.officers["officer"].sign(waiting["digest"])
        ended = live.wait_end(waiting["id"])
        assert (ended["state"], ended["reason"]) == ("refused", "source-frozen"), ended
        with pytest.raises(Unexpected, match="source-frozen"):
            job_on(live, sources["second"], inputs, "grade")
    finally:
        steward.act_on_capsule(sources[BALANCE], "resume", reason="核查完毕")
    until(
        lambda: steward.call("GET", f"/capsules/{sources[BALANCE]}/")["state"],
        lambda state: state == "sealed",
        what="the source to be open again",
    )
