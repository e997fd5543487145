"""Running nodes change their keys between two jobs: the second is done, and nobody has to confirm a card."""

import json
import subprocess
import sys

from deploy.officers.person import until

BALANCE, PROFIT = "balance_sheet", "profit_and_loss"


def at_node(live, name, *arguments):
    """A command of the node's own command line."""
    command = [sys.executable, "-m", "apps.node", "--home", str(live.home / "nodes" / name), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def believed(live, name, organisation):
    """The digest of the card that a node believes of an organisation."""
    return next(
        one["digest"]
        for one in at_node(live, name, "cards")
        if one["organisation"] == organisation and one["state"] in ("own", "confirmed")
    )


def test_a_provider_and_the_bank_change_their_keys_and_the_next_job_is_done(live):
    first = live.wait_end(live.submit(BALANCE, PROFIT, title="换密钥之前"), seconds=200)
    assert first["state"] == "done", first["reason_words"]
    for name, others in (("centre", ("bank", "platform", "hosted")), ("bank", ("centre", "platform", "hosted"))):
        answer = at_node(live, name, "rotate")
        organisation = json.loads(answer["card"]["text"])["organisation"]
        for other in others:
            until(
                lambda other=other, organisation=organisation: believed(live, other, organisation),
                lambda held, digest=answer["digest"]: held == digest,
                what=f"the new card of {name} at {other}",
                seconds=60,
            )
    second = live.wait_end(live.submit(BALANCE, PROFIT, title="换密钥之后"), seconds=200)
    assert second["state"] == "done", second["reason_words"]
    assert second["attempt"] == 1
    receipts = live.officers["officer"].call("GET", f"/jobs/{second['id']}/receipts/")["results"]
    assert [receipt["is_valid"] for receipt in receipts] == [True, True]
    earlier = live.officers["officer"].call("GET", f"/jobs/{first['id']}/receipts/")["results"]
    assert all(receipt["is_valid"] for receipt in earlier)
