"""Nobody changes or removes an entry through the application's roles, and each reads only what names him."""

import pytest
from django.db import DatabaseError, connection, transaction

from apps.core.tenancy import tenant_tx
from apps.ledger import selectors
from apps.ledger.models import Entry
from apps.ledger.services import append_entry, digest_of


@pytest.fixture
def entry(zone):
    bank = zone.member("bank")
    with zone.tx(bank):
        return append_entry(
            actor=bank,
            act="test.acted",
            subject_type="test",
            subject_id="1",
            facts={"rows": 3, "name": "企业"},
            organisations=[zone["centre"].id],
        )


def seen_by(zone, organisation: str) -> list[str]:
    with zone.tx(zone.member(organisation, "owner")):
        return [one.act for one in selectors.all_entries(act="test.acted")]


def test_it_is_read_by_whom_it_names_and_by_the_regulator_and_nobody_else(zone, entry):
    assert seen_by(zone, "bank") == seen_by(zone, "centre") == seen_by(zone, "regulator") == ["test.acted"]
    assert seen_by(zone, "platform") == seen_by(zone, "operator") == []


def test_an_organisations_list_begins_at_its_own_mentions(zone, entry):
    with zone.tx(zone.member("centre")):
        acted = selectors.mentions_of(zone["centre"].id).filter(entry__act="test.acted")
        assert [one.entry_id for one in acted] == [entry.id]
        assert list(selectors.mentions_of(zone["bank"].id)) == []


STATEMENTS = [
    "update ledger_entry set act = 'x'",
    "delete from ledger_entry",
    "truncate ledger_entry cascade",
    "update ledger_mention set org = gen_random_uuid()",
    "delete from ledger_mention",
    "truncate ledger_mention",
]


@pytest.mark.parametrize("statement", STATEMENTS)
@pytest.mark.parametrize("organisation", ["bank", "regulator", "operator"])
def test_no_role_of_the_application_changes_an_entry(zone, entry, organisation, statement):
    with pytest.raises(DatabaseError), zone.tx(zone.member(organisation, "owner")), connection.cursor() as cursor:
        cursor.execute(statement)
    assert seen_by(zone, "bank") == ["test.acted"]


@pytest.mark.parametrize("statement", STATEMENTS)
def test_not_even_the_tables_owner_does(zone, entry, statement, settings):
    import psycopg

    with psycopg.connect(settings.TEST_LOGINS["portal_migrate"]) as owner:
        owner.execute("set role portal_owner")
        try:
            touched = owner.execute(statement).rowcount
        except psycopg.Error:
            touched = 0
        assert touched == 0
    assert seen_by(zone, "bank") == ["test.acted"]


def test_nobody_writes_in_anothers_name(zone):
    bank, centre = zone.member("bank"), zone.member("centre")
    with pytest.raises(DatabaseError), zone.tx(bank):
        append_entry(actor=centre, act="test.acted", subject_type="test", subject_id="1", facts={})
    assert seen_by(zone, "centre") == []


def test_an_entry_outside_a_transaction_is_refused(zone):
    with pytest.raises(transaction.TransactionManagementError):
        append_entry(actor=None, act="test.acted", subject_type="test", subject_id="1", facts={})


def test_the_digest_is_computed_again_from_what_the_database_keeps(zone, entry):
    with tenant_tx(None, role="regulator"):
        kept = Entry.objects.get(pk=entry.id)
    assert digest_of(kept) == kept.digest == entry.digest
    kept.facts = {"rows": 4, "name": "企业"}
    assert digest_of(kept) != kept.digest
