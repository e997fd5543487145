"""What a card of the demonstration is worth: measured on rows that it never saw, written beside it as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from creditzone.kernel.credit import scorecard as credit
from creditzone.kernel.credit import validation
from creditzone.kernel.documents import Scorecard, digest_of, to_canonical
from demo.fitting import (
    BANK,
    CENTRE,
    DESIGNS,
    FOLDS,
    LEAST_BADS,
    LEAST_SHARE,
    PLANS,
    PLATFORM,
    SCALE,
    Binned,
    Rows,
    bin_column,
    rows_of,
    train,
    weigh,
)
from demo.split import held, training

UPLIFT_SETS: dict[str, tuple[str, ...]] = {
    "bank": BANK,
    "bank+centre": BANK + CENTRE,
    "bank+platform": BANK + PLATFORM,
    "bank+centre+platform": BANK + CENTRE + PLATFORM,
    "centre+platform": CENTRE + PLATFORM,
}
SIZES = (
    {"zh": "资产较小的三分之一", "en": "smallest third by assets"},
    {"zh": "资产居中的三分之一", "en": "middle third"},
    {"zh": "资产较大的三分之一", "en": "largest third"},
)
NOTES = (
    {
        "zh": "指标为真实企业的财务比率，企业名称、统一代码、行业与地区为演示虚构；训练行为“为演示公开”的往期客户数据，"
        "不来自任何节点的胶囊。",
        "en": "The ratios are those of real firms; names, codes, industries and divisions are invented. The training "
        "rows are past customers' rows released for the demonstration; none of them is in a node's capsule.",
    },
    {
        "zh": "破产企业取自 2000-2012 年，正常企业取自 2007-2013 年，两类年份不同，区分度可能因此偏高；没有跨期验证。",
        "en": "Bankrupt firms are of 2000-2012, healthy ones of 2007-2013: the years differ, so part of the "
        "discrimination may come from them. No out-of-time test is possible.",
    },
    {
        "zh": "结果含义为一年内破产率，不是贷款的违约概率；样本中破产占比约 7%，不代表任何一家银行的申请客群。",
        "en": "The outcome is bankruptcy within a year, not the probability that a loan defaults; 7 % of the sample "
        "went bankrupt, which stands for no bank's applicants.",
    },
    {
        "zh": "样本只含有结果的企业，没有被拒绝的申请，无法做拒绝推断。",
        "en": "The sample holds firms with a known outcome only: no refused applications, so no reject inference.",
    },
    {
        "zh": "行业与地区为演示分配，因此不按行业、地区报告；规模按真实总资产分三组报告。",
        "en": "Industries and divisions are assigned, so there are no figures by them; sizes are real, in thirds.",
    },
    {
        "zh": "缺失值单独成箱，按中性分（0 分）计，不奖不罚。"
        "来源数据中缺失营业收入同比的企业几乎都破产，这是收集方式造成的，不作为评分依据。",
        "en": "A missing value is a bin of its own at neutral points (0): neither reward nor penalty. In the source "
        "nearly every firm without a growth of sales went bankrupt: that comes from how it was collected, and scores "
        "nothing.",
    },
)


def write_all(folder: Path) -> None:
    """Train all cards and write each with its model card into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    past, unseen = rows_of(training()), rows_of(held())
    uplift = measure_uplift(rows_of([*training(), *held()]))
    for design in DESIGNS:
        card, binned = train(design, past)
        credit.require_sound(card)
        (folder / f"{card.id}.json").write_bytes(to_canonical(card))
        found = measure(card, binned, past=past, unseen=unseen) | {"uplift": uplift}
        text = json.dumps(found, ensure_ascii=False, indent=1, sort_keys=True)
        (folder / f"{card.id}.model-card.json").write_text(text + "\n", encoding="utf-8")


def measure(card: Scorecard, binned: Sequence[Binned], *, past: Rows, unseen: Rows) -> dict[str, Any]:
    """Everything about one card except the comparison of sets of parties."""
    totals = {name: credit.plain_total(card, rows.by_domain()) for name, rows in (("p", past), ("u", unseen))}
    return {
        "scorecard": card.id,
        "version": card.version,
        "digest": digest_of(card),
        "source": {
            "name": "Polish companies bankruptcy, UCI Machine Learning Repository 365, fifth year",
            "url": "https://archive.ics.uci.edu/dataset/365/polish+companies+bankruptcy+data",
            "licence": "CC BY 4.0",
        },
        "outcome": {"zh": "一年内破产", "en": "bankruptcy within a year"},
        "scale": {"points": SCALE.points, "odds": SCALE.odds, "pdo": SCALE.pdo},
        "rules": _rules(binned),
        "samples": {"training": _sample(past), "held": _sample(unseen)},
        "discrimination": {
            "training": discrimination(totals["p"], past.bad),
            "held": discrimination(totals["u"], unseen.bad),
        },
        "grades": grade_table(card, totals["u"], unseen.bad, before=totals["p"]),
        "stability": _rounded(validation.population_stability(_counts(card, totals["p"]), _counts(card, totals["u"]))),
        "parts": [_part(card, name, unseen) for name in card.domains],
        "segments": by_size(totals["u"], unseen),
        "bins": {f"{b.plan.domain}.{b.plan.column}": _bin_counts(b) for b in binned},
        "notes": list(NOTES),
    }


