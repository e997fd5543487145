"""A column seen at once and its cells seen one by one come to the same: fast and slow checks never differ."""

from hypothesis import given
from hypothesis import strategies as st

from creditzone.kernel.credit.codes import all_valid, notices_of
from creditzone.kernel.credit.uscc import ALPHABET, InvalidUscc, check_digit, is_valid_uscc, parse_uscc
from creditzone.kernel.domain import check_columns, check_row, domain

codes = st.text(ALPHABET, min_size=17, max_size=17).map(lambda body: body + check_digit(body))
NUMBERS = ["1", "-1.5", "+2", ".5", "5.", ".", "+-1", "1e5", "1e100", "nan", "inf", "1_000", "0x1", "１"]
EDGES = ["1000.1", "-1000.1", "9142010012345678", "9.1E+17"]
DATES = ["2025-12-31", "2025-02-30", "2025-1-1", "二〇二五"]
LONG = ["9" * 18, "9" * 19, "-" + "9" * 18, "x" * 41]
odd = st.sampled_from([*NUMBERS, *EDGES, *DATES, *LONG, "", " ", "1 2", "\x01", "a\x7f"])
numbers = st.floats(-2000, 2000).map(lambda value: f"{value:.4f}")
cells = st.one_of(odd, numbers, codes, codes.map(str.lower), st.text(max_size=8))


@given(st.sampled_from(["turnover", "balance_sheet", "profit_and_loss"]), st.data())
def test_a_batch_has_the_faults_that_its_rows_have(name, data):
    found = domain(name)
    rows = data.draw(st.lists(st.lists(cells, min_size=len(found.columns), max_size=len(found.columns)), max_size=6))
    one_by_one = {at: faults for at, row in enumerate(rows) if (faults := check_row(found, row))}
    columns = [[row[at] for row in rows] for at in range(len(found.columns))]
    assert check_columns(found, columns) == one_by_one


@given(st.sampled_from(["turnover", "balance_sheet"]), st.data())
def test_sound_columns_are_sound_both_ways(name, data):
    found = domain(name)
    drawn = {"code": codes, "decimal": numbers.map(lambda text: text.lstrip("-")), "date": st.just("2025-12-31")}
    rows = [[data.draw(drawn.get(one.type, st.just("甲"))) for one in found.columns] for _ in range(3)]
    one_by_one = {at: faults for at, row in enumerate(rows) if (faults := check_row(found, row))}
    assert check_columns(found, [list(column) for column in zip(*rows, strict=True)]) == one_by_one


@given(st.lists(st.one_of(codes, cells), max_size=8))
def test_codes_are_valid_together_if_each_is(texts):
    assert all_valid(texts) == all(is_valid_uscc(text) for text in texts)


@given(st.lists(codes, max_size=8))
def test_what_is_unusual_is_counted_as_one_by_one(texts):
    def warnings(text: str) -> list[str]:
        try:
            return [str(one) for one in parse_uscc(text).warnings]
        except InvalidUscc:
            return []

    counted = [str(notice) for notice, number in notices_of(texts).items() for _ in range(number)]
    assert sorted(counted) == sorted(one for text in texts for one in warnings(text))
