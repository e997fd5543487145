"""A statistic is a job like others: the counts equal plain ones, small ones exist nowhere outside the shares, and what
a policy demands behind each figure is demanded at the provider's node."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from apps.node import exports, firmuses, queries, releases, results, uses
from apps.node.counts import OpenedCount
from apps.node.node import Node
from apps.node.queries import Query
from apps.node.stages.names import FIRMS, PARTS
from creditzone.kernel.credit.groups import groups_of
from creditzone.kernel.credit.scorecard import band_of, features_of, points_of
from creditzone.kernel.documents import Scorecard
from creditzone.kernel.domain import domain
from creditzone.kernel.policy.constraints.output import Output
from creditzone.kernel.policy.history import BUDGET
from creditzone.kernel.policy.tags import tags_of
from tests.node import jobs, world
from tests.node.jobs import Ready
from tests.node.test_a_policy_holds_at_the_providers_node import with_clause
from tests.node.test_uses_of_each_firm_are_counted import once_more
from tests.node.world import BANK, CENTRE

K = 12
ALLOWS = {"disclosures": ("grade", "statistic"), "minimum_group": K}
ASKS = {"operation": "statistics", "disclosures": ("statistic",), "minimum_group": K}


def ready(quartet, *, number: int = 300, **changes) -> Ready:
    allows = changes.pop("allows", ALLOWS)
    return jobs.ready(quartet, number=number, allows=allows, **{**ASKS, **changes})


def plain(card: Scorecard, number: int, codes: list[str]) -> dict[str, int]:
    """The band of each firm, in the clear."""
    total = np.full(len(codes), card.base)
    for name in ("balance_sheet", "profit_and_loss"):
        names = domain(name).names
        rows = {row[0]: row for row in jobs.rows_of(name, number)[1:]}
        values = {
            feature.column: np.array([float(rows[code][names.index(feature.column)] or "nan") for code in codes])
            for feature in features_of(card, name)
        }
        total = total + points_of(card, name, values).sum(axis=1)
    return dict(zip(codes, band_of(card, total).tolist(), strict=True))


def expected(card: Scorecard, bands: list[int], k: int) -> tuple[int | None, ...]:
    """Best first, what a statistic may show of these bands."""
    counts = [Counter(bands).get(band, 0) for band in range(len(card.grades))]
    kept = [count if count >= k else 0 for count in counts]
    if 0 < sum(counts) - sum(kept) < k and any(kept):
        smallest = min(count for count in kept if count)
        kept = [0 if count == smallest else count for count in kept]
    return tuple(count or None for count in reversed(kept))


def opened(job: Ready) -> OpenedCount:
    found = results.open_result(job.bank, job.officer, job.request.id)
    assert isinstance(found, OpenedCount)
    return found


def test_the_counts_equal_plain_ones_and_small_ones_are_nowhere(quartet):
    job = ready(quartet)
    world.compute_all(quartet, job.nodes, job.orders())
    count = opened(job)
    once_more(job, operation="score", disclosures=("grade",), minimum_group=None)
    world.compute_all(quartet, job.nodes, job.orders(fence=9))
    codes = [row.uscc for row in results.open_result(job.bank, job.officer, job.request.id).rows]
    bands = plain(job.card, 300, codes)
    assert [(one.name, one.firms) for one in count.groups] == [("all", len(codes))]
    assert count.groups[0].counts == expected(job.card, list(bands.values()), K)
    assert count.groups[0].held_back
    assert not hasattr(count, "rows")


@pytest.mark.parametrize("least", [10, K - 1, None])
def test_a_request_for_smaller_groups_than_the_policy_demands_is_refused_where_the_data_is(quartet, least):
    job = ready(quartet, number=60, minimum_group=least)
    centre = job.nodes[1]
    world.offer(quartet, centre, job.order(centre))
    refusal = world.bodies(centre, "refuse")[-1].refusal
    assert refusal.clause == ("order-mismatch" if least is None else "minimum-group")


def test_a_policy_without_statistics_lets_none_out(quartet):
    grades_only = Output(forms=("grade",))
    job = ready(quartet, number=60, theirs=lambda rule: with_clause(rule, grades_only))
    centre = job.nodes[1]
    world.offer(quartet, centre, job.order(centre))
    assert world.bodies(centre, "refuse")[-1].refusal.clause == "disclosure"


def test_by_province_every_group_is_large_enough_and_nobody_is_left_out(quartet):
    job = ready(quartet, grouping="province")
    world.compute_all(quartet, job.nodes, job.orders())
    found = opened(job)
    matched = {one.name: one.value for one in world.receipt_of(job.bank).figures}["matched"]
    assert sum(group.firms for group in found.groups) == matched
    assert all(group.firms >= K for group in found.groups)
    learned = {(one.what, one.count) for one in world.receipt_of(job.bank).learned}
    assert ("statistics", matched) in learned
    table = exports.csv_bytes(found, "en").decode("utf-8-sig")
    assert "below 12, or held back" in table
    stored = {code for row in jobs.rows_of("balance_sheet", 300)[1:] for code in row[:1] if code in table}
    assert stored == set()


def test_a_set_of_too_few_firms_is_counted_by_nobody(quartet):
    job = ready(quartet, number=40, minimum_group=1000)
    world.compute_all(quartet, job.nodes, job.orders())
    assert {body.reason for body in world.bodies(job.nodes[1], "failed")} == {"minimum-group"}
    assert not world.bodies(job.bank, "receipt")


def codes_in(*provinces: tuple[str, int]) -> list[str]:
    return [f"91{province}0100MA{number:010}" for province, size in provinces for number in range(size)]


def test_small_groups_are_put_together_until_each_is_large_enough():
    codes = codes_in(("11", 30), ("31", 4), ("44", 3), ("42", 12))
    groups = groups_of(codes, grouping="province", least=10)
    assert {name: len(places) for name, places in groups.items()} == {"11": 30, "others": 19}
    assert sorted(place for places in groups.values() for place in places) == list(range(len(codes)))
    assert list(groups_of(codes, grouping=None, least=10)) == ["all"]
    assert {name: len(places) for name, places in groups_of(codes, grouping="province", least=3).items()} == {
        "11": 30,
        "31": 4,
        "42": 12,
        "44": 3,
    }


# The history of questions ---------------------------------------------------------------------------------------------


def over(node: Node, scratch: Path, firms: list[str], *, job: str, grouping: str | None = None) -> str | None:
    """What a statistic over these firms is told at the provider's node; None where it goes on."""
    key = firmuses.key_for(node, capsule="c", recipient=BANK)
    (scratch / FIRMS).write_bytes(b"".join(tags_of(key, firms)))
    groups = groups_of(firms, grouping=grouping, least=K)
    (scratch / PARTS).write_text(json.dumps([("", places) for places in groups.values()]))
    query = Query(capsule="c", rule="r", recipient=BANK, job=job, minimum_group=K)
    release = world.release(capsule="c", job=job, query=query, question="card")
    refusal = releases.let_go_on(node, release, scratch, rows=len(firms))
    return refusal.clause if refusal else None