def discrimination(totals: npt.NDArray[np.int32], bad: npt.NDArray[np.bool_]) -> dict[str, Any]:
    """AUC, Gini and KS, each with its 95 % interval."""
    area = validation.auc(totals, bad)
    return {
        "auc": _estimate(area),
        "gini": _estimate(validation.gini(area)),
        "ks": _estimate(validation.ks(totals, bad)),
    }


def grade_table(
    card: Scorecard, totals: npt.NDArray[np.int32], bad: npt.NDArray[np.bool_], *, before: npt.NDArray[np.int32]
) -> list[dict[str, Any]]:
    """A row a grade, best first: the rate that the scale expects and the one that was seen, with its interval."""
    table = validation.band_table(totals, bad, bands=credit.band_of(card, totals), count=len(card.grades), scale=SCALE)
    shares = _counts(card, before) / max(len(before), 1)
    return [
        {
            "grade": card.grades[row.band],
            "from": card.cuts[row.band - 1] if row.band else None,
            "rows": row.rows,
            "share": _rounded(row.share),
            "training_share": _rounded(float(shares[row.band])),
            "bads": row.bads,
            "observed": _estimate(row.observed) if row.observed else None,
            "expected": _rounded(row.expected) if row.expected is not None else None,
        }
        for row in table
    ]


def by_size(totals: npt.NDArray[np.int32], rows: Rows) -> list[dict[str, Any]]:
    """Discrimination among the smaller, middling and larger third of the held firms. Divisions and industries are
    invented, so the same by division or industry would say nothing."""
    cuts = np.nanquantile(rows.size, [1 / 3, 2 / 3])
    third = np.searchsorted(cuts, rows.size, side="right")
    return [
        {
            **words,
            "rows": int((third == at).sum()),
            "bads": int(rows.bad[third == at].sum()),
            "auc": _estimate(validation.auc(totals[third == at], rows.bad[third == at])),
        }
        for at, words in enumerate(SIZES)
    ]


def measure_uplift(rows: Rows) -> dict[str, Any]:
    """AUC of each set of parties in five folds of all rows: bins and weights are made anew in each fold."""
    folds = [fold_areas(rows, fold) for fold in range(FOLDS)]
    areas = {name: [found[name] for found in folds] for name in UPLIFT_SETS}
    alone = np.array(areas["bank"])
    return {
        name: {
            "auc": _rounded(float(np.mean(found))),
            "folds": [_rounded(area) for area in found],
            "over_bank": _rounded(float(np.mean(np.array(found) - alone))),
            "over_bank_least": _rounded(float(np.min(np.array(found) - alone))),
            "over_bank_most": _rounded(float(np.max(np.array(found) - alone))),
        }
        for name, found in areas.items()
    }


def fold_areas(rows: Rows, fold: int) -> dict[str, float]:
    """AUC of each set of parties on one fold, trained on the others."""
    inside, outside = rows.only(rows.fold != fold), rows.only(rows.fold == fold)
    binned = {column: bin_column(PLANS[column], inside) for column in UPLIFT_SETS["bank+centre+platform"]}
    return {
        name: _area([binned[column] for column in columns], inside, outside) for name, columns in UPLIFT_SETS.items()
    }


def _area(binned: Sequence[Binned], inside: Rows, outside: Rows) -> float:
    _, weights = weigh(binned, inside)
    evidence = np.stack([found.transform(outside.columns[found.plan.column]) for found in binned], axis=1)
    scores = np.round(evidence @ weights * SCALE.factor * 100).astype(np.int32)
    return validation.auc(scores, outside.bad).value


def _part(card: Scorecard, name: str, rows: Rows) -> dict[str, Any]:
    """How much of the grade one party's points decide: their reach, their share of the total's spread, and the share
    of rows whose grade would be another if this party brought the mean to every row."""
    parts = {d: credit.part_of(card, d, rows.by_domain()[d]) for d in card.domains}
    totals = credit.total(card, list(parts.values()))
    level = np.full_like(parts[name], round(float(parts[name].mean())))
    without = credit.total(card, [level if d == name else part for d, part in parts.items()])
    least, most = credit.reach(card, name)
    spread = float(np.cov(parts[name], totals)[0, 1] / totals.var(ddof=1))
    changed = float((credit.band_of(card, totals) != credit.band_of(card, without)).mean())
    return {"domain": name, "least": least, "most": most, "spread": _rounded(spread), "changes": _rounded(changed)}


def _bin_counts(binned: Binned) -> dict[str, Any]:
    return {
        "rows": list(binned.rows),
        "bads": list(binned.bads),
        "missing_rows": binned.missing_rows,
        "missing_bads": binned.missing_bads,
    }


def _rules(binned: Sequence[Binned]) -> dict[str, Any]:
    rows, bads = (min(min(getattr(b, name)) for b in binned) for name in ("rows", "bads"))
    return {
        "least_share": LEAST_SHARE,
        "least_bads": LEAST_BADS,
        "smallest_bin_rows": rows,
        "smallest_bin_bads": bads,
        "loosened": [],
    }


def _sample(rows: Rows) -> dict[str, int]:
    return {"rows": len(rows.bad), "bads": int(rows.bad.sum())}


def _counts(card: Scorecard, totals: npt.NDArray[np.int32]) -> npt.NDArray[np.int64]:
    return np.bincount(credit.band_of(card, totals), minlength=len(card.grades)).astype(np.int64)


def _estimate(found: validation.Estimate) -> dict[str, float]:
    return {"value": _rounded(found.value), "low": _rounded(found.low), "high": _rounded(found.high)}


def _rounded(value: float) -> float:
    return round(value, 4)
