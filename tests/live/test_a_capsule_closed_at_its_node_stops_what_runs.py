"""A provider closes a capsule in the running zone: what runs on it stops at once, in the intersection and in the joint
grading, with the clause; resumed, it serves again; revoked, it is certified; destroyed, nothing of it is left."""

import csv
import re
import sqlite3
from contextlib import closing

import pytest

from creditzone.kernel.credit.uscc import check_digit
from creditzone.kernel.domain import domain
from deploy.demonstration import agree, seal
from deploy.manifest import BANK
from deploy.officers.browser import Unexpected
from deploy.officers.person import until
from tests.live.conftest import LiveZone
from tests.live.test_a_job_ends_once_whatever_dies import BALANCE, PROFIT, started

pytestmark = pytest.mark.faults


def rows(live: LiveZone, node: str, query: str, *values: object) -> list[sqlite3.Row]:
    """What a node's own store says."""
    store = live.home / "nodes" / node / "store.sqlite3"
    with closing(sqlite3.connect(f"file:{store}?mode=ro", uri=True)) as connection:
        connection.row_factory = sqlite3.Row
        return connection.execute(query, values).fetchall()


def lease_ms(live: LiveZone) -> int:
    """The zone's lease, as its processes were told."""
    text = (live.home / "run" / "supervisord.conf").read_text()
    return 1000 * int(re.search(r'CREDITZONE_LEASE_SECONDS="?(\d+)', text)[1])  # type: ignore[index]


def stands(live: LiveZone, capsule: str, state: str) -> None:
    until(
        lambda: live.sql("select state from capsules_capsule where id = %s", capsule),
        lambda found: found == [(state,)],
        what=f"the capsule to be {state} at the portal",
    )


@pytest.mark.parametrize("stage", ["intersect", "grade"])
def test_a_running_job_stops_at_its_provider_within_a_third_of_a_lease(live: LiveZone, stage: str):
    capsule, steward = live.notes["capsules"][PROFIT], live.officers["steward"]
    steward.enter_node("/capsules/")
    job = live.submit(BALANCE, PROFIT, title=f"冻结于 {stage}")
    live.wait_job(job, started(stage))
    steward.act_on_capsule(capsule, "freeze", reason="核查数据来源")
    try:
        ended = live.wait_end(job)
        assert (ended["state"], ended["reason"]) == ("failed", "capsule-frozen"), ended
        (act,) = rows(live, "centre", "SELECT at FROM capsule_act WHERE capsule = ? ORDER BY at DESC LIMIT 1", capsule)
        (attempt,) = until(
            lambda: rows(live, "centre", "SELECT * FROM attempt WHERE job = ? AND state = 'failed'", job),
            bool,
            what="the attempt to end at the provider",
        )
        assert attempt["reason"] == "capsule-frozen"
        assert 0 <= attempt["changed_at"] - act["at"] <= lease_ms(live) / 3
        until(
            lambda: rows(live, "bank", "SELECT 1 FROM attempt WHERE job = ? AND state = 'failed'", job),
            bool,
            what="the attempt to end at the recipient",
        )
        stands(live, capsule, "frozen")
        for node in ("centre", "bank"):
            until(
                lambda node=node: rows(live, node, "SELECT 1 FROM contract WHERE state = 'suspended'"),
                bool,
                what=f"the contract to be suspended at {node}",
            )
    finally:
        steward.act_on_capsule(capsule, "resume", reason="核查完毕")
    stands(live, capsule, "sealed")
    until(
        lambda: rows(live, "bank", "SELECT 1 FROM contract WHERE state = 'suspended'"),
        lambda left: not left,
        what="the contract to be in force again at the bank",
    )
    again = live.wait_end(live.submit(BALANCE, PROFIT, title="解冻之后"))
    assert again["state"] == "done", again["reason_words"]


