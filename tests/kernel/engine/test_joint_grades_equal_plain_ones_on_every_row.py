"""The engines' whole promise: what the parties compute together is what one table would have given."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from creditzone.kernel.engine.process import run_stage
from tests.kernel.engine.zone import CUTS, banded, book_of, books, in_common

TRACE = re.compile(r"(/tmp/psi_\S+\.trace)\.")


@pytest.mark.parametrize("parties", [2, 3])
def test_from_private_sets_to_grades_and_only_the_recipient_gets_them(meeting, parties):
    zone, held = meeting(parties), books(parties=parties, rows=300)
    outcomes = zone.run([zone.task(rank, steps=["psi", "grade"], **book_of(held[rank])) for rank in range(parties)])
    common = in_common(held)
    assert len(common) > 50
    assert [outcome["codes"] for outcome in outcomes] == [common] * parties
    assert outcomes[0]["outputs"] == [banded(common, held, CUTS)]
    assert [(outcome["common"], outcome["outputs"]) for outcome in outcomes[1:]] == [(None, [None])] * (parties - 1)
    leavings = [path for scratch in zone.scratch for path in scratch.rglob("*") if path.is_file()]
    assert not [path for path in leavings if common[0].encode() in path.read_bytes()]
    traces = [name for scratch in zone.scratch for name in TRACE.findall((scratch / "stage.log").read_text())]
    assert (len(traces), [name for name in traces if Path(name).exists()]) == (2 * (parties - 1), [])


def test_a_cohort_of_one_is_graded(meeting):
    zone, held = meeting(2), [{"91110000600037341L": 300}, {"91110000600037341L": 280, "91420100MA4KXXXX0Q": 1}]
    outcomes = zone.run([zone.task(rank, steps=["psi", "grade"], **book_of(held[rank])) for rank in range(2)])
    assert outcomes[0]["outputs"] == [[5]]  # 580 reaches the fifth cut, which is 580


def test_sets_with_nothing_in_common_have_an_empty_intersection(meeting):
    zone = meeting(2)
    tasks = [zone.task(0, steps=["psi"], codes=["A1", "A2"]), zone.task(1, steps=["psi"], codes=["B1"])]
    assert [outcome["common"] for outcome in zone.run(tasks)] == [[], None]


@pytest.mark.parametrize("protocol", ["kkrt", "ecdh-25519", "ecdh-sm2"])
def test_every_offered_intersection_protocol_finds_the_same_codes(meeting, protocol):
    zone, held = meeting(2), books(parties=2, rows=60)
    tasks = [zone.task(rank, steps=["psi"], psi_protocol=protocol, **book_of(held[rank])) for rank in range(2)]
    assert [outcome["common"] for outcome in zone.run(tasks)] == [in_common(held), None]


def test_many_batches_any_number_of_cuts_and_totals_on_a_cut_stay_exact(meeting):
    zone, held = meeting(3), books(parties=3, rows=70_000)
    several = [CUTS, [500], [400, 500], [300, 400, 500, 600], [*CUTS, 730]]
    common = list(held[2])
    held = [{code: book.get(code, 200) for code in common} for book in held]
    for code, total in zip(common, (edge + step for edge in CUTS for step in (-1, 0, 1)), strict=False):
        held[0][code] = total - held[1][code] - held[2][code]
    tasks = [
        zone.task(rank, steps=["grade"], common=common, **book_of(held[rank]) | {"cuts": several}) for rank in range(3)
    ]
    outcomes = zone.run(tasks)
    assert outcomes[0]["outputs"] == [banded(common, held, cuts) for cuts in several]
    assert {sum(book[code] for book in held) for code in common} >= set(CUTS)
    assert {"event": "batch", "done": 2, "total": 2} in zone.events[1]


@pytest.mark.parametrize("parties", [2, 3])
def test_a_decision_lets_one_bit_out_and_a_score_the_total(meeting, parties):
    held = books(parties=parties, rows=40)
    common = in_common(held)
    totals = [sum(book[code] for book in held) for code in common]
    asked = {"decision": {"decision_band": 3}, "score": {}} if parties == 2 else {"score": {}}
    zone = meeting(parties)
    for disclosure, more in asked.items():
        tasks = [
            zone.task(
                rank,
                steps=["grade"],
                common=common,
                disclosure=disclosure,
                link_id=disclosure,
                recipient=parties - 1,
                **book_of(held[rank]),
                **more,
            )
            for rank in range(parties)
        ]
        outcomes = zone.run(tasks)
        wanted = totals if disclosure == "score" else [int(total >= CUTS[2]) for total in totals]
        assert outcomes[-1]["outputs"] == [wanted]
        assert outcomes[0]["outputs"] == [None]


def test_a_recipient_outside_the_computation_joins_the_shares(meeting, memory):
    parties = 2
    zone = meeting(parties)
    held = [{"91110000600037341L": 300 // parties, "91420100MA4KXXXX0Q": 590 // parties} for _ in range(parties)]
    tasks = [
        zone.task(rank, steps=["grade"], common=list(held[0]), recipient=None, **book_of(held[rank]))
        for rank in range(parties)
    ]
    shares = [outcome["outputs"][0] for outcome in zone.run(tasks)]
    outside = memory / "outside"
    outside.mkdir()
    joined = run_stage(
        "creditzone.kernel.engine.join",
        {"shares": shares[::-1]},  # in whatever order they arrive
        scratch=outside,
        deadline_seconds=30,
        on_event=lambda event: None,
        should_stop=lambda: False,
    )
    assert joined == {"values": banded(list(held[0]), held, CUTS)}
