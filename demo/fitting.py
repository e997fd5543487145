"""How the demonstration's scorecards are fitted; `python -m demo.train` does it.

Method. Bins by optbinning under the field's direction, each with at least 5 % of the rows and 30 bankruptcies; bounds
rounded to four digits; a missing value is a bin of its own at weight of evidence 0. The weights of the features are a
logistic regression on weights of evidence that is pulled towards one equal weight and kept above zero, because related
ratios would otherwise take opposite signs and a better value could cost points. Points are whole numbers: 600 at 19:1,
50 points double the odds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec
import numpy as np
import numpy.typing as npt
from optbinning import OptimalBinning
from scipy.optimize import minimize

from creditzone.kernel.credit.scorecard import plain_total
from creditzone.kernel.credit.validation import Scale
from creditzone.kernel.documents import Bin, Feature, Scorecard
from creditzone.kernel.domain import check_row, domain
from demo.polish import COLUMNS
from demo.split import PERIOD_END, Holding

Numbers = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

LEAST_SHARE = 0.05
LEAST_BADS = 30
EQUAL_WEIGHT = 0.2
PULL = 200.0
FOLDS = 5
SIZE = 29
"""The source's attribute that tells a firm's size: the logarithm of its total assets."""
SCALE = Scale()
GRADES = ("H", "G", "F", "E", "D", "C", "B", "A")
WORSE_SHARES = (0.04, 0.09, 0.18, 0.32, 0.52, 0.72, 0.88)
"""The share of the training rows below each cut: H is the worst 4 %, G the next 5 %, ... A the best 12 %. A grade has a
meaning on its own card only; the rate that was seen in it stands in the model card."""


@dataclass(frozen=True)
class Plan:
    """A ratio that a card may use: which way is better, and the reason that a firm with a poor value reads."""

    domain: str
    column: str
    direction: str
    reason: str


PLANS = {
    plan.column: plan
    for plan in (
        Plan("balance_sheet", "quick_ratio", "up", "F02"),
        Plan("balance_sheet", "accumulated_to_assets", "up", "F04"),
        Plan("balance_sheet", "debt_to_assets", "down", "F01"),
        Plan("balance_sheet", "cash_ratio", "up", "F05"),
        Plan("balance_sheet", "working_capital_to_fixed", "up", "F03"),
        Plan("profit_and_loss", "net_margin", "up", "F06"),
        Plan("profit_and_loss", "sales_margin", "up", "F06"),
        Plan("profit_and_loss", "three_year_profit", "up", "F07"),
        Plan("profit_and_loss", "sales_growth", "up", "F08"),
        Plan("profit_and_loss", "cost_share", "down", "F09"),
        Plan("turnover", "payable_days", "down", "F12"),
        Plan("turnover", "inventory_turnover", "up", "F11"),
        Plan("turnover", "fixed_asset_turnover", "up", "F13"),
    )
}
BANK = ("quick_ratio", "accumulated_to_assets", "debt_to_assets", "cash_ratio", "working_capital_to_fixed")
CENTRE = ("net_margin", "sales_margin", "three_year_profit", "sales_growth", "cost_share")
PLATFORM = ("payable_days", "inventory_turnover", "fixed_asset_turnover")


@dataclass(frozen=True)
class Design:
    """What a card is called and which ratios it uses."""

    id: str
    name: str
    name_en: str
    columns: tuple[str, ...]


DESIGNS = (
    Design(
        "bank-centre",
        "小微贷联合评分卡（银行、代码中心）",
        "Small-firm scorecard (bank, code centre)",
        BANK + CENTRE,
    ),
    Design(
        "bank-centre-platform",
        "小微贷联合评分卡（银行、代码中心、平台）",
        "Small-firm scorecard (bank, code centre, platform)",
        BANK[:4] + CENTRE[:4] + PLATFORM,
    ),
    Design(
        "zone-public",
        "专区公共评分卡（代码中心、平台）",
        "The zone's public scorecard (code centre, platform)",
        CENTRE + PLATFORM,
    ),
)


@dataclass(frozen=True)
class Rows:
    """Rows with known outcomes: every ratio by column, NaN where there is no value; `fold` is 0 to FOLDS - 1,
    `size` the logarithm of total assets, which no card uses."""

    columns: Mapping[str, Numbers]
    bad: Flags
    fold: npt.NDArray[np.int64]
    size: Numbers

    def only(self, chosen: Flags) -> Rows:
        """The chosen rows."""
        columns = {name: values[chosen] for name, values in self.columns.items()}
        return Rows(columns, self.bad[chosen], self.fold[chosen], self.size[chosen])

    def by_domain(self) -> dict[str, dict[str, Numbers]]:
        """The columns under the domain that holds them, as the kernel's functions take them."""
        return {name: {column: self.columns[column] for column in columns} for name, columns in COLUMNS.items()}


@dataclass(frozen=True)
class Binned:
    """A ratio cut into bins: bounds, the evidence of each bin, and how many rows were there."""

    plan: Plan
    bounds: tuple[float, ...]
    evidence: tuple[float, ...]
    rows: tuple[int, ...]
    bads: tuple[int, ...]
    missing_rows: int
    missing_bads: int

    def transform(self, values: Numbers) -> Numbers:
        """The weight of evidence of each value; 0 where there is none."""
        found = np.array(self.evidence)[np.searchsorted(np.array(self.bounds), values, side="right")]
        return np.where(np.isnan(values), 0.0, found)