def test_the_history_is_kept_in_the_store_and_refuses_sets_that_differ_by_few(zone, tmp_path):
    node = zone.node(CENTRE, "code_centre")
    firms = codes_in(("11", 30), ("31", 20))
    assert over(node, tmp_path, firms, job="a") is None
    assert over(node, tmp_path, firms[1:], job="b") == "query-difference"
    assert over(node, tmp_path, firms[:5], job="c") == "minimum-group"
    [(recipient, budget)] = queries.budgets(node, "c").items()
    assert (recipient, budget.told, budget.probes, budget.left) == (BANK, 1, 1, BUDGET - 1)
    raw = (node.home / "store.sqlite3").read_bytes() + (node.home / "store.sqlite3-wal").read_bytes()
    key = firmuses.key_for(node, capsule="c", recipient=BANK)
    assert not any(tag in raw for tag in tags_of(key, firms))


def test_a_restored_store_that_lost_uses_tells_no_statistic_under_their_rule(zone, tmp_path):
    node = zone.node(CENTRE, "code_centre")
    with node.store.write() as tx:
        uses.reserve(tx, capsule="c", job="lost", rule="r")
        uses.spend(tx, capsule="c", job="lost")
        firmuses.lose(tx, capsule="c", job="lost")
    assert over(node, tmp_path, codes_in(("11", 30)), job="a") == "query-lost"
    assert queries.budgets(node, "c") == {}


def test_the_running_job_asks_its_node_before_anything_joint_leaves(quartet):
    job = ready(quartet)
    world.compute_all(quartet, job.nodes, job.orders())
    centre, capsule = job.nodes[1], job.request.inputs[1].capsule
    assert queries.budgets(centre, capsule)[BANK].told == 1
    assert queries.budgets(job.bank, job.request.inputs[0].capsule) == {}
    once_more(job, grouping="province")
    world.compute_all(quartet, job.nodes, job.orders(fence=9))
    assert world.bodies(centre, "failed")[-1].reason == "query-difference"
    assert queries.budgets(centre, capsule)[BANK].told == 1
