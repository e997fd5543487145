"""Every domain that ships is sound; a row's faults name column and reason and never the value."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from creditzone.kernel.domain import Fault, UnknownDomain, check_header, check_row, domain, domains, sentence_of
from creditzone.kernel.domain.check import REASONS
from creditzone.kernel.domain.model import GROUNDS, parse_domain
from demo.firms import OWNER

TURNOVER = domain("turnover")
ROW = [OWNER.uscc, "2025-12-31", *["1.5"] * (len(TURNOVER.columns) - 2)]


def row(**fields: str) -> list[str]:
    return [fields.get(name, value) for name, value in zip(TURNOVER.names, ROW, strict=True)]


def test_the_three_domains_ship_with_words_ground_and_level_for_every_column():
    assert set(domains()) >= {"balance_sheet", "profit_and_loss", "turnover"}
    for found in domains().values():
        assert found.level == max(column.level for column in found.columns)
        assert all(column.zh and column.en and column.ground in GROUNDS for column in found.columns)
    assert domain("balance_sheet").bears_authorisations
    assert not TURNOVER.bears_authorisations
    with pytest.raises(UnknownDomain):
        domain("loans")


def test_a_sound_row_and_a_row_of_missing_values_have_no_fault():
    assert check_row(TURNOVER, ROW) == []
    assert check_row(TURNOVER, [OWNER.uscc, "2025-12-31", *[""] * (len(TURNOVER.columns) - 2)]) == []


FAULTS = [
    ({"uscc": ""}, "uscc", "required"),
    ({"uscc": "  "}, "uscc", "required"),
    ({"uscc": OWNER.uscc[:-1]}, "uscc", "uscc-length"),
    ({"uscc": "9.14201E+17"}, "uscc", "uscc-mangled"),
    ({"uscc": OWNER.uscc[:-1] + "A"}, "uscc", "uscc-check"),
    ({"period_end": ""}, "period_end", "required"),
    ({"period_end": "2025-02-29"}, "period_end", "date"),
    ({"period_end": "31.12.2025"}, "period_end", "date"),
    ({"period_end": "２０２５-12-31"}, "period_end", "date"),
    ({"asset_turnover": "-0.1"}, "asset_turnover", "too-small"),
    ({"asset_turnover": "1e9"}, "asset_turnover", "too-large"),
    ({"asset_turnover": "1,5"}, "asset_turnover", "number"),
    ({"asset_turnover": "1 204"}, "asset_turnover", "number"),
    ({"asset_turnover": "NaN"}, "asset_turnover", "number"),
    ({"asset_turnover": "inf"}, "asset_turnover", "number"),
    ({"asset_turnover": "1e999"}, "asset_turnover", "number"),
    ({"asset_turnover": "0x10"}, "asset_turnover", "number"),
    ({"asset_turnover": "1_000"}, "asset_turnover", "number"),
    ({"asset_turnover": "١.٥"}, "asset_turnover", "number"),
    ({"asset_turnover": "=1+1"}, "asset_turnover", "number"),
    ({"asset_turnover": "暂无"}, "asset_turnover", "number"),
]


@pytest.mark.parametrize(("fields", "column", "reason"), FAULTS)
def test_a_fault_names_column_and_reason(fields, column, reason):
    assert check_row(TURNOVER, row(**fields)) == [Fault(column, reason)]


@pytest.mark.parametrize("written", ["0", "+1.5", " 1.5 ", ".5", "5.", "1.5E-3", "00012"])
def test_numbers_as_people_write_them_are_taken(written):
    assert check_row(TURNOVER, row(asset_turnover=written)) == []


def test_every_fault_of_a_row_is_named_and_a_row_of_another_width_only_that():
    many = check_row(TURNOVER, row(uscc="x", asset_turnover="-1", payable_days="y"))
    assert [fault.column for fault in many] == ["uscc", "asset_turnover", "payable_days"]
    assert check_row(TURNOVER, ROW[:-1]) == check_row(TURNOVER, [*ROW, ""]) == [Fault("", "column-count")]


def test_texts_have_a_length_and_no_control_characters():
    sheet = domain("balance_sheet")

    def fault_of(number: str) -> list[Fault]:
        line = [OWNER.uscc, "2025-12-31", *[""] * (len(sheet.columns) - 2)]
        line[sheet.names.index("authorisation_no")] = number
        return check_row(sheet, line)

    assert fault_of("SQ-1") == []
    assert fault_of("x" * 41) == [Fault("authorisation_no", "too-long")]
    assert fault_of("SQ\0-1") == [Fault("authorisation_no", "control-character")]


@given(st.lists(st.text(max_size=30), min_size=len(ROW), max_size=len(ROW)))
def test_no_text_whatever_breaks_the_check_and_no_fault_repeats_it(cells):
    for fault in check_row(TURNOVER, cells):
        assert fault.column in TURNOVER.names
        assert fault.reason in REASONS


def test_a_header_stands_in_any_order_with_every_column_once():
    assert check_header(TURNOVER, list(TURNOVER.names)[::-1]) == []
    assert check_header(TURNOVER, [name.upper() for name in TURNOVER.names]) == []
    assert check_header(TURNOVER, TURNOVER.names[1:]) == [Fault("uscc", "header-missing")]
    assert check_header(TURNOVER, [*TURNOVER.names, "salary"]) == [Fault("salary", "header-unknown")]
    assert check_header(TURNOVER, [*TURNOVER.names, "uscc"]) == [Fault("uscc", "header-duplicate")]


def test_every_reason_is_said_in_both_languages():
    assert all(sentence_of(reason, "zh-hans") != sentence_of(reason, "en") for reason in REASONS)


def changed(**fields: object) -> bytes:
    column = {"name": "uscc", "zh": "代码", "en": "Code", "type": "code", "required": True}
    column |= {"ground": "public_disclosure", "level": 1}
    other = {"name": "x", "zh": "值", "en": "Value", "type": "decimal", "ground": "firm_authorisation", "level": 3}
    whole = {"id": "test", "version": 1, "zh": "测试", "en": "Test", "about_zh": "", "about_en": "", "key": "uscc"}
    return json.dumps(whole | {"columns": [column, other | fields]}).encode()


SELF_CONTRADICTIONS = [
    {"name": "uscc"},
    {"type": "money"},
    {"colour": "red"},
    {"level": 5},
    {"ground": "because"},
    {"type": "text"},
    {"type": "text", "max_length": 5, "min": "0"},
    {"min": "a lot"},
    {"max_length": 5},
]


@pytest.mark.parametrize("fields", SELF_CONTRADICTIONS)
def test_a_file_that_contradicts_itself_is_refused(fields):
    parse_domain(changed())
    with pytest.raises(ValueError):
        parse_domain(changed(**fields))
