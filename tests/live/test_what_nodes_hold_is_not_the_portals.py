"""A contract's state, a rule's count and a capsule's body are the node's own: what the portal's operator writes over
them, and what somebody moves about on the node's disk, lets nothing more out."""

import csv
import json
import sqlite3

import psycopg.types.json
import pytest

from deploy.demonstration import rules_for, seal
from deploy.manifest import BANK, ORGANISATIONS
from deploy.officers.person import until
from tests.live.conftest import LiveZone
from tests.live.test_a_job_ends_once_whatever_dies import BALANCE, PROFIT, spent
from tests.live.test_the_main_road import opened

pytestmark = pytest.mark.faults
FIRMS, TWICE = 300, 5


def ask(live: LiveZone, capsule: str, *, title: str) -> dict:
    """The bank's job over this list of its own and the centre's capsule, to its end."""
    bank = live.officers["officer"]
    asked = {
        "title": title,
        "model": live.card(BALANCE, PROFIT)["digest"],
        "purpose": "credit-risk/pre-loan",
        "disclosures": ["grade"],
        "capsules": [capsule, live.notes["capsules"][PROFIT]],
    }
    drafted = bank.call("POST", "/jobs/", asked)
    bank.sign(drafted["digest"])
    return live.wait_end(drafted["id"])


def said(live: LiveZone, job: str) -> str:
    """The job's page as the bank's officer reads it."""
    who = live.officers["officer"]
    who.sign_in()
    return who.browser.get(f"{live.portal}/jobs/{job}/").text


def test_a_contract_that_its_provider_suspended_stays_so_whatever_the_portal_writes(live):
    """Suspended after the bank signed its request: from then on the bank's own node would not sign another."""
    contract, before = live.notes["contracts"][PROFIT], spent(live, "centre")
    live.control("stop", "coordinator")
    try:
        job = live.submit(BALANCE, PROFIT, title="被暂停的合约")
        live.wait_job(job, lambda seen: seen["state"] == "queued")
        act(live, contract, "suspend")
        live.sql("update contracts_contract set state = 'active' where id = %s", contract)
        live.control("start", "coordinator")
        live.wait_running("coordinator")
        end = live.wait_end(job)
    finally:
        live.control("start", "coordinator")
        live.sql("update contracts_contract set state = 'suspended' where id = %s", contract)
        act(live, contract, "resume")
    assert (end["state"], end["reason"]) == ("refused", "contract-state")
    page = said(live, job)
    assert "contract-state" in page
    assert end["reason_words"]["zh"] in page
    assert spent(live, "centre") == before


def act(live: LiveZone, contract: str, what: str) -> None:
    """The centre's steward suspends or resumes the contract with the bank, in the centre's node."""
    who = live.officers["steward"]
    digest = who.call("GET", f"/contracts/{contract}/")["digest"]
    values = {"reason": "试验", "name": next(one["name"] for one in ORGANISATIONS if one["uscc"] == BANK)}
    who.bind(f"/contracts/{digest}/{what}/", values)
    until(
        lambda: who.call("GET", f"/contracts/{contract}/")["state"],
        lambda state: state == {"suspend": "suspended", "resume": "active"}[what],
        what=f"the portal to hear of {what}",
    )


@pytest.fixture(scope="module")
def listed(live, tmp_path_factory):
    """A list in which some firms stand twice, sealed in the bank's node for one use: its capsule, codes, measures."""
    with (live.home / "demonstration" / f"{BALANCE}.csv").open(newline="", encoding="utf-8") as source:
        head, *rows = csv.reader(source)
    lasting = [row for row in rows if row[head.index("authorisation_no")]][:FIRMS]
    file = tmp_path_factory.mktemp("list") / "list.csv"
    with file.open("w", newline="", encoding="utf-8") as target:
        csv.writer(target, lineterminator="\n").writerows([head, *lasting, *lasting[:TWICE]])
    who = live.officers["bank-steward"]
    dataset = who.upload(file, domain=BALANCE, title="重复的名单")
    cards = {one["id"]: one["digest"] for one in who.call("GET", "/scorecards/")["results"]}
    capsule = seal(who, dataset, [rule | {"uses": 1} for rule in rules_for("bank-steward", cards)])
    return capsule, {row[0] for row in lasting}, who._expect(200, "GET", f"/api/v1/datasets/{dataset}/")


def test_a_list_with_repeated_codes_is_graded_once_a_firm_and_its_one_use_stays_spent(live, listed):
    """Then the operator raises the count in its own copy of the policy and forgets the job that used it up."""
    capsule, codes, measured = listed
    assert measured["rows"] == FIRMS + TWICE
    assert measured["quarantined"] >= TWICE
    first = ask(live, capsule, title="重复的名单")
    assert first["state"] == "done", first["reason_words"]
    graded = [row["uscc"] for row in opened(live, first["id"])["rows"]]
    assert graded
    assert len(graded) == len(set(graded))
    assert set(graded) <= codes
    [(policy,)] = live.sql("select policy from capsules_capsuleversion where capsule_id = %s", capsule)
    loose = policy | {"text": policy["text"].replace('"total":1}', '"total":1000}')}
    assert json.loads(loose["text"]) != json.loads(policy["text"])
    before = spent(live, "bank"), spent(live, "centre")
    live.sql(
        "update capsules_capsuleversion set policy = %s where capsule_id = %s", psycopg.types.json.Jsonb(loose), capsule
    )
    live.sql("update compute_job set started_at = null where id = %s", first["id"])
    second = ask(live, capsule, title="再用一次")
    assert (second["state"], second["reason"]) == ("refused", "uses")
    assert "uses" in said(live, second["id"])
    assert (spent(live, "bank"), spent(live, "centre")) == before


def test_bodies_of_two_capsules_of_one_node_that_change_places_do_not_open(live, listed):
    mine, other = live.notes["capsules"][BALANCE], listed[0]
    before = spent(live, "bank")
    swap(live, mine, other)
    try:
        end = ask(live, mine, title="对调的胶囊")
    finally:
        swap(live, mine, other)
    assert (end["state"], end["reason"]) == ("failed", "capsule-damaged"), end["reason_words"]
    assert spent(live, "bank") == before
    assert ask(live, mine, title="各归其位")["state"] == "done"


def swap(live: LiveZone, one: str, other: str) -> None:
    """Each of the two capsules' files in the bank's node gets the other's name."""
    folder = live.home / "nodes" / "bank" / "bodies"
    mine, others = (body_of(live, "bank", capsule) for capsule in (one, other))
    pairs = [(path, folder / path.name.replace(mine, others)) for path in folder.glob(f"{mine}.*")]
    assert pairs
    for left, right in pairs:
        aside = left.with_suffix(".aside")
        left.rename(aside)
        right.rename(left)
        aside.rename(right)


def body_of(live: LiveZone, node: str, capsule: str) -> str:
    """The id under which a capsule's body lies in its node."""
    store = live.home / "nodes" / node / "store.sqlite3"
    with sqlite3.connect(f"file:{store}?mode=ro", uri=True) as connection:
        [(header,)] = connection.execute("SELECT header FROM capsule WHERE id = ?", [capsule]).fetchall()
    return str(json.loads(json.loads(header)["text"])["body"])
