"""The holders' files: real values, invented firms, training apart from what nodes seal, faults on purpose."""

from collections import Counter
from datetime import date, timedelta

import pytest

from creditzone.kernel.credit.uscc import is_person, parse_uscc
from creditzone.kernel.domain import check_row, domain
from demo import split as splitting
from demo.firms import OWNER
from demo.polish import COLUMNS, records
from demo.split import held, register_rows, sealed_rows, split, training

TODAY = date(2026, 11, 24)
FILES = {name: sealed_rows(name, as_of=TODAY) for name in COLUMNS}


def codes(name: str) -> set[str]:
    return {row[0] for row in FILES[name] if not check_row(domain(name), row)}


def test_every_different_row_of_the_source_is_used_once():
    assert len(records()) == 5850
    assert sum(record.bankrupt for record in records()) == 408
    numbers = [holding.record.number for holding in (*training(), *held())]
    assert sorted(numbers) == [record.number for record in records()]


def test_no_past_customer_is_in_a_file_that_a_node_seals():
    past = {holding.firm.uscc for holding in training()}
    assert not any(past & codes(name) for name in COLUMNS)


def test_both_parts_have_the_same_share_of_bankruptcies():
    shares = [sum(h.record.bankrupt for h in part) / len(part) for part in (training(), held())]
    assert shares[0] == pytest.approx(shares[1], abs=0.002)


def test_the_holders_overlap_only_in_part():
    bank, centre, platform = (codes(name) for name in COLUMNS)
    for one, other in ((bank, centre), (bank, platform), (centre, platform)):
        assert one & other
        assert one - other
        assert other - one
    assert len(bank & centre & platform) > 900


def test_the_owners_firm_is_in_all_three_with_a_live_authorisation():
    assert all(OWNER.uscc in codes(name) for name in COLUMNS)
    row = next(row for row in FILES["balance_sheet"] if row[0] == OWNER.uscc)
    assert row[-1] > TODAY.isoformat()


def test_values_are_the_sources_own_text():
    by_code = {holding.firm.uscc: holding for holding in held()}
    for name in ("balance_sheet", "turnover"):
        for row in FILES[name]:
            assert row[2 : 2 + len(COLUMNS[name])] == by_code[row[0]].record.values(name)


def test_codes_are_valid_unlike_each_other_and_of_nobody():
    divisions = {line[3] for line in register_rows()}
    all_codes = [line[0] for line in register_rows()]
    assert len(set(all_codes)) == len(all_codes)
    for code in all_codes:
        assert parse_uscc(code, divisions=divisions).warnings == ()
        assert code[8:10] == "XY"
    assert sum(is_person(code) for code in all_codes) == splitting.SOLE_TRADERS


def test_names_are_unlike_each_other_and_have_the_division_in_front():
    names = [holding.firm.name for holding in (*training(), *held())]
    assert len(set(names)) == len(names)


def test_some_applicants_have_no_live_authorisation_and_most_have_one():
    today = TODAY.isoformat()
    kinds = Counter(
        "none" if not row[-1] else "expired" if row[-1] < today else "live" for row in FILES["balance_sheet"]
    )
    assert kinds["none"] > 50
    assert kinds["expired"] > 50
    assert kinds["live"] > 0.85 * len(FILES["balance_sheet"])


def test_only_the_authorisations_days_follow_the_day_of_the_split():
    later = sealed_rows("balance_sheet", as_of=TODAY + timedelta(days=40))
    assert [row[:-1] for row in later] == [row[:-1] for row in FILES["balance_sheet"]]
    assert sealed_rows("turnover", as_of=TODAY) == sealed_rows("turnover", as_of=TODAY + timedelta(days=40))


def test_order_tells_nothing_of_the_outcome():
    rows = [row[0] for row in FILES["turnover"]]
    assert rows == sorted(rows)


def faults(name: str) -> Counter[str]:
    return Counter(fault.reason for row in FILES[name] for fault in check_row(domain(name), row))


def test_the_centres_file_has_the_faults_that_uploads_have_and_the_others_only_the_sources_own():
    found = faults("profit_and_loss")
    for reason in ("uscc-check", "uscc-length", "uscc-mangled", "required", "number", "too-small"):
        assert found[reason]
    keys = Counter(row[0] for row in FILES["profit_and_loss"])
    assert max(keys.values()) > 1
    assert set(faults("balance_sheet")) | set(faults("turnover")) <= {"too-small"}


def test_the_files_are_written_the_same_twice(tmp_path):
    for folder in ("one", "two"):
        split(tmp_path / folder, as_of=TODAY)
    written = sorted((tmp_path / "one").iterdir())
    assert [path.name for path in written] == [
        "balance_sheet.csv",
        "held.csv",
        "profit_and_loss.csv",
        "registry.csv",
        "training.csv",
        "turnover.csv",
    ]
    assert all(path.read_bytes() == (tmp_path / "two" / path.name).read_bytes() for path in written)
