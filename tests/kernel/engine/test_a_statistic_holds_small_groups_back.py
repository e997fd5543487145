"""A statistic tells how many firms stand in each band, and nothing about fewer than the least number of firms."""

from __future__ import annotations

import numpy as np
import pytest

from creditzone.kernel.engine.process import StageFailed
from tests.kernel.engine.zone import CUTS

K = 10
EDGES = [0, *CUTS]


def released(counts: list[int], k: int) -> list[int]:
    """The rule in the clear: small bands go, and the smallest of the others where what is gone could be subtracted."""
    kept = [count if count >= k else 0 for count in counts]
    if 0 < sum(counts) - sum(kept) < k and any(kept):
        smallest = min(count for count in kept if count)
        kept = [0 if count == smallest else count for count in kept]
    return kept


def shares_of(counts: list[int], parties: int, seed: int) -> list[list[int]]:
    """Points of each party for so many rows in each band, in a random order."""
    draw = np.random.default_rng(seed)
    totals = np.concatenate([np.full(count, edge + 3) for edge, count in zip(EDGES, counts, strict=True)])
    draw.shuffle(totals)
    others = [draw.integers(-50, 200, len(totals)) for _ in range(parties - 1)]
    return [(totals - sum(others)).tolist(), *(one.tolist() for one in others)]


CASES = [
    [40, 30, 20, 15, 12, 11, 10, 10],  # all are large enough
    [40, 30, 3, 15, 12, 11, 10, 10],  # one is small: another goes with it, else it could be subtracted
    [40, 30, 3, 15, 12, 11, 4, 9],  # three small ones hide each other
    [5, 5, 0, 0, 0, 0, 0, 0],  # all are small
    [0, 0, 0, 0, 0, 0, 0, 25],  # nobody stands elsewhere
    [9, 0, 0, 0, 0, 0, 0, 300],  # the only large one goes too
    [1, 12, 12, 40, 0, 0, 0, 300],  # of two equally small ones both go
]


@pytest.mark.parametrize("parties", [2, 3])
def test_the_bands_are_counted_together_and_small_ones_stay_unseen(meeting, parties):
    zone = meeting(parties)
    made = [shares_of(counts, parties, seed) for seed, counts in enumerate(CASES)]
    tasks = [
        zone.task(rank, steps=["count"], lists=[lists[rank] for lists in made], minimum_group=K)
        for rank in range(parties)
    ]
    outcomes = zone.run(tasks)
    assert outcomes[0]["counted"] == [released(counts, K) for counts in CASES]
    assert [one["counted"] for one in outcomes[1:]] == [[None] * len(CASES)] * (parties - 1)


def test_many_batches_add_up(meeting):
    counts = [30_000, 20_000, 10_000, 5_000, 4_000, 7, 1_000, 993]
    zone, made = meeting(3), shares_of(counts, 3, seed=9)
    outcomes = zone.run([zone.task(rank, steps=["count"], lists=[made[rank]], minimum_group=K) for rank in range(3)])
    assert outcomes[0]["counted"] == [released(counts, K)]


def test_fewer_firms_than_the_least_are_not_counted_at_all(meeting):
    zone, made = meeting(2), shares_of([4, 5, 0, 0, 0, 0, 0, 0], 2, seed=1)
    outcomes = zone.run([zone.task(rank, steps=["count"], lists=[made[rank]], minimum_group=K) for rank in range(2)])
    assert all(isinstance(one, StageFailed) and one.code == "group-too-small" for one in outcomes)


def test_parties_that_hold_to_different_least_numbers_do_not_start(meeting):
    zone, made = meeting(2), shares_of(CASES[0], 2, seed=1)
    outcomes = zone.run(
        [zone.task(rank, steps=["count"], lists=[made[rank]], minimum_group=K - rank) for rank in range(2)]
    )
    assert [(one.code, one.about) for one in outcomes] == [("settings-differ", "program")] * 2
