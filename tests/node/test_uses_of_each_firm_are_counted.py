"""Where a rule limits the uses of one firm, the provider's node counts each firm before anybody makes its points: by
recipient, under hashes, exactly through kills, and never less after a restored backup."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec

from apps.node import firmuses, releases, results, uses
from apps.node.firmuses import Limit
from apps.node.node import Node
from apps.node.releases import Release
from apps.node.stages.names import FIRMS, USED_UP
from creditzone.kernel.documents import Receipt, Rule, digest_of, new_id, read, unsigned, with_signature
from creditzone.kernel.policy.constraints.count import Count
from creditzone.kernel.policy.tags import SIZE, tag_key, tags_of
from tests.node import jobs, world
from tests.node.jobs import Ready
from tests.node.test_a_policy_holds_at_the_providers_node import with_clause
from tests.node.world import BANK, CENTRE, Zone

ROOT = Path(__file__).resolve().parents[2]
CAPSULE, FIRMS_OF = "c", [f"firm-{number}" for number in range(5)]
KILLED = """
import sys
from pathlib import Path
from apps.node import releases, uses
from apps.node.firmuses import Limit, key_for
from apps.node.node import open_node
from apps.node.stages.names import FIRMS
from creditzone.kernel.policy.tags import tags_of
from tests.node import world
node, scratch = open_node(sys.argv[1]), Path(sys.argv[2])
key = key_for(node, capsule="c", recipient="b")
for number in range(100000):
    job = f"{sys.argv[3]}-{number}"
    with node.store.write() as tx:
        uses.reserve(tx, capsule="c", job=job, rule="r")
        uses.spend(tx, capsule="c", job=job)
    (scratch / FIRMS).write_bytes(b"".join(tags_of(key, [job, "always"])))
    limit = Limit(capsule="c", rule="r", recipient="b", job=job, uses=10**9)
    release = world.release(capsule="c", job=job, limit=limit)
    assert releases.let_go_on(node, release, scratch, rows=2) is None
    print(job, flush=True)
