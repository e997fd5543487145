import csv
import io

import pytest
from python_calamine import CalamineWorkbook

from apps.ui.exports import csv_lines, xlsx_bytes

HOSTILE = ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", "\r=1"]


@pytest.mark.parametrize("cell", HOSTILE)
def test_a_formula_in_a_cell_stays_words_in_csv(cell):
    text = "".join(csv_lines(["企业"], [[cell]]))
    rows = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline="")))
    assert rows[1] == ["'" + cell]


def test_codes_keep_their_leading_zeros_and_formulas_stay_words_in_xlsx():
    book = xlsx_bytes("结果", ["代码", "户数", "企业"], [["0042", 7, "=1+1"], ["-5", -5, None]])
    rows = CalamineWorkbook.from_filelike(io.BytesIO(book)).get_sheet_by_index(0).to_python()
    assert rows == [["代码", "户数", "企业"], ["0042", 7.0, "=1+1"], ["-5", -5.0, ""]]


def test_csv_says_that_it_is_utf_8():
    assert next(iter(csv_lines(["企业"], []))).startswith("\ufeff")
