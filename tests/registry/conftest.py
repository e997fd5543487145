"""A small register in the test database."""

from datetime import date

import pytest

from apps.registry.services import HEADER, Loaded, load_code_tables, load_register
from demo.firms import OWNER, code_for
from tests.set_up import as_set_up

AGENCY = "示范市市场监督管理局"
AS_OF = date(2026, 11, 1)


def record(code: str, name: str, **other: str) -> list[str]:
    """A line of the register, with what a test does not care about filled in."""
    line = {"industry": "C3484", "division": "420106", "status": "active", "established": "2016-04-18", **other}
    return [code, name, *(line[column] for column in HEADER[2:])]


FIRMS = [
    record(OWNER.uscc, OWNER.name, division="420100"),
    record(code_for("91", "420106", 1), "武汉栖禾食品有限公司", industry="C1411"),
    record(code_for("91", "420106", 2), "武汉栖禾食品二厂有限公司", status="revoked"),
    record(code_for("91", "330106", 3), "杭州汀舟电子有限公司", industry="C3989", division="330106"),
    record(code_for("92", "420106", 4), "武汉岚野便利店（个体工商户）", industry="F5226"),
]


def load(lines: list[list[str]], *, as_of: date = AS_OF) -> Loaded:
    """Load records as the set-up does."""
    with as_set_up():
        return load_register([list(HEADER), *lines], source=AGENCY, as_of=as_of)


@pytest.fixture
def register(zone):
    """Five firms and the code tables."""
    with as_set_up():
        load_code_tables()
    load(FIRMS)
