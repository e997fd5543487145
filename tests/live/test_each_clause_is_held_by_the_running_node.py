"""Each clause violated alone, in running processes: the code centre signs a version of its policy that one clause of a
job does not meet, and the portal lies that the version allows everything. The centre's node refuses by that clause, and
no use is spent."""

import json
from datetime import UTC, datetime, timedelta

import psycopg.types.json
import pytest

from creditzone.kernel.documents import now_ms
from deploy import demonstration, manifest
from deploy.officers.person import until
from tests.live.conftest import LiveZone
from tests.live.test_a_job_ends_once_whatever_dies import BALANCE, PROFIT, TURNOVER, spent

pytestmark = pytest.mark.faults
DAY = 86_400_000
HEAD = "select id, policy from capsules_capsuleversion where capsule_id = %s order by version desc limit 1"


class Guarded:
    """A capsule of the centre whose policy is edited again and again, under one contract with the bank."""

    def __init__(self, live: LiveZone, dataset: str) -> None:
        self.live, self.steward, self.officer = live, live.officers["steward"], live.officers["officer"]
        self.rule = {
            "id": "credit-risk",
            "grantees": [manifest.BANK],
            "purposes": ["credit-risk"],
            "models": [live.card(BALANCE, PROFIT)["digest"]],
            "engines": ["cheetah"],
            "disclosures": ["grade"],
            "days": 30,
            "uses": 20,
        }
        self.capsule = demonstration.seal(self.steward, dataset, [self.rule])
        [(_, self.permissive)] = live.sql(HEAD, self.capsule)
        offer = {"capsule": self.capsule, "consumer": manifest.BANK, "price_fen": 5, "days": 30}
        demonstration.agree(self.steward, self.officer, offer | {"purpose": "credit-risk/pre-loan"})

    def edit(self, **changes: object) -> None:
        """Sign the next version at the centre; then the portal's database says that it allows what the first did."""
        asked = {"dataset": self.capsule, "capsule": self.capsule, "rules": [self.rule | changes]}
        draft = self.steward.call("POST", "/policies/", asked)
        self.steward.sign(draft["digest"])
        until(
            lambda: self.steward.call("GET", f"/capsules/{self.capsule}/"),
            lambda seen: seen["version"] == draft["version"],
            what=f"version {draft['version']}",
        )
        [(version, policy)] = self.live.sql(HEAD, self.capsule)
        lie = json.loads(policy["text"]) | {"rules": json.loads(self.permissive["text"])["rules"]}
        text = json.dumps(lie, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        told = psycopg.types.json.Jsonb(policy | {"text": text})
        self.live.sql("update capsules_capsuleversion set policy = %s where id = %s", told, version)

    def run(self) -> dict[str, object]:
        """The bank's job on it, once it has ended."""
        job = self.live.submit(BALANCE, PROFIT, title="逐条违反", instead={PROFIT: self.capsule})
        return self.live.wait_end(job)


@pytest.fixture(scope="module")
def guarded(live: LiveZone, tmp_path_factory) -> Guarded:
    lines = (live.home / "demonstration" / f"{PROFIT}.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    file = tmp_path_factory.mktemp("clauses") / "profit.csv"
    file.write_text("".join(lines[:61]), encoding="utf-8")
    return Guarded(live, live.officers["steward"].upload(file, domain=PROFIT, title="逐条验证"))


def clause(kind: str, **fields: object) -> dict[str, object]:
    return {"clauses": [{"clause": kind, **fields}]}


def ten_days() -> dict[str, int]:
    """A window around now."""
    return {"not_before": now_ms() - DAY, "not_after": now_ms() + 9 * DAY}


def another_hour() -> dict[str, object]:
    """An hour of the day that is not this one, wherever the test runs."""
    since = (datetime.now(UTC).hour + 6) % 24 * 60
    return {"since": since, "until": (since + 60) % 1440, "zone": "UTC"}


VIOLATED = {
    "role": lambda _: clause("subject", organisations=[manifest.BANK], roles=["owner"]),
    "person": lambda _: clause(
        "subject", organisations=[manifest.BANK], people=["01900000-0000-7000-8000-000000000001"]
    ),
    "purpose": lambda _: {"purposes": ["credit-risk/post-loan"]},
    "operation": lambda _: clause("action", operations=[]),
    "model": lambda live: {"models": [live.card(BALANCE, PROFIT, TURNOVER)["digest"]]},
    "program": lambda live: clause("code", models=[live.card(BALANCE, PROFIT)["digest"]], programs=["sm3:" + "1" * 64]),
    "engine": lambda _: {"engines": ["aby3"]},
    "attestation": lambda _: clause("environment", engines=["cheetah"], attestations=["hardware"]),
    "columns": lambda _: clause(
        "columns", columns=[{"name": "uscc", "ground": "public_disclosure", "modes": ["match"]}]
    ),
    "disclosure": lambda _: {"disclosures": ["decision"]},
    "validity": lambda _: {"not_before": (datetime.now(UTC) + timedelta(days=1)).isoformat()},
    "daily-window": lambda _: clause("window", daily=[another_hour()], **ten_days()),
    "place": lambda _: clause("place", divisions=["11"]),
    "consent": lambda _: {"evidence": ["signed"]},
    "price": lambda _: clause("payment", least_fen=6),
}


@pytest.mark.parametrize("decides", VIOLATED)
def test_one_violated_clause_is_refused_by_the_node_alone(live: LiveZone, guarded: Guarded, decides: str):
    before = spent(live, "centre")
    guarded.edit(**VIOLATED[decides](live))
    ended = guarded.run()
    assert (ended["state"], ended["reason"]) == ("refused", decides), ended["reason_words"]
    assert spent(live, "centre") == before
