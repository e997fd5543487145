"""Train the three scorecards of the demonstration: `python -m demo.train [--folder demo/scorecards]`.

Needs optbinning (requirements-dev.txt). Writes for each card `<id>.json`, the canonical document whose SM3 is the
card's digest, and `<id>.model-card.json`, what was measured. The same source gives the same bytes: a test trains again.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from demo.model_card import write_all

FOLDER = Path(__file__).parent / "scorecards"


def main() -> None:
    """Read the command line, train, measure and write."""
    parser = argparse.ArgumentParser(prog="python -m demo.train", description="Train the demonstration's scorecards.")
    parser.add_argument("--folder", type=Path, default=FOLDER)
    write_all(parser.parse_args().folder)


if __name__ == "__main__":
    main()
