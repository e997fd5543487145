"""The shipped scorecards, registered as the set-up registers them."""

import json
from pathlib import Path
from typing import Any

import pytest

from apps.scoring.models import Scorecard
from apps.scoring.services import register_scorecard
from tests.set_up import as_set_up

FOLDER = Path(__file__).resolve().parents[2] / "demo" / "scorecards"
NAMES = ("bank-centre", "bank-centre-platform", "zone-public")


def shipped(name: str) -> tuple[bytes, dict[str, Any]]:
    """A shipped card's canonical bytes and its model card."""
    model_card = json.loads((FOLDER / f"{name}.model-card.json").read_text(encoding="utf-8"))
    return (FOLDER / f"{name}.json").read_bytes(), model_card


def register(text: bytes, model_card: dict[str, Any]) -> tuple[Scorecard, bool]:
    """Register a card as the set-up does."""
    with as_set_up():
        return register_scorecard(text=text, model_card=model_card)


@pytest.fixture
def cards(zone) -> dict[str, Scorecard]:
    """The three shipped cards by name."""
    return {name: register(*shipped(name))[0] for name in NAMES}