@pytest.mark.parametrize("stage", ["intersect", "grade"])
def test_a_job_on_a_revoked_capsule_stops_as_soon_and_both_sides_get_the_certificate(live: LiveZone, stage: str):
    steward, title = live.officers["steward"], f"待吊销 {stage}"
    dataset = steward.upload(live.home / "demonstration" / f"{PROFIT}.csv", domain=PROFIT, title=title)
    rule = {
        "id": "r1",
        "grantees": [BANK],
        "purposes": ["credit-risk"],
        "models": [live.card(BALANCE, PROFIT)["digest"]],
        "engines": ["cheetah"],
        "disclosures": ["grade"],
        "days": 1,
        "uses": 3,
    }
    capsule = seal(steward, dataset, [rule])
    offer = {"capsule": capsule, "consumer": BANK, "purpose": "credit-risk/pre-loan", "price_fen": 1, "days": 1}
    agree(steward, live.officers["officer"], offer)
    job = live.submit(BALANCE, PROFIT, title=f"吊销于 {stage}", instead={PROFIT: capsule})
    live.wait_job(job, started(stage))
    steward.act_on_capsule(capsule, "revoke", reason="数据来源有误", title=title)
    ended = live.wait_end(job)
    assert (ended["state"], ended["reason"]) == ("failed", "capsule-revoked"), ended
    (act,) = rows(live, "centre", "SELECT at FROM capsule_act WHERE capsule = ?", capsule)
    (attempt,) = until(
        lambda: rows(live, "centre", "SELECT * FROM attempt WHERE job = ? AND state = 'failed'", job),
        bool,
        what="the attempt to end at the provider",
    )
    assert attempt["reason"] == "capsule-revoked"
    assert 0 <= attempt["changed_at"] - act["at"] <= lease_ms(live) / 3
    for who in (steward, live.officers["officer"]):
        record = until(
            lambda who=who: who.call("GET", f"/capsules/{capsule}/record/"),
            lambda found: found["certificates"],
            what="the certificate",
        )
        assert any(job in one["text"] for one in record["certificates"])
    with pytest.raises(Unexpected, match="capsule-revoked"):
        live.submit(BALANCE, PROFIT, instead={PROFIT: capsule})


def test_what_is_destroyed_is_nowhere_in_its_nodes_home(live: LiveZone, tmp_path):
    who, names = live.officers["merchant"], domain("turnover").names
    body = f"91420100XY{77:07d}"
    line = ["1.5"] * len(names)
    line[names.index("uscc")], line[names.index("period_end")] = body + check_digit(body), "2025-12-31"
    with (tmp_path / "gone.csv").open("w", newline="") as file:
        csv.writer(file).writerows([names, line])
    capsule = who.upload(tmp_path / "gone.csv", domain="turnover", title="待销毁")
    rule = {
        "id": "r1",
        "grantees": [BANK],
        "purposes": ["credit-risk"],
        "models": [live.card("profit_and_loss", "turnover")["digest"]],
        "engines": ["cheetah"],
        "disclosures": ["grade"],
        "days": 1,
        "uses": 1,
    }
    seal(who, capsule, [rule])
    home = live.home / "nodes" / "platform"
    (kept,) = rows(live, "platform", "SELECT id, keys FROM body WHERE dataset = ? AND kind = 'rows'", capsule)
    (part,) = rows(live, "platform", "SELECT sealed FROM own_part WHERE capsule = ?", capsule)
    body_file = sorted((home / "bodies").glob(f"{kept['id']}.*"))[0]
    gone = [body_file.read_bytes()[:48], bytes(kept["keys"]), bytes(part["sealed"])]

    def found() -> list[int]:
        files = [path.read_bytes() for path in home.rglob("*") if path.is_file()]
        return [number for number, value in enumerate(gone) if any(value in text for text in files)]

    assert found() == [0, 1, 2]
    who.act_on_capsule(capsule, "revoke", reason="到期", title="待销毁")
    stands(live, capsule, "revoked")
    who.act_on_capsule(capsule, "destroy", reason="到期清理", title="待销毁")
    stands(live, capsule, "destroyed")
    until(found, lambda left: left == [], what="the destroyed bytes to be gone")
