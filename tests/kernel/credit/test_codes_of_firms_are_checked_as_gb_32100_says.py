"""Mod 31 decides; GB 11714, unknown divisions and kinds only warn; 92 is a person; spreadsheets are recognised."""

import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from creditzone.kernel.credit.uscc import (
    ALPHABET,
    SENTENCES,
    InvalidUscc,
    Notice,
    Reason,
    check_digit,
    inner_check_digit,
    is_person,
    is_valid_uscc,
    parse_uscc,
)

# Codes of listed companies, from their filings.
REAL = (
    "91520000214433792D",
    "916200002243725832",
    "9113000010436487XC",
    "9132050071410168X2",
    "91511500MA62A0WM8P",
    "91310114MA1GT35K5B",
    "91513400MA62H8UQ8Q",
)
FIRM = "91420100XY4K2F3X0P"
LISTED = Path(__file__).resolve().parents[4] / "shared" / "data" / "uscc" / "listed_companies_part.csv"

body17 = st.text(ALPHABET, min_size=17, max_size=17)


@pytest.mark.parametrize("code", [*REAL, FIRM])
def test_real_codes_are_valid(code):
    assert parse_uscc(code).code == code
    assert is_valid_uscc(code)


@pytest.mark.parametrize("code", [*REAL, FIRM])
def test_one_wrong_character_anywhere_is_noticed(code):
    for place in range(18):
        for other in ALPHABET:
            if other != code[place]:
                changed = code[:place] + other + code[place + 1 :]
                with pytest.raises(InvalidUscc) as refused:
                    parse_uscc(changed)
                assert refused.value.reason is Reason.CHECK


@pytest.mark.parametrize("code", REAL)
def test_two_neighbours_exchanged_are_noticed(code):
    for place in range(17):
        if code[place] != code[place + 1]:
            changed = code[:place] + code[place + 1] + code[place] + code[place + 2 :]
            assert not is_valid_uscc(changed)


def test_every_place_has_a_weight_of_its_own_in_these_examples():
    for place in range(17):
        assert any(ALPHABET.index(code[place]) for code in REAL)


@pytest.mark.parametrize("code", REAL)
def test_the_inner_check_digit_of_real_codes_is_that_of_gb_11714(code):
    assert inner_check_digit(code[8:16]) == code[16]
    assert parse_uscc(code).warnings == ()


@given(body17)
def test_every_body_has_exactly_one_check_digit(body):
    assert [digit for digit in ALPHABET if is_valid_uscc(body + digit)] == [check_digit(body)]


WRONG = [
    ("", Reason.LENGTH),
    (FIRM[:17], Reason.LENGTH),
    (FIRM + "0", Reason.LENGTH),
    (FIRM[:8] + "I" + FIRM[9:], Reason.CHARACTER),
    (FIRM[:8] + "Ｘ" + FIRM[9:], Reason.CHARACTER),
    (FIRM[:8] + "\0" + FIRM[9:], Reason.CHARACTER),
    ("9.14201E+17", Reason.MANGLED),
    ("914201001234567000.0", Reason.MANGLED),
    ("91420100123456700", Reason.MANGLED),
    (FIRM[:17] + "Q", Reason.CHECK),
]


@pytest.mark.parametrize(("text", "reason"), WRONG)
def test_what_is_no_code_says_why(text, reason):
    with pytest.raises(InvalidUscc) as refused:
        parse_uscc(text)
    assert refused.value.reason is reason
    assert refused.value.sentence("zh") != refused.value.sentence("en")


def test_blanks_around_and_lower_case_are_forgiven_and_nothing_else():
    assert parse_uscc(f"  {FIRM.lower()}\n").code == FIRM
    assert not is_valid_uscc(FIRM.lower())
    with pytest.raises(InvalidUscc):
        parse_uscc(FIRM[:9] + " " + FIRM[9:])


def with_check(body: str) -> str:
    return body + check_digit(body)


def test_a_wrong_inner_digit_only_warns():
    wrong = next(digit for digit in "0123456789X" if digit != inner_check_digit("XY4K2F3X"))
    assert parse_uscc(with_check(f"91420100XY4K2F3X{wrong}")).warnings == (Notice.INNER_CHECK,)
    assert parse_uscc(FIRM).warnings == ()


def test_an_unknown_division_only_warns_and_a_given_table_decides():
    odd = with_check(f"91990100XY4K2F3X{inner_check_digit('XY4K2F3X')}")
    assert parse_uscc(odd).warnings == (Notice.UNKNOWN_DIVISION,)
    assert parse_uscc(FIRM, divisions={"420106"}).warnings == (Notice.UNKNOWN_DIVISION,)
    assert parse_uscc(FIRM, divisions={"420100"}).warnings == ()
    ministry = with_check(f"91100000XY4K2F3X{inner_check_digit('XY4K2F3X')}")
    assert parse_uscc(ministry, divisions={"420100"}).warnings == ()


def test_an_unknown_kind_only_warns():
    assert Notice.UNKNOWN_KIND in parse_uscc(with_check("99420100XY4K2F3X0")).warnings


def test_individual_businesses_are_persons_and_cooperatives_are_not():
    assert [is_person(with_check(f"{kind}420100XY4K2F3X0")) for kind in ("91", "92", "93")] == [False, True, False]


def test_every_reason_has_a_sentence_in_both_languages():
    assert {*Reason, *Notice} == SENTENCES.keys()
    assert all(words["zh"] and words["en"] for words in SENTENCES.values())


def test_thousands_of_real_codes_are_valid():
    if not LISTED.exists():
        pytest.skip("the list of listed companies has no licence to be shipped and is not here")
    with LISTED.open(encoding="utf-8") as file:
        codes = [row["uscc"] for row in csv.DictReader(file) if row["uscc"]]
    assert len(codes) > 2_000
    assert all(is_valid_uscc(code) for code in codes)