"""


def at_most(uses_a_firm: int):
    def limited(rule: Rule) -> Rule:
        return with_clause(rule, Count(total=9, per_subject=uses_a_firm))

    return limited


def tags_at(node: Node, capsule: str, codes) -> list[bytes]:
    return tags_of(firmuses.key_for(node, capsule=capsule, recipient=BANK), codes)


def once_more(job: Ready, **changes: Any) -> Ready:
    """The same request under another id, changed so, signed anew."""
    request = msgspec.structs.replace(job.request, id=new_id(), **changes)
    world.have_signed(job.zone, job.bank, job.officer, request)
    signed = with_signature(unsigned(request), world.signature_of(job.bank, digest_of(request)))
    job.request, job.signed = request, signed
    return job


def limit(number: int, *, job: str = "job", recipient: str = BANK) -> Limit:
    return Limit(capsule=CAPSULE, rule="r", recipient=recipient, job=job, uses=number)


def released(bound: Limit) -> Release:
    return world.release(capsule=CAPSULE, job=bound.job, limit=bound)


def count(node: Node, scratch: Path, firms, bound: Limit) -> str | None:
    """What a job over these firms is told; None where it goes on."""
    key = firmuses.key_for(node, capsule=CAPSULE, recipient=bound.recipient)
    (scratch / FIRMS).write_bytes(b"".join(tags_of(key, firms)))
    refusal = releases.let_go_on(node, released(bound), scratch, rows=len(firms))
    return refusal.clause if refusal else None


def used_up(node: Node, scratch: Path, bound: Limit) -> list[int]:
    key = firmuses.key_for(node, capsule=CAPSULE, recipient=bound.recipient)
    (scratch / FIRMS).write_bytes(b"".join(tags_of(key, FIRMS_OF)))
    releases.tell_used_up(node, released(bound), scratch)
    return list((scratch / USED_UP).read_bytes())


def test_firms_without_a_use_are_left_out_by_every_party_counted_and_named_to_the_recipient(quartet):
    job = jobs.ready(quartet, number=120, theirs=at_most(1))
    centre, capsule = job.nodes[1], job.request.inputs[1].capsule
    both = {row[0] for row in jobs.rows_of("balance_sheet", 120)[1:]}
    known = sorted(both & {row[0] for row in jobs.rows_of("profit_and_loss", 120)[1:]})
    rule = job.policies[1].rules[0].id
    spent = known[3:9]
    tags = tags_at(centre, capsule, spent)
    with centre.store.write() as tx:
        firmuses.spend(tx, Limit(capsule=capsule, rule=rule, recipient=BANK, job="earlier", uses=1), tags)
    world.compute_all(quartet, job.nodes, job.orders())
    opened = results.open_result(job.bank, job.officer, job.request.id)
    unauthorised = {code for code, why in opened.dropped if why != "uses-a-firm"}
    left_out = [code for code in spent if code not in unauthorised]
    assert left_out
    assert [code for code, why in opened.dropped if why == "uses-a-firm"] == left_out
    assert not {row.uscc for row in opened.rows} & set(spent)
    receipts = [read(world.bodies(node, "receipt")[-1].receipt, Receipt) for node in job.nodes]
    figures = [{one.name: one.value for one in receipt.figures} for receipt in receipts]
    assert [one.get("used_up") for one in figures] == [len(left_out)] * 2
    assert figures[0]["matched"] == figures[1]["matched"] == len(opened.rows)
    assert len({receipt.agreement for receipt in receipts}) == 1
    rows = centre.store.all("SELECT firm FROM firm_use WHERE job = ?", job.request.id)
    assert {bytes(row["firm"]) for row in rows} == set(tags_at(centre, capsule, [row.uscc for row in opened.rows]))
    stored = (centre.home / "store.sqlite3").read_bytes() + (centre.home / "store.sqlite3-wal").read_bytes()
    assert not any(code.encode() in stored for code in known)

    world.compute_all(quartet, job.nodes, once_more(job).orders(fence=9))
    reasons = {body.reason for node in job.nodes for body in world.bodies(node, "failed")}
    assert reasons <= {"uses-a-firm", "peer-lost"}
    assert world.bodies(centre, "failed")[-1].reason == "uses-a-firm"
    assert len(centre.store.all("SELECT 1 FROM firm_use WHERE job = ?", job.request.id)) == 0


def test_a_firm_is_counted_for_each_recipient_and_once_a_job(zone: Zone, tmp_path):
    node = zone.node(CENTRE, "code_centre")
    assert count(node, tmp_path, FIRMS_OF[:2], limit(1, job="one")) is None
    assert count(node, tmp_path, FIRMS_OF[:2], limit(1, job="one")) is None  # its second attempt
    assert used_up(node, tmp_path, limit(1)) == [1, 1, 0, 0, 0]
    assert used_up(node, tmp_path, limit(1, job="one")) == [0] * 5
    assert used_up(node, tmp_path, limit(1, recipient="another")) == [0] * 5
    assert used_up(node, tmp_path, limit(2)) == [0] * 5


def test_of_two_jobs_that_meet_the_second_counts_nothing(zone: Zone, tmp_path):
    node = zone.node(CENTRE, "code_centre")
    assert count(node, tmp_path, FIRMS_OF[:3], limit(1, job="one")) is None
    assert count(node, tmp_path, FIRMS_OF[2:], limit(1, job="two")) == "uses-a-firm"
    assert used_up(node, tmp_path, limit(1)) == [1, 1, 1, 0, 0]


def test_uses_whose_firms_a_restored_store_lost_count_against_every_firm(zone: Zone, tmp_path):
    node = zone.node(CENTRE, "code_centre")
    with node.store.write() as tx:
        for job in ("known", "lost", "given-back"):
            uses.reserve(tx, capsule=CAPSULE, job=job, rule="r")
        uses.release(tx, capsule=CAPSULE, job="given-back")
        for job in ("known", "lost"):
            uses.spend(tx, capsule=CAPSULE, job=job)
    assert count(node, tmp_path, FIRMS_OF[:1], limit(3, job="known")) is None
    with node.store.write() as tx:
        firmuses.lose_what_is_unknown(tx)
        firmuses.lose(tx, capsule=CAPSULE, job="given-back")
    assert firmuses.lost(node) == 1
    assert used_up(node, tmp_path, limit(2)) == [1, 0, 0, 0, 0]
    assert used_up(node, tmp_path, limit(1)) == [1] * 5


def test_what_was_let_go_on_is_counted_after_a_kill(zone: Zone, tmp_path):
    node = zone.node(CENTRE, "code_centre")
    let_go: set[str] = set()
    for life in range(4):
        process = subprocess.Popen(
            [sys.executable, "-c", KILLED, str(node.home), str(tmp_path), str(life)],
            stdout=subprocess.PIPE,
            cwd=ROOT,
            text=True,
        )
        assert process.stdout is not None
        for lines, line in enumerate(process.stdout, start=1):
            let_go.add(line.strip())
            if lines == 5 + 4 * life:
                process.send_signal(signal.SIGKILL)
        process.wait()
    rows = node.store.all("SELECT job, count(*) AS firms FROM firm_use GROUP BY job")
    counted = {row["job"]: row["firms"] for row in rows}
    assert set(counted) >= let_go
    assert set(counted.values()) == {2}  # both firms of a job, or none
    assert len(set(counted) - let_go) <= 4


def test_a_tag_tells_no_code_and_differs_by_recipient_and_capsule():
    secret = b"s" * 32
    key = tag_key(secret, capsule="a", recipient="b")
    [tag] = tags_of(key, ["91110000MA00000007"])
    assert len(tag) == SIZE
    others = [tag_key(secret, capsule="a", recipient="c"), tag_key(secret, capsule="c", recipient="b")]
    assert all(tags_of(other, ["91110000MA00000007"]) != [tag] for other in others)
