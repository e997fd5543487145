"""Codes in words, source and date beside every fact, warnings where a code is unusual, the same 404 for all."""

import pytest

from creditzone.kernel.credit.uscc import check_digit
from demo.firms import OWNER, code_for
from tests.registry.conftest import AGENCY, load, record


def page(zone, code: str) -> str:
    return zone.client("bank").get(f"/registry/{code}/").content.decode()


def test_industry_and_division_are_written_out_with_their_source_and_day(zone, register):
    text = page(zone, OWNER.uscc)
    for words in (
        "制造业",
        "机械零部件加工（C3484）",
        "湖北省",
        "武汉市（420100）",
        AGENCY,
        "2026-11-01",
        "public by law",
    ):
        assert words in text


def test_an_individual_business_is_named_a_person_and_why_scoring_refuses_it(zone, register):
    assert "scoring refuses the code" in page(zone, code_for("92", "420106", 4))
    assert "scoring refuses the code" not in page(zone, OWNER.uscc)


def test_an_unusual_code_warns_and_a_code_no_longer_in_the_tables_is_shown_as_it_is(zone, register):
    body = "91429999XY4K2F3X9"
    code = body + check_digit(body)
    load([record(code, "武汉旧区划有限公司", industry="Z9999", division="429999")])
    text = page(zone, code)
    assert "The inner check digit (GB 11714) does not fit" in text
    assert "The division is not in the present table" in text
    assert "Z9999" in text


@pytest.mark.parametrize("code", ["91420106XY0000000X", "nonsense", "%00"])
def test_what_is_not_there_is_one_designed_page(zone, register, code):
    assert zone.client("bank").get(f"/registry/{code}/").status_code == 404
