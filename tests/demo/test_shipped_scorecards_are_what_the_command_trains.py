"""Training again gives the same bytes; the cards keep the rules; joint by parts equals plain on every row there is."""

import json
from pathlib import Path

import numpy as np
import pytest

from creditzone.kernel import documents
from creditzone.kernel.credit import scorecard as credit
from creditzone.kernel.credit import validation
from creditzone.kernel.credit.reasons import REASONS
from creditzone.kernel.sm import sm3
from demo.polish import COLUMNS
from demo.split import held, training

FOLDER = Path(__file__).resolve().parents[2] / "demo" / "scorecards"
NAMES = ("bank-centre", "bank-centre-platform", "zone-public")
CARDS = {name: documents.parse((FOLDER / f"{name}.json").read_bytes(), documents.Scorecard) for name in NAMES}
MEASURED = {name: json.loads((FOLDER / f"{name}.model-card.json").read_text(encoding="utf-8")) for name in NAMES}


def columns_of(holdings) -> dict[str, dict[str, np.ndarray]]:
    return {
        name: {
            column: np.array([float(text) if (text := h.record.ratios[at - 1]) else np.nan for h in holdings])
            for column, at in ratios.items()
        }
        for name, ratios in COLUMNS.items()
    }


def test_training_again_gives_the_same_bytes_and_figures():
    pytest.importorskip("optbinning")
    from demo.fitting import DESIGNS, rows_of, train
    from demo.model_card import measure

    past, unseen = rows_of(training()), rows_of(held())
    for design in DESIGNS:
        card, binned = train(design, past)
        assert documents.to_canonical(card) == (FOLDER / f"{card.id}.json").read_bytes()
        found = json.loads(json.dumps(measure(card, binned, past=past, unseen=unseen)))
        assert found == {key: value for key, value in MEASURED[card.id].items() if key != "uplift"}


def test_what_joining_adds_is_measured_again_on_one_fold():
    pytest.importorskip("optbinning")
    from demo.fitting import rows_of
    from demo.model_card import fold_areas

    found = fold_areas(rows_of([*training(), *held()]), 2)
    for measured in MEASURED.values():
        assert {name: round(area, 4) for name, area in found.items()} == {
            name: uplift["folds"][2] for name, uplift in measured["uplift"].items()
        }


@pytest.mark.parametrize("name", NAMES)
def test_joint_by_parts_equals_plain_on_every_row_of_the_demonstration(name):
    card, columns = CARDS[name], columns_of([*training(), *held()])
    parts = [credit.part_of(card, each, columns[each]) for each in card.domains]
    plain = np.array([_by_hand(card, columns, row) for row in range(len(parts[0]))])
    assert len(plain) == 5850
    assert (credit.total(card, parts) == plain).all()
    assert len(set(credit.grades_of(card, credit.band_of(card, plain.astype(np.int32))))) == len(card.grades)


def _by_hand(card: documents.Scorecard, columns, row: int) -> int:
    """A row's total, feature by feature and bin by bin, with nothing of the kernel's."""
    total = card.base
    for feature in card.features:
        value = columns[feature.domain][feature.column][row]
        if np.isnan(value):
            total += feature.missing
            continue
        total += next(each.points for each in feature.bins if each.below is None or value < float(each.below))
    return total


@pytest.mark.parametrize("name", NAMES)
def test_a_card_keeps_the_rules_of_a_scorecard(name):
    card, measured = CARDS[name], MEASURED[name]
    credit.require_sound(card)
    assert 8 <= len(card.features) <= 12
    assert card.grades == tuple("HGFEDCBA")
    rows = measured["samples"]["training"]["rows"]
    for feature in card.features:
        counts = measured["bins"][f"{feature.domain}.{feature.column}"]
        assert min(counts["rows"]) >= 0.05 * rows
        assert min(counts["bads"]) >= 30
        assert feature.missing == 0
        assert feature.direction in ("up", "down")
        assert feature.reason in REASONS
        assert len({each.points for each in feature.bins}) > 1
    assert measured["rules"]["loosened"] == []
    assert measured["scale"] == {"points": 600, "odds": 19, "pdo": 50}


@pytest.mark.parametrize("name", NAMES)
def test_the_reported_figures_are_those_of_rows_the_card_never_saw(name):
    from demo.fitting import rows_of

    card, unseen = CARDS[name], rows_of(held())
    totals = credit.plain_total(card, unseen.by_domain())
    found = validation.auc(totals, unseen.bad)
    reported = MEASURED[name]["discrimination"]["held"]["auc"]
    assert (round(found.value, 4), round(found.low, 4)) == (reported["value"], reported["low"])
    assert MEASURED[name]["digest"] == sm3.digest((FOLDER / f"{name}.json").read_bytes())
    assert sum(row["rows"] for row in MEASURED[name]["grades"]) == len(unseen.bad)


@pytest.mark.parametrize("name", NAMES)
def test_what_the_points_expect_lies_within_the_interval_of_what_was_seen(name):
    """Calibration: one grade in eight may fall out at 95 %, not more."""
    outside = [
        row["grade"]
        for row in MEASURED[name]["grades"]
        if not row["observed"]["low"] <= row["expected"] <= row["observed"]["high"]
    ]
    assert len(outside) <= 1


def test_joining_the_centre_pays_and_no_figure_is_too_good_to_be_true():
    uplift = MEASURED["bank-centre"]["uplift"]
    assert uplift["bank+centre"]["over_bank_least"] > 0
    assert all(found["auc"] < 0.95 for found in uplift.values())
    held_auc = [MEASURED[name]["discrimination"]["held"]["auc"]["value"] for name in NAMES]
    assert all(0.75 < value < 0.92 for value in held_auc)


def test_no_card_holds_a_term_of_the_loan_an_industry_or_a_region():
    for card in CARDS.values():
        assert not any(feature.column in {"industry", "division", "period_end"} for feature in card.features)
        assert all(feature.column in COLUMNS[feature.domain] for feature in card.features)
