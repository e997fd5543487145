"""One host name, changes only from own pages, strict headers, and words for what goes wrong."""

import json

import pytest
from django.conf import settings
from django.db import connections
from django.test import Client
from django.urls import path

from apps.core.http import public
from tests.zone import browser

DIRECTORY = "/zone/organisations/"


def at(host: str, **headers) -> Client:
    return Client(headers={"host": host, **headers})


def test_another_host_name_is_sent_home(db):
    answer = at("localhost:8000").get("/accounts/login/?next=/x")
    assert answer.status_code == 308
    assert answer["Location"] == f"{settings.OWN_URL}/accounts/login/?next=/x"
    assert at("evil.example").post("/accounts/login/").status_code == 421


@pytest.mark.parametrize("address", ["/healthz", "/readyz", "/api/schema/"])
def test_health_and_api_answer_on_the_loopback_address_too(db, address):
    assert at("127.0.0.1:8000").get(address).status_code == 200


def test_a_change_from_elsewhere_is_refused_even_with_a_session(zone):
    client = zone.client("bank")
    for origin in ("http://bank.localhost:8101", "null", ""):
        answer = client.post("/me/tokens/", {"label": "x"}, headers={"origin": origin})
        assert answer.status_code == 403, origin
    assert client.post("/me/tokens/", {"label": "x"}).status_code == 200


def test_a_change_without_the_pages_token_is_refused(zone):
    client = zone.client("bank")
    client.handler.enforce_csrf_checks = True
    answer = client.post("/me/tokens/", {"label": "x"})
    assert answer.status_code == 403
    assert "nothing was done" in answer.text


def test_headers_close_the_page(db, client):
    answer = client.get("/accounts/login/")
    policy = {part.split()[0]: part.split()[1:] for part in answer["Content-Security-Policy"].split(";")}
    assert policy["default-src"] == policy["frame-ancestors"] == policy["object-src"] == ["'none'"]
    assert policy["script-src"] == ["'self'"]
    assert not {"'unsafe-inline'", "'unsafe-eval'", "*"} & {word for words in policy.values() for word in words}
    assert answer["Cross-Origin-Opener-Policy"] == answer["Cross-Origin-Resource-Policy"] == "same-origin"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["X-Frame-Options"] == "DENY"
    assert "Access-Control-Allow-Origin" not in answer


def test_a_tenants_page_is_kept_by_no_shared_cache(zone):
    assert zone.client("bank").get(DIRECTORY)["Cache-Control"] == "private, no-cache"


def test_what_is_not_there_and_what_is_not_yours_read_alike(zone):
    client = zone.client("bank")
    nowhere = client.get("/nowhere/")
    assert nowhere.status_code == 404
    assert "not yours to see" in nowhere.text


def test_a_forbidden_page_names_act_role_and_whom_to_ask(zone):
    answer = zone.client("bank", "officer").get("/zone/people/")
    assert answer.status_code == 403
    for words in ("add people and give them roles", "officer", "Ask the zone"):
        assert words in answer.text


def test_the_api_speaks_in_problem_documents(zone, client):
    answer = client.get("/api/v1/nowhere/")
    assert answer.status_code == 404
    assert answer["Content-Type"] == "application/problem+json"
    assert json.loads(answer.content)["code"] == "not-found"


@public
def _crash(request):
    raise RuntimeError("a secret reason")


urlpatterns = [path("api/crash/", _crash), path("crash/", _crash)]
handler500 = "apps.core.views.server_error"


@pytest.mark.urls(__name__)
@pytest.mark.parametrize("address", ["/crash/", "/api/crash/"])
def test_a_crash_says_a_number_and_not_the_reason(db, address):
    client = browser()
    client.raise_request_exception = False
    answer = client.get(address)
    assert answer.status_code == 500
    assert "a secret reason" not in answer.text
    assert "Traceback" not in answer.text


def test_the_language_is_kept_in_a_cookie_and_leads_to_no_other_site(db, client):
    answer = client.post("/language/", {"language": "zh-hans", "next": "https://evil.example/x?y=1"})
    assert answer["Location"] == "/x?y=1"
    assert client.cookies[settings.LANGUAGE_COOKIE_NAME].value == "zh-hans"
    assert client.post("/language/", {"language": "xx", "next": "//evil.example"})["Location"] == "/"


def test_a_database_that_is_away_is_no_crash(zone):
    signed_in = zone.client("bank")
    connections.close_all()
    right = connections["default"].settings_dict["PORT"]
    try:
        connections["default"].settings_dict["PORT"] = "1"
        signed_in.raise_request_exception = False
        page, problem = signed_in.get(DIRECTORY), signed_in.get("/api/v1/jobs/")
        assert (page.status_code, problem.status_code, problem.json()["code"]) == (503, 503, "unavailable")
        assert "Try again" in page.text
        assert signed_in.get("/healthz").status_code == 200
        assert signed_in.get("/readyz").status_code == 503
    finally:
        connections["default"].settings_dict["PORT"] = right
    assert signed_in.get(DIRECTORY).status_code == 200
