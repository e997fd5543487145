"""A firm takes its authorisation back in the running zone: one signature in its host's node, known to all providers."""

import json
import sqlite3
from pathlib import Path

from deploy.manifest import FIRM
from deploy.officers.person import until


def held(live, node: str, authorisation: str) -> list[dict]:
    """What a node keeps as withdrawals of this authorisation."""
    store = Path(live.home) / "nodes" / node / "store.sqlite3"
    connection = sqlite3.connect(f"file:{store}?mode=ro", uri=True)
    try:
        rows = connection.execute("SELECT text FROM withdrawal WHERE authorisation = ?", [authorisation]).fetchall()
    finally:
        connection.close()
    return [json.loads(text) for (text,) in rows]


def test_one_signature_in_the_hosted_node_is_known_to_every_provider_named(live):
    firm = live.officers["owner"]
    given = firm.call("POST", "/enquiries/", {})["authorisation_digest"]
    firm.sign(given)
    (identity,) = until(
        lambda: live.sql("select id from contracts_authorisation where digest = %s and state = 'active'", given),
        lambda rows: rows,
        what="the authorisation at the portal",
    )[0]
    page = firm.browser.get(f"{live.portal}/credit/")
    firm.browser.post(f"{live.portal}/credit/authorisations/{identity}/withdraw/", {}, page=page)
    ((drafted,),) = live.sql("select withdrawal_digest from contracts_authorisation where id = %s", identity)
    assert held(live, "centre", given) == []
    firm.sign(drafted)
    until(
        lambda: live.sql("select state from contracts_authorisation where id = %s", identity),
        lambda rows: rows == [("withdrawn",)],
        what="the withdrawal at the portal",
    )
    for node in ("centre", "platform", "hosted"):
        kept = until(lambda node=node: held(live, node, given), bool, what=f"the withdrawal at {node}")
        assert [signature["by"] for signature in kept[0]["signatures"]] == [FIRM]
    assert held(live, "bank", given) == []
    assert drafted in firm.browser.get(f"{live.portal}/credit/").text
