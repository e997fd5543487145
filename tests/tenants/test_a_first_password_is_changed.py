"""Whoever was given a password by somebody else chooses another before anything opens; a reset asks for it again."""

import pytest

from apps.ledger.models import Entry
from apps.tenants import services
from tests.tenants.test_signing_in_needs_both_factors import FACTOR, LOGIN, WITHIN, code_of, steady
from tests.zone import PASSWORD, browser

__all__ = ["steady"]
CHANGE = "/accounts/password/"
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


@pytest.fixture
def newcomer(zone):
    """Somebody whom the operator added."""
    with zone.as_admin():
        return services.add_person(
            actor=zone.founder, organisation=zone["bank"], username="new.officer", name="New", role="officer",
            password=PASSWORD, totp_secret=SECRET,
        )  # fmt: skip


def enter(word: str = PASSWORD):
    client = browser()
    client.post(LOGIN, {"login": "new.officer", "password": word})
    client.post(FACTOR, {"code": code_of(SECRET)})
    return client


def change(client, word: str):
    return client.post(CHANGE, {"oldpassword": PASSWORD, "password1": word, "password2": word})


def test_nothing_opens_before_another_password_is_chosen(newcomer, steady):
    client = enter()
    answer = client.get(WITHIN)
    assert (answer.status_code, answer["Location"]) == (302, CHANGE)
    assert client.get(CHANGE).status_code == 200
    same = change(client, PASSWORD)
    assert same.status_code == 200
    assert "choose another" in same.text
    assert client.get(WITHIN).status_code == 302
    assert change(client, "another river at dawn").status_code == 302
    assert client.get(WITHIN).status_code == 200


def test_a_reset_asks_for_it_again(zone, newcomer):
    with zone.as_admin():
        again = services.reset_sign_in(actor=zone.founder, membership_id=newcomer.pk, password="a first word anew")
    assert again.person.must_change_password


def test_a_sign_in_is_shown_to_the_organisations_one_may_act_for(zone, newcomer, steady):
    enter()
    auditor = zone.member("bank", "auditor")
    with zone.tx(auditor):
        found = Entry.objects.get(act="person.signed-in")
        assert found.organisations == [zone["bank"].id]
    with zone.tx(zone.stranger):
        assert not Entry.objects.filter(act="person.signed-in").exists()
