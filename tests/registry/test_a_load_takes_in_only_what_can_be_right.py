"""Broken records are named by their line and left out; loading twice changes nothing; old never replaces new."""

from datetime import date

import pytest
from django.db import DatabaseError, connection

from apps.ledger import selectors as ledger
from apps.registry.models import Enterprise, Industry, Region
from demo.firms import OWNER, code_for
from tests.registry.conftest import AS_OF, FIRMS, load, record

GOOD = code_for("91", "420106", 7)
BROKEN = [
    (record(GOOD[:17], "短"), "uscc-length"),
    (record("9.14201E+17", "数"), "uscc-mangled"),
    (record(GOOD[:17] + ("0" if GOOD[17] != "0" else "1"), "错"), "uscc-check"),
    (record(GOOD.replace("X", "I", 1), "字"), "uscc-character"),
    (record(GOOD, ""), "name"),
    (record(GOOD, "名" * 201), "name"),
    (record(GOOD, "态", status="open"), "status"),
    (record(GOOD, "日", established="2020-02-30"), "date"),
    (record(GOOD, "业", industry="C34844"), "code-too-long"),
    (record(GOOD, "列")[:-1], "column-count"),
]


def names(zone) -> set[str]:
    with zone.tx(zone.member("bank")):
        return set(Enterprise.objects.values_list("name", flat=True))


@pytest.mark.parametrize(("line", "reason"), BROKEN)
def test_a_broken_record_is_left_out_and_named_by_its_line(zone, line, reason):
    loaded = load([FIRMS[0], line, FIRMS[1]])
    assert (loaded.rows, loaded.faults) == (2, [(3, reason)])
    assert names(zone) == {FIRMS[0][1], FIRMS[1][1]}


def test_a_code_twice_is_taken_once(zone):
    loaded = load([FIRMS[0], record(OWNER.uscc, "别的名称")])
    assert loaded.faults == [(3, "key-repeated")]
    assert names(zone) == {OWNER.name}


def test_a_file_with_another_header_is_refused_whole(zone):
    from apps.registry.services import load_register
    from tests.set_up import as_set_up

    with as_set_up():
        loaded = load_register([["code", "name"], FIRMS[0]], source="x", as_of=AS_OF)
    assert (loaded.rows, loaded.faults) == (0, [(1, "header")])


def test_loading_again_changes_nothing_and_an_older_record_never_replaces_a_newer(zone, register):
    before = names(zone)
    load(FIRMS)
    load([record(OWNER.uscc, "旧名称")], as_of=date(2026, 10, 1))
    assert names(zone) == before
    load([record(OWNER.uscc, "新名称")], as_of=date(2026, 12, 1))
    assert "新名称" in names(zone)


def test_code_tables_are_whole_and_a_load_leaves_an_entry(zone, register):
    with zone.tx(zone.member("regulator", "auditor")):
        assert (Industry.objects.count(), Region.objects.filter(level=1).count()) == (1971, 31)
        assert [entry.facts["rows"] for entry in ledger.all_entries(act="registry.load")] == [5]


@pytest.mark.parametrize("organisation", ["bank", "regulator", "operator"])
@pytest.mark.parametrize("statement", ["delete from registry_enterprise", "update registry_region set name = 'x'"])
def test_no_role_of_the_application_writes_the_register(zone, register, organisation, statement):
    with pytest.raises(DatabaseError), zone.tx(zone.member(organisation, "owner")), connection.cursor() as cursor:
        cursor.execute(statement)
