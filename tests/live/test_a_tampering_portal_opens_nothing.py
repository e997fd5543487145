"""The operator edits its own database, a disk is damaged: nodes refuse by clause, or nothing changes."""

import json

import psycopg.types.json
import pytest

from tests.live.test_a_job_ends_once_whatever_dies import BALANCE, PROFIT, TURNOVER
from tests.live.test_what_nodes_hold_is_not_the_portals import body_of

pytestmark = pytest.mark.faults


def altered(signed, **changes):
    """A signed document as a liar's database would hold it: fields changed, signatures kept."""
    body = json.loads(signed["text"]) | changes
    text = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return psycopg.types.json.Jsonb(signed | {"text": text})


def ended(live, *domains, **more):
    return live.wait_end(live.submit(*domains, **more), seconds=200)


def test_a_policy_loosened_in_the_database_lets_nothing_more_out(live):
    """The portal's own check would now allow the exact score; the node knows what its officers signed."""
    capsule = live.notes["capsules"][PROFIT]
    [(version, policy)] = live.sql(
        "select id, policy from capsules_capsuleversion where capsule_id = %s order by version desc limit 1", capsule
    )
    own = live.notes["capsules"][BALANCE]
    [(own_version, own_policy)] = live.sql(
        "select id, policy from capsules_capsuleversion where capsule_id = %s order by version desc limit 1", own
    )

    def loosened(signed):
        rules = json.loads(signed["text"])["rules"]
        for clause in (clause for rule in rules for clause in rule["clauses"] if clause["clause"] == "output"):
            clause["forms"] = ["decision", "grade", "reasons", "score"]
        return altered(signed, rules=rules)

    try:
        live.sql("update capsules_capsuleversion set policy = %s where id = %s", loosened(policy), version)
        live.sql("update capsules_capsuleversion set policy = %s where id = %s", loosened(own_policy), own_version)
        end = ended(live, BALANCE, PROFIT, title="放宽的策略", disclosures=("score",))
    finally:
        for one, text in ((version, policy), (own_version, own_policy)):
            live.sql(
                "update capsules_capsuleversion set policy = %s where id = %s", psycopg.types.json.Jsonb(text), one
            )
    assert (end["state"], end["reason"]) == ("refused", "disclosure")


def test_a_contract_changed_in_the_database_binds_nobody(live):
    contract = live.notes["contracts"][PROFIT]
    [(document, price)] = live.sql("select document, price_fen from contracts_contract where id = %s", contract)
    try:
        live.sql(
            "update contracts_contract set document = %s, price_fen = 0 where id = %s",
            altered(document, price_fen=0),
            contract,
        )
        end = ended(live, BALANCE, PROFIT, title="改价的合约")
    finally:
        live.sql(
            "update contracts_contract set document = %s, price_fen = %s where id = %s",
            psycopg.types.json.Jsonb(document),
            price,
            contract,
        )
    assert end["state"] == "refused"
    assert end["reason"] in {"contract-missing", "contract-signature"}


def test_a_job_request_changed_after_its_signature_is_refused_by_the_nodes(live):
    """Signed and queued with no coordinator to carry it on; then the database asks for more than was signed."""
    live.control("stop", "coordinator")
    try:
        job = live.submit(BALANCE, PROFIT, title="签后改动")
        live.wait_job(job, lambda seen: seen["state"] == "queued")
        [(document,)] = live.sql("select document from compute_job where id = %s", job)
        changed = altered(document, disclosures=["decision", "grade"])
        live.sql("update compute_job set document = %s where id = %s", changed, job)
    finally:
        live.control("start", "coordinator")
    live.wait_running("coordinator")
    end = live.wait_end(job, seconds=200)
    assert (end["state"], end["reason"]) == ("refused", "request-signature")


def test_a_public_key_swapped_at_the_portal_is_never_believed(live):
    """The bank's card now shows another key; nodes go on by the card that their officers confirmed."""
    bank = live.user("officer")["organisation"]
    [(card, signed)] = live.sql(
        "select c.id, c.signed from tenants_card c join tenants_organisation o on o.id = c.organisation_id"
        " where o.uscc = %s and c.is_current",
        bank,
    )
    other = json.loads(live.sql(
        "select c.signed->>'text' from tenants_card c join tenants_organisation o on o.id = c.organisation_id"
        " where o.kind = 'platform' and c.is_current"
    )[0][0])  # fmt: skip
    before = live.job(live.notes["job"])["state"]
    try:
        swapped = altered(signed, encryption_key=other["encryption_key"])
        live.sql("update tenants_card set signed = %s where id = %s", swapped, card)
        end = ended(live, BALANCE, PROFIT, title="换过的公钥")
    finally:
        live.sql("update tenants_card set signed = %s where id = %s", psycopg.types.json.Jsonb(signed), card)
    assert end["state"] in {"done", "refused"}
    if end["state"] == "done":
        who = live.officers["officer"]
        who.enter_node("/results/")
        assert end["id"] in who.browser.get(f"{who.node}/results/").text
    assert live.job(live.notes["job"])["state"] == before


def bodies(live, node, domain):
    """The files of the demonstration's capsule of a domain at its node, largest first."""
    body = body_of(live, node, live.notes["capsules"][domain])
    folder = live.home / "nodes" / node / "bodies"
    return sorted(folder.glob(f"{body}.*"), key=lambda path: path.stat().st_size, reverse=True)


def test_a_body_with_one_flipped_byte_is_not_opened(live):
    body = bodies(live, "centre", PROFIT)[0]
    whole = body.read_bytes()
    try:
        body.write_bytes(whole[:-40] + bytes([whole[-40] ^ 1]) + whole[-39:])
        end = ended(live, BALANCE, PROFIT, title="损坏的胶囊")
    finally:
        body.write_bytes(whole)
    assert (end["state"], end["reason"]) == ("failed", "capsule-damaged"), end["reason_words"]
    assert ended(live, BALANCE, PROFIT, title="恢复之后")["state"] == "done"


def test_a_body_of_another_capsule_in_its_place_is_not_opened(live):
    mine, other = bodies(live, "platform", TURNOVER)[0], bodies(live, "centre", PROFIT)[0]
    whole = mine.read_bytes()
    try:
        mine.write_bytes(other.read_bytes())
        end = ended(live, BALANCE, PROFIT, TURNOVER, title="调换的胶囊")
    finally:
        mine.write_bytes(whole)
    assert (end["state"], end["reason"]) == ("failed", "capsule-damaged"), end["reason_words"]
