"""Split the source among the holders of the demonstration: `python -m demo.split FOLDER [--as-of YYYY-MM-DD]`.

Each row's place depends on the row alone, so the files are the same on every machine; only the dates of the
authorisations follow `--as-of` (default: today). Written to FOLDER:

training.csv         past customers: all three holders' columns and the outcome, released for the demonstration
balance_sheet.csv    what the bank seals: its applicants, with their authorisations
profit_and_loss.csv  what the code centre seals
turnover.csv         what the platform seals
registry.csv         the public register of all firms
held.csv             every row that is not in training.csv, with its outcome: for the model cards and tests only

No row of training.csv is in a file that a node seals. What is invented and what is real stands in data/SOURCES.md.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cache
from pathlib import Path

from creditzone.kernel.domain import domain
from creditzone.kernel.sm import sm3
from demo.firms import OWNER, Firm, firm_of, sole_trader
from demo.polish import COLUMNS, Record, records

TRAINING_SHARE = 0.6
HOLDERS = {"balance_sheet": 68, "profit_and_loss": 86, "turnover": 72}
"""Of a hundred firms that nodes may hold, how many each holder knows."""
PERIOD_END = "2025-12-31"
SOLE_TRADERS = 12

Row = list[str]


@dataclass(frozen=True)
class Holding:
    """A firm of the demonstration: its row of the source and its invented identity."""

    record: Record
    firm: Firm

    def is_held_by(self, name: str) -> bool:
        """Whether this holder knows the firm. Everyone knows the SME owner's."""
        return self.firm.uscc == OWNER.uscc or self.record.draw(f"holder {name}", 100) < HOLDERS[name]


def training() -> list[Holding]:
    """Past customers: 60 of a hundred firms of either outcome."""
    return _split()[0]


def held() -> list[Holding]:
    """All other firms: what nodes may seal and grade."""
    return _split()[1]


@cache
def _split() -> tuple[list[Holding], list[Holding]]:
    chosen: set[int] = set()
    everyone = records()
    for bankrupt in (False, True):
        group = sorted((r for r in everyone if r.bankrupt is bankrupt), key=lambda r: r.draw("training", 2**63))
        chosen.update(record.number for record in group[: round(len(group) * TRAINING_SHARE)])
    firms = _identities(everyone)
    owner = next(r.number for r in everyone if r.number not in chosen and _fits_owner(r))
    firms[owner] = OWNER
    holdings = [Holding(record, firms[record.number]) for record in everyone]
    inside = [holding for holding in holdings if holding.record.number in chosen]
    return inside, [holding for holding in holdings if holding.record.number not in chosen]


def _identities(everyone: Sequence[Record]) -> dict[int, Firm]:
    """A firm for each row; a name that is taken gets a number of its own."""
    firms: dict[int, Firm] = {}
    taken: dict[str, int] = {OWNER.name: 1}
    for record in everyone:
        firm = firm_of(record)
        taken[firm.name] = taken.get(firm.name, 0) + 1
        if taken[firm.name] > 1:
            suffix = "二三四五六七八九十"[taken[firm.name] - 2]
            firm = replace(firm, name=firm.name.replace("有限公司", f"（{suffix}厂）有限公司"))
        firms[record.number] = firm
    return firms


def _fits_owner(record: Record) -> bool:
    """A sound, middling firm with every value: thin margin, somewhat slow payer, so that advice has a point."""
    known = all(value for name in COLUMNS for value in record.values(name))
    if record.bankrupt or not known:
        return False
    margin, payable = (float(record.ratios[attribute - 1]) for attribute in (23, 62))
    return 0.0 < margin < 0.02 and 90 < payable < 140


def split(folder: Path, *, as_of: date) -> None:
    """Write all files of the demonstration into `folder`, which is made if it is not there."""
    folder.mkdir(parents=True, exist_ok=True)
    _write(folder / "training.csv", _outcome_header(), (_outcome_row(holding) for holding in training()))
    _write(folder / "held.csv", _outcome_header(), (_outcome_row(holding) for holding in held()))
    for name in COLUMNS:
        _write(folder / f"{name}.csv", domain(name).names, sealed_rows(name, as_of=as_of))
    write_register(folder / "registry.csv")


