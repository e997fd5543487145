"""A code that stood before is found exactly, whatever else it resembles, and what is kept of it is small."""

import random
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from creditzone.kernel.credit.codes import pairs_of
from creditzone.kernel.credit.uscc import ALPHABET, check_digit
from creditzone.kernel.domain import domain
from creditzone.kernel.intake import seen
from creditzone.kernel.intake.measure import Count
from creditzone.kernel.intake.seen import Seen

alike = st.builds(
    lambda head, tail: head * 8 + tail * 9 + check_digit(head * 8 + tail * 9),
    *(st.sampled_from(ALPHABET), st.sampled_from("01XY")),
)
anything = st.text(ALPHABET, min_size=17, max_size=17).map(lambda body: body + check_digit(body))
batches = st.lists(st.lists(alike | anything, max_size=12), max_size=12)


@given(batches)
def test_it_says_what_a_set_would(several):
    kept, ours = set(), Seen()
    for batch in several:
        assert ours.among(batch) == [code in kept for code in batch]
        new = set(batch) - kept
        ours.add(list(new))
        kept |= new


def test_codes_that_share_a_mark_or_most_of_their_characters_are_told_apart():
    """With every mark taken, only the runs decide."""
    ours, codes = Seen(), _codes(3000)
    ours.add(codes)
    ours._marks[:] = 255
    others = [code for code in _codes(6000) if code not in set(codes)]
    assert not any(ours.among(others))
    assert all(ours.among(codes))
    near = [code[:16] + other + check_digit(code[:16] + other) for code in codes[:300] for other in ALPHABET]
    assert ours.among(near) == [code in set(codes) for code in near]


def test_codes_whose_marks_lie_in_one_byte_are_all_marked(monkeypatch):
    monkeypatch.setattr(seen, "_MARKS", 14)
    ours, codes = Seen(), _codes(3000)
    for at in range(0, len(codes), 500):
        assert not any(ours.among(codes[at : at + 500]))
        ours.add(codes[at : at + 500])
    assert all(ours.among(codes))


def test_every_code_has_a_pair_of_its_own_up_to_the_last():
    first, last = "0" * 17, "Y" * 17
    codes = [body + check_digit(body) for body in (first, last, last[:7] + first[:10], first[:8] + last[:9])]
    pairs = pairs_of(codes)
    assert [(int(pair.real), int(pair.imag)) for pair in pairs] == [
        (_number(code[:8]), _number(code[8:])) for code in codes
    ]
    with pytest.raises(ValueError, match="valid"):
        pairs_of(["short"])


def test_a_code_costs_sixteen_bytes_beside_what_a_short_file_costs_too(monkeypatch):
    monkeypatch.setattr(seen, "_RUN_LIMIT", 1 << 15)
    codes = _codes(200_000)
    tracemalloc.start()
    ours = Seen()
    fixed = tracemalloc.get_traced_memory()[0]
    tracemalloc.reset_peak()
    for at in range(0, len(codes), 5000):
        ours.add(codes[at : at + 5000])
    kept, peak = (size - fixed for size in tracemalloc.get_traced_memory())
    tracemalloc.stop()
    assert kept < 17 * len(codes)
    assert peak < 17 * len(codes) + 64 * (1 << 15)


def test_a_row_with_another_fault_does_not_make_a_later_one_repeated():
    """The first sound row of a code stays; what repeats it, in its batch or after, does not."""
    found = domain("turnover")
    count = Count(found)
    code, other = _codes(2)

    def faults(*rows):
        columns = [[] for _ in found.columns]
        for at, column in enumerate(found.columns):
            fixed = {"uscc": [row[0] for row in rows], "period_end": [row[1] for row in rows]}
            columns[at] = fixed.get(column.name, ["1.5"] * len(rows))
        said = count.faults_of(columns)
        assert columns[found.key_index] == [row[0].upper() for row in rows]
        return {row: [fault.reason for fault in those] for row, those in said.items()}

    day, wrong = "2025-12-31", "2025-02-30"
    assert faults((code, wrong), (code, day), (code.lower(), day), (code, wrong)) == {
        0: ["date"],
        2: ["key-repeated"],
        3: ["date", "key-repeated"],
    }
    assert faults((other, day), (code, day)) == {1: ["key-repeated"]}
    assert faults((other, day)) == {0: ["key-repeated"]}


def _codes(number):
    draw = random.Random(number)
    found = {"".join(draw.choices(ALPHABET, k=17)) for _ in range(number)}
    return [body + check_digit(body) for body in sorted(found)]


def _number(text):
    value = 0
    for character in text:
        value = value * 31 + ALPHABET.index(character)
    return value
