"""Programs come with a token that acts as one member while everything behind it lives; lost factors begin anew."""

from datetime import timedelta

import pytest
from django.utils import timezone

from apps.core.errors import Forbidden, Invalid
from apps.core.tenancy import tenant_tx
from apps.ledger.models import Entry
from apps.tenants import services
from apps.tenants.models import ApiToken, Membership
from tests.zone import PASSWORD, browser

API = "/api/v1/enterprises/"


@pytest.fixture
def officer(zone):
    return zone.member("bank")


@pytest.fixture
def token(zone, officer):
    with zone.tx(officer):
        return services.issue_token(actor=officer, label="loan system")


def call(text: str, address: str = API, method: str = "get"):
    """A program's call: a token, no cookie, no origin."""
    client = browser()
    client.defaults.pop("HTTP_ORIGIN")
    return getattr(client, method)(address, headers={"authorization": f"Bearer {text}"})


def test_a_live_token_acts_as_its_member_and_needs_no_token_of_a_page(token):
    _row, text = token
    assert call(text).status_code == 200
    assert call(text, "/api/v1/enquiries/", "post").status_code not in {401, 403}


def test_only_the_hash_is_kept(zone, officer, token):
    row, text = token
    with zone.tx(officer):
        kept = ApiToken.objects.values().get(pk=row.pk)
    assert text not in str(kept)


def test_a_token_opens_no_page(token):
    assert call(token[1], "/zone/organisations/").status_code == 302


def revoke(zone, officer, row):
    with zone.tx(officer):
        services.revoke_token(actor=officer, token_id=row.pk)


def expire(zone, officer, row):
    with zone.tx(officer):
        ApiToken.objects.filter(pk=row.pk).update(expires_at=timezone.now() - timedelta(seconds=1))


def close(zone, officer, row):
    with zone.as_admin():
        membership = Membership.objects.get(person_id=officer.person_id)
        services.set_member_active(actor=zone.founder, membership_id=membership.pk, active=False)


def reset(zone, officer, row):
    with zone.as_admin():
        membership = Membership.objects.get(person_id=officer.person_id)
        services.reset_sign_in(actor=zone.founder, membership_id=membership.pk, password="another quiet river")


@pytest.mark.parametrize("end", [revoke, expire, close, reset])
def test_it_ends_with_what_stands_behind_it(zone, officer, token, end):
    row, text = token
    end(zone, officer, row)
    refused = call(text)
    assert (refused.status_code, refused["Content-Type"]) == (401, "application/problem+json")
    assert refused["WWW-Authenticate"].startswith("Bearer")


def test_a_wrong_token_is_no_sign_in(db):
    assert call("cz_" + "x" * 43).status_code == 401


def test_a_session_needs_the_pages_token_at_the_api(zone):
    client = zone.client("bank")
    client.handler.enforce_csrf_checks = True
    refused = client.post("/api/v1/enquiries/", {}, content_type="application/json")
    assert refused.status_code == 403
    assert "CSRF" in refused.json()["detail"]


def test_nobody_ends_anothers_token(zone, token):
    row, text = token
    colleague = zone.client("bank", "approver")
    assert colleague.post(f"/me/tokens/{row.pk}/end/").status_code == 404
    assert call(text).status_code == 200


def test_a_reset_ends_sign_ins_and_the_factor_is_enrolled_anew(zone, officer):
    client = zone.client("bank")
    assert client.get("/zone/organisations/").status_code == 200
    reset(zone, officer, None)
    assert client.get("/zone/organisations/")["Location"].startswith("/accounts/login/")
    fresh = browser()
    assert fresh.post("/accounts/login/", {"login": "bank.officer", "password": PASSWORD}).status_code == 200
    fresh.post("/accounts/login/", {"login": "bank.officer", "password": "another quiet river"})
    assert fresh.get("/zone/organisations/")["Location"] == "/accounts/factor/enrol/"
    with zone.tx(zone.member("bank", "owner")):
        assert Entry.objects.filter(act="person.sign-in-reset").count() == 1  # the organisation reads of it


@pytest.mark.parametrize("who", [("bank", "owner"), ("regulator", "owner"), ("operator", "viewer")])
def test_only_the_zones_operator_resets(zone, officer, who):
    actor = zone.member(*who)
    with zone.as_admin():
        membership = Membership.objects.get(person_id=officer.person_id)
    with pytest.raises(Forbidden), zone.tx(actor):
        services.reset_sign_in(actor=actor, membership_id=membership.pk, password="another quiet river")
    assert zone.client("bank").get("/zone/organisations/").status_code == 200


def test_nobody_resets_or_closes_himself(zone):
    with zone.as_admin():
        own = Membership.objects.get(person_id=zone.founder.person_id)
        with pytest.raises(Invalid):
            services.reset_sign_in(actor=zone.founder, membership_id=own.pk, password="another quiet river")
        with pytest.raises(Invalid):
            services.set_member_active(actor=zone.founder, membership_id=own.pk, active=False)


def test_a_refused_access_is_in_the_ledger(zone):
    zone.client("bank").get("/zone/people/")
    with tenant_tx(None, role="regulator"):
        entry = Entry.objects.get(act="access.refused")
    assert (entry.subject_id, entry.actor_organisation) == ("tenants:people", zone["bank"].id)


def test_a_token_that_asks_too_often_waits_and_no_other_with_it(zone, officer, token, settings):
    settings.LIMITS = {"exchange": 1, "api": 2}
    assert [call(token[1]).status_code for _ in range(3)] == [200, 200, 429]
    refused = call(token[1])
    assert refused["Content-Type"] == "application/problem+json"
    assert refused.json()["code"] == "too-many-requests"
    assert 1 <= int(refused["Retry-After"]) <= 60
    with zone.tx(officer):
        _row, other = services.issue_token(actor=officer, label="another system")
    assert call(other).status_code == 200
    assert [call("not-a-token").status_code for _ in range(3)] == [401, 401, 401]


def test_a_person_at_the_api_is_counted_and_pages_are_not(zone, officer, settings):
    settings.LIMITS = {"exchange": 1, "api": 1}
    client = zone.client("bank")
    assert [client.get(API).status_code for _ in range(2)] == [200, 429]
    assert client.get("/").status_code == 200