def write_register(path: Path) -> None:
    """Write the public register alone; `manage.py load_registry --firms` reads it."""
    _write(path, REGISTER_HEADER, register_rows())


def sealed_rows(name: str, *, as_of: date) -> list[Row]:
    """The rows that the holder of the domain `name` uploads. The code centre's include the broken ones below."""
    rows = [
        [holding.firm.uscc, PERIOD_END, *holding.record.values(name)]
        for holding in sorted(held(), key=lambda holding: holding.firm.uscc)
        if holding.is_held_by(name)
    ]
    if name == "balance_sheet":
        keyed = {holding.firm.uscc: holding for holding in held()}
        return [row + authorisation(keyed[row[0]], as_of=as_of) for row in rows]
    return _with_broken(rows) if name == "profit_and_loss" else rows


def authorisation(holding: Holding, *, as_of: date) -> Row:
    """Number, digest and expiry of the applicant's authorisation: 6 of a hundred have none, 5 an expired one."""
    drawn = holding.record.draw("authorisation", 100)
    if holding.firm.uscc != OWNER.uscc and drawn < 6:
        return ["", "", ""]
    number = f"SQ-{holding.record.draw('authorisation number', 10**8):08d}"
    days = holding.record.draw("expiry", 60)
    expired = holding.firm.uscc != OWNER.uscc and drawn < 11
    expiry = as_of - timedelta(days=1 + days) if expired else as_of + timedelta(days=400 + days)
    return [number, sm3.digest(f"{number} {holding.firm.uscc}".encode()), expiry.isoformat()]


def _with_broken(rows: list[Row]) -> list[Row]:
    """The code centre's file with eight broken copies of its first rows among the others, so that its quarantine shows
    something: what each of them breaks is what uploads break in practice."""
    wrong_digit, short, mangled, empty, word, comma, grown, again = (list(row) for row in rows[:8])
    wrong_digit[0] = wrong_digit[0][:17] + ("0" if wrong_digit[0][17] != "0" else "1")
    short[0] = short[0][:17]
    mangled[0] = f"{int(hashlib.sha256(mangled[0].encode()).hexdigest()[:4], 16) / 1e4 + 1:.5f}E+17"
    empty[0] = ""
    word[2] = "暂无"
    comma[6] = "1,204.50"
    grown[10] = "-1.3"
    broken = [wrong_digit, short, mangled, empty, word, comma, grown, again]
    step = len(rows) // (len(broken) + 1)
    for place, row in enumerate(broken, start=1):
        rows = [*rows[: place * step], row, *rows[place * step :]]
    return rows


REGISTER_SOURCE = "江城市市场监督管理局"
REGISTER_AS_OF = "2026-06-30"
REGISTER_HEADER = ("uscc", "name", "industry", "division", "status", "established")


def register_rows() -> list[Row]:
    """The public register: every firm of both parts, and a few individual businesses."""
    firms = [holding.firm for holding in (*training(), *held())]
    traders = [sole_trader(number, record) for number, record in enumerate(records()[:SOLE_TRADERS], start=1)]
    listed = sorted([*firms, *traders], key=lambda firm: firm.uscc)
    return [[f.uscc, f.name, f.industry, f.division, f.status, f.established] for f in listed]


def _outcome_header() -> list[str]:
    return ["uscc", *(column for columns in COLUMNS.values() for column in columns), "bankrupt_within_a_year"]


def _outcome_row(holding: Holding) -> Row:
    values = [value for name in COLUMNS for value in holding.record.values(name)]
    return [holding.firm.uscc, *values, str(int(holding.record.bankrupt))]


def _write(path: Path, header: Sequence[str], rows: Iterable[Row]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def main() -> None:
    """Read the command line and write the files."""
    parser = argparse.ArgumentParser(prog="python -m demo.split", description="Write the demonstration's files.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--as-of", type=date.fromisoformat, default=None, help="day that authorisations count from")
    arguments = parser.parse_args()
    split(arguments.folder, as_of=arguments.as_of or date.today())  # noqa: DTZ011


if __name__ == "__main__":
    main()
