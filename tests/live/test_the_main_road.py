"""Organisations grade real firms together in the running zone, and what comes out is what plain arithmetic gives."""

import csv
from collections import Counter
from datetime import UTC, date, datetime
from functools import cache

import numpy as np
import pytest
import rfc8785

from creditzone.kernel import documents
from creditzone.kernel.credit import scorecard as points
from deploy.manifest import FIRM
from deploy.officers.person import until

BALANCE, PROFIT, TURNOVER = "balance_sheet", "profit_and_loss", "turnover"


OWNERS = {BALANCE: "bank-steward", PROFIT: "steward", TURNOVER: "merchant"}


@cache
def quarantined(person, dataset):
    """The numbers of the rows in quarantine, as their owner reads them at its node."""
    person.enter_node("/")
    answer = person.browser.get(f"{person.node}/datasets/{dataset}/quarantine.csv")
    assert answer.status == 200
    return {int(row[0]) for row in list(csv.reader(answer.text.lstrip("\ufeff").splitlines()))[1:]}


@cache
def rows_of(live, domain):
    """What a holder sealed, by code: only the tests may put the rows of three owners side by side."""
    out = quarantined(live.officers[OWNERS[domain]], live.notes["datasets"][domain])
    with (live.home / "demonstration" / f"{domain}.csv").open(encoding="utf-8") as file:
        rows = enumerate(csv.DictReader(file), start=1)
        return {row["uscc"]: row for number, row in rows if number not in out}


def plain_grades(live, *domains):
    """Grades by plain arithmetic over everybody's rows: firms that all hold, with a live authorisation."""
    card = documents.parse_any(
        rfc8785.dumps(live.officers["officer"].call("GET", f"/scorecards/{live.card(*domains)['digest']}/")["document"])
    )
    files = {domain: rows_of(live, domain) for domain in domains}
    common = sorted(set.intersection(*(set(rows) for rows in files.values())))
    if BALANCE in domains:
        today = datetime.now(UTC).date()
        common = [code for code in common if _live(files[BALANCE][code], today)]
    total = np.full(len(common), card.base)
    for domain in domains:
        columns = {
            feature.column: np.array([_number(files[domain][code][feature.column]) for code in common])
            for feature in card.features
            if feature.domain == domain
        }
        total = total + points.points_of(card, domain, columns).sum(axis=1)
    bands = np.searchsorted(np.array(card.cuts), total, side="right")
    return dict(zip(common, (card.grades[band] for band in bands), strict=True))


def _live(row, today):
    return bool(row["authorisation_no"]) and date.fromisoformat(row["authorisation_expiry"]) >= today


def _number(text):
    return float(text) if text else float("nan")


def opened(live, job, *, person="officer", passphrase=None):
    """Open a result at the recipient's node, as its page does, and read it by the node's API."""
    who = live.officers[person]
    who.enter_node("/results/")
    page = until(
        lambda: who.browser.get(f"{who.node}/results/{job}/"),
        lambda seen: "/open/" in seen.text,
        what="the sealed result at its recipient's node",
    )
    who.browser.post(page.form_action("/open/"), {"passphrase": passphrase} if passphrase else {}, page=page)
    answer = who.browser.get(f"{who.node}/api/v1/results/{job}/")
    assert answer.status == 200, answer.text[:300]
    return answer.json()


@pytest.mark.parametrize(("domains", "engine"), [((BALANCE, PROFIT), "cheetah"), ((BALANCE, PROFIT, TURNOVER), "aby3")])
def test_joint_grades_equal_plain_ones_on_every_row(live, domains, engine):
    job = live.submit(*domains, title=f"逐行核对 {engine}")
    ended = live.wait_end(job)
    assert (ended["state"], ended["engine"]) == ("done", engine), ended["reason_words"]
    result = opened(live, job)
    plain = plain_grades(live, *domains)
    joint = {row["uscc"]: row["grade"] for row in result["rows"]}
    assert joint.keys() == plain.keys()
    assert joint == plain
    assert len(joint) > 500
    assert len(Counter(joint.values())) > 3


def test_every_lane_comes_from_a_receipt_that_verifies_and_claims_no_more_than_the_protocol(live):
    job = live.notes["job"]
    lanes = {lane["party"]: lane for lane in live.job(job)["lanes"]}
    receipts = live.officers["officer"].call("GET", f"/jobs/{job}/receipts/")["results"]
    assert len(receipts) == 3
    assert all(receipt["is_valid"] for receipt in receipts)
    parsed = [documents.parse(receipt["text"].encode(), documents.Receipt) for receipt in receipts]
    assert len({one.agreement for one in parsed}) == 1
    assert len({one.request for one in parsed}) == 1
    bank = live.user("officer")["organisation"]
    for lane in lanes.values():
        assert lane["is_valid"]
        learned = {one["what"] for one in lane["learned"]}
        if lane["party"] == bank:
            assert "grades" in learned
            assert not learned & {"scores"}
        else:
            assert "own-firms-asked" in learned
            assert not learned & {"grades", "scores", "decisions"}


def test_a_firm_asks_about_itself_and_only_its_hosted_node_reads_the_answer(live):
    firm = live.officers["owner"]
    job = firm.call("POST", "/enquiries/", {})
    firm.sign(job["authorisation_digest"])
    ended = until(
        lambda: firm.call("GET", f"/jobs/{job['id']}/"),
        lambda seen: seen["state"] not in {"drafted", "queued", "offered", "running"},
        what="the firm's enquiry",
        seconds=150,
    )
    assert ended["state"] == "done", ended["reason_words"]
    result = opened(live, job["id"], person="owner", passphrase=firm.passphrase)
    plain = plain_grades(live, PROFIT, TURNOVER)
    assert [(row["uscc"], row["grade"]) for row in result["rows"]] == [(FIRM, plain[FIRM])]
    stranger = live.officers["officer"].browser.request(
        "GET",
        f"{live.portal}/api/v1/jobs/{job['id']}/",
        headers={"Authorization": f"Bearer {live.user('officer')['token']}", "Accept": "application/json"},
    )
    assert stranger.status == 404


def test_a_stranger_to_a_job_is_told_that_there_is_none(live):
    for username in ("owner",):
        token = live.user(username)["token"]
        page = live.officers[username].browser.request(
            "GET",
            f"{live.portal}/api/v1/jobs/{live.notes['job']}/",
            headers={"Authorization": f"Bearer {token}", "Accept": "application/json"},
        )
        assert page.status == 404


def test_the_regulator_sees_every_job_and_its_receipts(live):
    seen = live.officers["regulator"].call("GET", f"/jobs/{live.notes['job']}/receipts/")["results"]
    assert len(seen) == 3
