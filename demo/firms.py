"""Invented identities for the real rows: code, name, industry, division. No real firm is meant.

Codes pass both check digits and their body starts with XY; names have the division in front and a made-up core.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from creditzone.kernel.credit.uscc import ALPHABET, DEMONSTRATION_BODY, check_digit, inner_check_digit
from demo.polish import Record

CODES = Path(__file__).parents[1] / "apps" / "registry" / "data"
PROVINCES = ("42", "42", "42", "33", "32", "44")
"""Hubei for every second firm, else Zhejiang, Jiangsu or Guangdong."""

INDUSTRIES = (
    ("C1353", "食品"),
    ("C1411", "烘焙食品"),
    ("C1530", "茶业"),
    ("C1819", "服饰"),
    ("C2110", "家居"),
    ("C2231", "纸品包装"),
    ("C2319", "彩印"),
    ("C2926", "塑料制品"),
    ("C3021", "建材"),
    ("C3311", "钢构"),
    ("C3443", "阀门"),
    ("C3484", "精工机械"),
    ("C3525", "模具"),
    ("C3584", "医疗器械"),
    ("C3670", "汽车配件"),
    ("C3831", "电缆"),
    ("C3872", "照明"),
    ("C3989", "电子"),
    ("C4012", "仪表"),
    ("F5122", "商贸"),
    ("F5174", "五金贸易"),
    ("F5131", "纺织品贸易"),
    ("G5431", "物流"),
    ("G5432", "冷链物流"),
    ("I6513", "信息技术"),
)
_FIRST = "栖汀屿岚沐澜砚槿叙杳霁晞筱蘅芃沅湉珩玥珈"
_SECOND = "禾舟岫砾棠榆泊川野溪原屹简牧和麓帆樾苇桁"
_THIRD = ("", "", "源", "合", "行")


@dataclass(frozen=True)
class Firm:
    """What the public register says about a firm."""

    uscc: str
    name: str
    industry: str
    division: str
    status: str
    established: str


OWNER = Firm("91420100XY4K2F3X0P", "武汉临江精工机械有限公司", "C3484", "420100", "active", "2016-04-18")
"""The firm of the demonstration's SME owner."""


def firm_of(record: Record) -> Firm:
    """The identity assigned to a row: it depends on nothing but the row."""
    division, place = _division(record)
    industry, word = INDUSTRIES[record.draw("industry", len(INDUSTRIES))]
    core = _FIRST[record.draw("first", len(_FIRST))] + _SECOND[record.draw("second", len(_SECOND))]
    name = f"{place}{core}{_THIRD[record.draw('third', len(_THIRD))]}{word}有限公司"
    code = code_for("91", division, record.draw("code", 31**6))
    return Firm(code, name, industry, division, _status(record), _established(record))


def sole_trader(number: int, record: Record) -> Firm:
    """An individual business (92): a person in law, so scoring refuses it."""
    division, place = _division(record)
    core = _FIRST[record.draw("trader-first", len(_FIRST))] + _SECOND[record.draw("trader-second", len(_SECOND))]
    code = code_for("92", division, number)
    return Firm(code, f"{place}{core}便利店（个体工商户）", "F5226", division, "active", _established(record))


def code_for(kind: str, division: str, number: int) -> str:
    """A valid code of the demonstration for `number` below 31 to the sixth."""
    characters = ""
    for _ in range(6):
        number, value = divmod(number, 31)
        characters += ALPHABET[value]
    body = DEMONSTRATION_BODY + characters
    first = f"{kind}{division}{body}{inner_check_digit(body)}"
    return first + check_digit(first)


def _division(record: Record) -> tuple[str, str]:
    counties = _counties(PROVINCES[record.draw("province", len(PROVINCES))])
    return counties[record.draw("division", len(counties))]


@cache
def _counties(province: str) -> list[tuple[str, str]]:
    """(code of a county, name of its city without 市) for the cities of a province."""
    with (CODES / "gb2260_cities.csv").open(encoding="utf-8") as file:
        cities = {row["code"]: row["name"] for row in csv.DictReader(file) if row["provinceCode"] == province}
    with (CODES / "gb2260_areas.csv").open(encoding="utf-8") as file:
        return [
            (row["code"], cities[row["cityCode"]].removesuffix("市"))
            for row in csv.DictReader(file)
            if row["provinceCode"] == province and cities.get(row["cityCode"], "").endswith("市")
        ]


def _status(record: Record) -> str:
    drawn = record.draw("status", 200)
    return {0: "deregistered", 1: "revoked", 2: "moved_out"}.get(drawn, "active")


def _established(record: Record) -> str:
    year = 1998 + record.draw("year", 22)
    return f"{year}-{1 + record.draw('month', 12):02d}-{1 + record.draw('day', 28):02d}"
