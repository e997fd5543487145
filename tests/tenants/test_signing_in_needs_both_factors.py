"""Password and TOTP, each once; a lock after five failures; nobody enters without a second factor; ages end it."""

import re

import pytest
from allauth.mfa.totp.internal import auth as totp
from django.conf import settings

from apps.core.tenancy import tenant_tx
from apps.ledger.models import Entry
from apps.tenants import services
from tests.zone import PASSWORD, browser

LOGIN, FACTOR, WITHIN = "/accounts/login/", "/accounts/factor/check/", "/zone/organisations/"


def code_of(secret: str) -> str:
    """The code that an authenticator shows now; waits out a step that is about to end."""
    return totp.format_hotp_value(totp.hotp_value(secret, next(totp.yield_hotp_counters_from_time())))


def acts(zone, name: str) -> list[str]:
    with tenant_tx(None, role="regulator"):
        return list(Entry.objects.filter(act__startswith=name).values_list("act", flat=True))


@pytest.fixture
def officer(zone):
    return zone.member("bank", "officer")


def password(client, username="bank.officer", word=PASSWORD):
    return client.post(LOGIN, {"login": username, "password": word})


@pytest.fixture
def steady(monkeypatch):
    """The authenticator's clock stands still, so that no step ends between two lines of a test."""
    monkeypatch.setattr(totp.time, "time", lambda: 1_800_000_000.0)


def test_the_password_alone_opens_nothing(zone, officer, client):
    answer = password(client)
    assert answer.status_code == 302
    assert answer["Location"].startswith(FACTOR)
    assert client.get(WITHIN).status_code == 302


def test_both_factors_open_the_portal_and_are_written_down(zone, officer, client, steady):
    password(client)
    answer = client.post(FACTOR, {"code": code_of(zone.secrets[officer.person_id])})
    assert answer.status_code == 302
    assert acts(zone, "person.signed-in") == ["person.signed-in"]


def test_a_code_opens_once(zone, officer, client, steady):
    code = code_of(zone.secrets[officer.person_id])
    password(client)
    assert client.post(FACTOR, {"code": code}).status_code == 302
    second = browser()
    password(second)
    refused = second.post(FACTOR, {"code": code})
    assert refused.status_code == 200
    assert "it was used before" in refused.text
    assert second.get(WITHIN).status_code == 302


def test_five_failures_lock_the_name_from_every_address(zone, officer):
    for number in range(5):
        assert password(browser(), word="wrong words").status_code == 200, number
    answer = password(browser())
    assert answer.status_code == 200
    assert "wait 15 minutes" in answer.text
    assert len(acts(zone, "person.sign-in-failed")) >= 5


def test_an_unknown_name_is_answered_like_a_wrong_password(zone, officer):
    words = [re.sub(r'value="[^"]*"', "", password(browser(), username=name, word="wrong words").text) for name in
             ("bank.officer", "nobody.here")]  # fmt: skip
    assert words[0] == words[1]


def test_nobody_enters_without_enrolling_a_second_factor(zone, client, steady):
    with zone.as_admin():
        services.add_person(
            actor=zone.founder, organisation=zone["bank"], username="new.officer", name="New", role="officer",
            password=PASSWORD,
        )  # fmt: skip
    password(client, username="new.officer")
    answer = client.get(WITHIN)
    assert answer["Location"] == "/accounts/factor/enrol/"
    page = client.get("/accounts/factor/enrol/")
    if page.status_code == 302:  # a fresh question for the password, right after sign-in or not
        client.post(page["Location"], {"password": PASSWORD})
        page = client.get("/accounts/factor/enrol/")
    secret = client.session["mfa.totp.secret"]
    assert secret in page.text
    assert client.post("/accounts/factor/enrol/", {"code": code_of(secret)}).status_code == 302
    assert client.get(WITHIN)["Location"] == "/accounts/password/"


def test_the_second_factor_is_sealed_in_the_database(zone, officer):
    from allauth.mfa.models import Authenticator

    with tenant_tx(None, role="signin"):
        kept = Authenticator.objects.get(user_id=officer.person_id).data["secret"]
    assert zone.secrets[officer.person_id] not in kept


def test_nobody_switches_the_second_factor_off(zone):
    client = zone.client("bank")
    assert client.post("/accounts/factor/off/")["Location"] == "/accounts/factor/"
    assert client.get(WITHIN).status_code == 200


@pytest.mark.parametrize(
    ("idle", "age", "lives"),
    [(14 * 60, 15 * 60, True), (16 * 60, 17 * 60, False), (0, 8 * 3600 + 60, False)],
)
def test_a_sign_in_ends_after_idle_time_and_after_its_whole_age(zone, idle, age, lives):
    client = zone.client("bank")
    session = client.session
    now = session["signed_in_at"]
    session["signed_in_at"], session["seen_at"] = now - age, now - idle
    session.save()
    answer = client.get(WITHIN)
    assert (answer.status_code == 200) is lives
    if not lives:
        assert answer["Location"].startswith(LOGIN)
        assert client.get(WITHIN).status_code == 302


@pytest.mark.parametrize("weak", ["short-1", "123456789012345", "bank.officer2", "password1234"])
def test_weak_passwords_are_refused(zone, weak):
    from apps.core.errors import Invalid

    with pytest.raises(Invalid), zone.as_admin():
        services.add_person(
            actor=zone.founder, organisation=zone["bank"], username="bank.officer2", name="Weak", role="officer",
            password=weak,
        )  # fmt: skip


def test_a_closed_membership_opens_nothing_from_the_next_request_on(zone, officer):
    from apps.tenants.models import Membership

    client = zone.client("bank")
    assert client.get(WITHIN).status_code == 200
    with zone.as_admin():
        membership = Membership.objects.get(person_id=officer.person_id)
        services.set_member_active(actor=zone.founder, membership_id=membership.id, active=False)
    assert client.get(WITHIN).status_code == 403


def test_cookies_are_of_one_host_and_out_of_reach_of_scripts(zone, officer, client):
    client.get(LOGIN)
    password(client)
    for name in (settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME):
        cookie = client.cookies[name]
        assert name.startswith("__Host-")
        assert (cookie["secure"], cookie["httponly"], cookie["samesite"], cookie["path"], cookie["domain"]) == (
            True, True, "Lax", "/", "",
        )  # fmt: skip


@pytest.mark.parametrize(
    ("accept", "kind"), [("text/html", "text/html"), ("application/json", "application/problem+json")]
)
def test_too_many_tries_say_when_to_come_back(zone, officer, client, settings, accept, kind):
    settings.ACCOUNT_RATE_LIMITS = {"login": "2/m/ip"}
    word = {"login": "bank.officer", "password": "wrong"}
    tries = [client.post(LOGIN, word, headers={"accept": accept}) for _ in range(3)]
    assert tries[-1].status_code == 429
    assert tries[-1]["Content-Type"].startswith(kind)
    assert tries[-1]["Retry-After"] == "60"
