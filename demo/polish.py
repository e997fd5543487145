"""The Polish bankruptcy file (UCI 365, CC BY 4.0): real ratios as text, and who went bankrupt in a year."""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass
from pathlib import Path

SOURCE = Path(__file__).parent / "data" / "polish_5year.arff.gz"

# Which of the file's 64 ratios each holder has, under our column's name. A ratio is given to whoever could calculate it
# in its own records; ratios that mix two holders' records (profit to liabilities, say) are given to nobody.
COLUMNS: dict[str, dict[str, int]] = {
    "balance_sheet": {
        "debt_to_assets": 2,
        "current_ratio": 4,
        "quick_ratio": 46,
        "cash_ratio": 40,
        "working_capital_to_assets": 3,
        "working_capital_to_fixed": 28,
        "retained_to_assets": 6,
        "accumulated_to_assets": 25,
        "equity_to_assets": 10,
        "equity_to_liabilities": 8,
        "short_debt_to_assets": 51,
        "long_debt_to_equity": 59,
    },
    "profit_and_loss": {
        "net_margin": 23,
        "sales_margin": 39,
        "gross_margin": 56,
        "operating_margin": 42,
        "return_on_assets": 1,
        "operating_return": 22,
        "sales_return": 35,
        "three_year_profit": 24,
        "sales_growth": 21,
        "cost_share": 58,
        "interest_cover": 27,
    },
    "turnover": {
        "asset_turnover": 36,
        "fixed_asset_turnover": 64,
        "receivable_days": 44,
        "inventory_days": 20,
        "inventory_cost_days": 47,
        "payable_days": 62,
        "payable_cost_days": 32,
        "receivable_turnover": 61,
        "inventory_turnover": 60,
        "short_debt_turnover": 63,
    },
}


@dataclass(frozen=True)
class Record:
    """One firm of the source: its 64 ratios as they are written there ("" where missing) and its outcome."""

    number: int
    ratios: tuple[str, ...]
    bankrupt: bool

    def values(self, domain: str) -> list[str]:
        """The ratios of one holder, in the order of COLUMNS."""
        return [self.ratios[attribute - 1] for attribute in COLUMNS[domain].values()]

    def draw(self, purpose: str, among: int) -> int:
        """A number below `among` that depends on the firm's own row and the purpose only."""
        seed = f"{purpose}|{','.join(self.ratios)}|{int(self.bankrupt)}".encode()
        return int.from_bytes(hashlib.sha256(seed).digest()[:8]) % among


def records() -> list[Record]:
    """The 5,850 different firms of the file, in its order: 60 rows are repetitions and are left out."""
    with gzip.open(SOURCE, "rt", encoding="ascii") as file:
        lines = [line.strip() for line in file]
    rows = [line for line in lines[lines.index("@data") + 1 :] if line]
    return [_record(number, row) for number, row in enumerate(dict.fromkeys(rows), start=1)]


def _record(number: int, row: str) -> Record:
    *ratios, outcome = row.split(",")
    return Record(number, tuple("" if ratio == "?" else ratio for ratio in ratios), outcome == "1")
