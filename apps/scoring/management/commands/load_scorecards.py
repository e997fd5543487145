"""`load_scorecards`: register the scorecards of a folder, each with its model card. Safe twice."""

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.core.errors import Invalid
from apps.scoring.services import register_scorecard

SHIPPED = Path(__file__).resolve().parents[4] / "demo" / "scorecards"


class Command(BaseCommand):
    help = "Registers <id>.json with <id>.model-card.json for every scorecard of FOLDER (default: demo/scorecards)."

    def add_arguments(self, parser: CommandParser) -> None:
        """The folder."""
        parser.add_argument("folder", nargs="?", type=Path, default=SHIPPED)

    def handle(self, *args: Any, folder: Path, **options: Any) -> None:
        files = sorted(path for path in folder.glob("*.json") if not path.name.endswith(".model-card.json"))
        if not files:
            raise CommandError(f"There is no scorecard in {folder}.")
        for path in files:
            self._register(path)

    def _register(self, path: Path) -> None:
        try:
            model_card = json.loads(path.with_suffix(".model-card.json").read_text(encoding="utf-8"))
            card, is_new = register_scorecard(text=path.read_bytes(), model_card=model_card)
        except FileNotFoundError as error:
            raise CommandError(f"{path.name} has no model card: {error.filename} is missing.") from error
        except (Invalid, json.JSONDecodeError) as error:
            raise CommandError(f"{path.name} cannot be registered: {error}") from error
        self.stdout.write(f"{card.card} v{card.version} {card.digest} {'registered' if is_new else 'known'}")