def rows_of(holdings: Sequence[Holding]) -> Rows:
    """The rows whose values a node would accept; the source has a handful of impossible ones (negative sales)."""
    sound = [holding for holding in holdings if _is_sound(holding)]
    columns = {
        column: np.array([_number(holding.record.ratios[attribute - 1]) for holding in sound])
        for ratios in COLUMNS.values()
        for column, attribute in ratios.items()
    }
    bad = np.array([holding.record.bankrupt for holding in sound])
    fold = np.array([holding.record.draw("fold", FOLDS) for holding in sound])
    size = np.array([_number(holding.record.ratios[SIZE - 1]) for holding in sound])
    return Rows(columns, bad, fold, size)


def train(design: Design, rows: Rows) -> tuple[Scorecard, list[Binned]]:
    """The card of a design on training rows, and its bins."""
    binned = [bin_column(PLANS[column], rows) for column in design.columns]
    intercept, weights = weigh(binned, rows)
    card = Scorecard(
        zone="",
        id=design.id,
        version=1,
        name=design.name,
        name_en=design.name_en,
        domains=tuple(name for name in COLUMNS if any(found.plan.domain == name for found in binned)),
        features=tuple(
            _feature(found, weight, rows.columns[found.plan.column])
            for found, weight in zip(binned, weights, strict=True)
        ),
        base=round(SCALE.offset - SCALE.factor * intercept),
        cuts=(),
        grades=GRADES,
        trained_on=f"UCI 365, Polish companies bankruptcy (CC BY 4.0): {len(rows.bad)} past customers' rows, "
        f"{int(rows.bad.sum())} bankrupt within a year; released for the demonstration",
    )
    totals = plain_total(card, rows.by_domain())
    return msgspec.structs.replace(card, cuts=cuts_of(totals)), binned


def cuts_of(totals: npt.NDArray[np.int32]) -> tuple[int, ...]:
    """The totals at which the grades begin: of equal totals none is in a worse grade than another."""
    return tuple(int(cut) for cut in np.quantile(totals, WORSE_SHARES, method="higher"))


def bin_column(plan: Plan, rows: Rows) -> Binned:
    """Cut one ratio under the rules of the method."""
    values = rows.columns[plan.column]
    binning = OptimalBinning(
        name=plan.column,
        dtype="numerical",
        solver="cp",
        monotonic_trend="descending" if plan.direction == "up" else "ascending",
        min_bin_size=LEAST_SHARE,
        min_bin_n_event=LEAST_BADS,
        max_n_bins=8,
    )
    binning.fit(values, rows.bad.astype(int))
    bounds = sorted({float(f"{split:.4g}") for split in binning.splits})
    place = np.searchsorted(np.array(bounds), values, side="right")
    known = ~np.isnan(values)
    counts = [_counts(rows.bad[known & (place == index)]) for index in range(len(bounds) + 1)]
    goods_of_all, bads_of_all = (sum(count[end] for count in counts) for end in (0, 1))
    evidence = tuple(float(np.log((g / goods_of_all) / (b / bads_of_all))) for g, b in counts)
    sizes = tuple(good + bad for good, bad in counts)
    missing = rows.bad[~known]
    return Binned(plan, tuple(bounds), evidence, sizes, tuple(bad for _, bad in counts), *_sizes(missing))


def weigh(binned: Sequence[Binned], rows: Rows) -> tuple[float, Numbers]:
    """Intercept and weights of the log odds of bankruptcy: intercept - sum of weight x evidence."""
    evidence = np.stack([found.transform(rows.columns[found.plan.column]) for found in binned], axis=1)
    bad = rows.bad.astype(float)

    def loss(beta: Numbers) -> tuple[float, Numbers]:
        odds = beta[0] - evidence @ beta[1:]
        away = beta[1:] - EQUAL_WEIGHT
        error = 1 / (1 + np.exp(-odds)) - bad
        value = np.logaddexp(0, odds).sum() - (bad * odds).sum() + PULL / 2 * (away @ away)
        return float(value), np.concatenate([[error.sum()], -evidence.T @ error + PULL * away])

    start = np.concatenate([[0.0], np.full(len(binned), EQUAL_WEIGHT)])
    found = minimize(
        loss,
        start,
        jac=True,
        method="L-BFGS-B",
        bounds=[(None, None)] + [(0, None)] * len(binned),
        options={"maxiter": 5000, "ftol": 1e-14, "gtol": 1e-9},
    )
    return float(found.x[0]), found.x[1:]


def _feature(found: Binned, weight: float, values: Numbers) -> Feature:
    column = domain(found.plan.domain).column(found.plan.column)
    points = [round(SCALE.factor * weight * evidence) for evidence in found.evidence]
    bounds = [*(f"{bound:.10f}".rstrip("0").rstrip(".") for bound in found.bounds), None]
    total = sum(count * earned for count, earned in zip(found.rows, points, strict=True))
    return Feature(
        column=column.name,
        domain=found.plan.domain,
        label=column.zh,
        label_en=column.en,
        reason=found.plan.reason,
        direction="up" if found.plan.direction == "up" else "down",
        bins=tuple(Bin(below=bound, points=earned) for bound, earned in zip(bounds, points, strict=True)),
        missing=0,
        mean_points=round(total / len(values)),
    )


def _is_sound(holding: Holding) -> bool:
    for name in COLUMNS:
        unsigned = [""] * (len(domain(name).columns) - 2 - len(COLUMNS[name]))
        row = [holding.firm.uscc, PERIOD_END, *holding.record.values(name), *unsigned]
        if check_row(domain(name), row):
            return False
    return True


def _counts(bad: Flags) -> tuple[int, int]:
    return int((~bad).sum()), int(bad.sum())


def _sizes(bad: Flags) -> tuple[int, int]:
    return len(bad), int(bad.sum())


def _number(text: str) -> float:
    return float(text) if text else float("nan")
