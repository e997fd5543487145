"""The transaction says who asks; without it, or as somebody else, guarded rows are not there."""

import contextlib

import pytest
from django.db import DatabaseError, connection, transaction

from apps.core.tenancy import tenant_tx
from apps.tenants import services
from apps.tenants.models import ApiToken, Card, Membership, Organisation, Person

DIRECTORY = [Organisation, Card]
OWN = [Membership, Person]


@pytest.mark.parametrize("model", [*DIRECTORY, *OWN, ApiToken])
def test_outside_a_tenants_transaction_a_guarded_table_shows_no_row(zone, model):
    """PostgreSQL fails the statement at the first row it would judge; an empty table has none."""
    with contextlib.suppress(DatabaseError), transaction.atomic():
        assert list(model.objects.all()) == []


@pytest.mark.parametrize("model", [*DIRECTORY, *OWN, ApiToken])
def test_a_transaction_of_no_organisation_sees_nothing(zone, model):
    with tenant_tx(None):
        assert not model.objects.exists()


@pytest.mark.parametrize("model", OWN)
def test_a_tenant_sees_its_own_people_and_no_strangers(zone, model):
    bank, stranger = zone.member("bank"), zone.member("other_bank")
    with zone.tx(bank):
        seen = list(model.objects.all())
    assert [getattr(one, "person_id", one.id) for one in seen] == [bank.person_id]
    with zone.tx(stranger):
        assert bank.person_id not in [getattr(one, "person_id", one.id) for one in model.objects.all()]


def test_the_tenant_ends_with_its_transaction(zone):
    with zone.tx(zone.member("bank")):
        assert Person.objects.exists()
    with pytest.raises(DatabaseError), transaction.atomic():
        list(Person.objects.all())
    with connection.cursor() as cursor:
        cursor.execute("select current_user, coalesce(current_setting('app.tenant', true), '')")
        assert cursor.fetchone() == ("portal_web", "")


def test_the_role_ends_with_its_transaction_even_when_it_fails(zone):
    with pytest.raises(RuntimeError, match="boom"), tenant_tx(None, role="regulator"):
        raise RuntimeError("boom")
    with connection.cursor() as cursor:
        cursor.execute("select current_user")
        assert cursor.fetchone() == ("portal_web",)


def test_a_transaction_inside_another_is_refused(zone):
    bank, centre = zone.member("bank"), zone.member("centre")
    with zone.tx(bank), pytest.raises(RuntimeError), zone.tx(centre):
        pass


def test_a_tenant_writes_no_row_of_anothers(zone):
    bank, centre = zone.member("bank", "owner"), zone.member("centre", "owner")
    with zone.tx(centre):
        token, _text = services.issue_token(actor=centre, label="theirs")
    with zone.tx(bank):
        assert not ApiToken.objects.filter(pk=token.pk).update(label="ours")
    with pytest.raises(DatabaseError), zone.tx(bank):
        ApiToken.objects.create(
            owner=centre.organisation_id, membership_id=token.membership_id, label="x", hashed="y" * 64,
            expires_at=token.expires_at,
        )  # fmt: skip


@pytest.mark.parametrize("organisation", ["bank", "regulator"])
def test_only_the_operators_role_changes_who_takes_part(zone, organisation):
    actor = zone.member(organisation, "owner")
    for model in (Organisation, Person, Membership):
        with pytest.raises(DatabaseError), zone.tx(actor):
            model.objects.update(created_at="2020-01-01T00:00:00Z")


def test_the_regulators_role_changes_nothing(zone):
    """Gone with the transaction, and refused on privilege while it lasts."""
    with tenant_tx(None, role="regulator"), connection.cursor() as cursor:
        cursor.execute(
            "select table_name, privilege_type from information_schema.role_table_grants"
            " where grantee = 'portal_regulator' and privilege_type in ('UPDATE', 'DELETE')"
            " and table_name <> 'tenants_apitoken'"
        )
        assert cursor.fetchall() == []


def test_the_admins_role_reads_no_business_row(zone):
    with tenant_tx(None, role="admin"), connection.cursor() as cursor:
        cursor.execute(
            "select distinct table_name from information_schema.role_table_grants where grantee = 'portal_admin'"
            " and (table_name like any (array['datasets_%', 'capsules_%', 'contracts_%', 'lending_%', 'compute_%']))"
        )
        assert cursor.fetchall() == []
