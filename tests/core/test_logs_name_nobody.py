"""A log line has route, status and ids; never a path, a query, a body, a name, a code, or a failure's own words."""

import io
import json
import logging

import pytest
from django.urls import path

from apps.core import logs
from apps.core.http import public
from tests.zone import browser, code

SECRET = "a-value-nobody-may-log"


@pytest.fixture
def lines():
    """What the process would write to standard error."""
    logs.configure("INFO")
    target = io.StringIO()
    handler = logging.getLogger().handlers[0]
    assert isinstance(handler, logging.StreamHandler)
    before = handler.setStream(target)
    yield lambda: [json.loads(line) for line in target.getvalue().splitlines()]
    handler.setStream(before)


@public
def _crash(request, number):
    raise ValueError(f"{SECRET} {number}")


urlpatterns = [path("crash/<str:number>/", _crash)]
handler500 = "apps.core.views.server_error"


@pytest.mark.urls(__name__)
def test_a_crash_is_logged_by_its_type_and_places_under_the_number_that_the_reader_sees(db, lines):
    client = browser()
    client.raise_request_exception = False
    page = client.get(f"/crash/{SECRET}/?q={SECRET}")
    found = lines()
    crash = next(line for line in found if line["event"] == "crash")
    assert crash["incident"] in page.text
    assert crash["exception"] == "ValueError"
    assert any(where.endswith("_crash") for where in crash["places"])
    assert SECRET not in json.dumps(found, ensure_ascii=False)


def test_a_request_is_one_line_without_what_it_said(zone, lines):
    client = zone.client("bank")
    client.get(f"/registry/{code(999)}/", {"q": SECRET})
    client.post("/me/tokens/", {"label": SECRET})
    browser().post("/accounts/login/", {"login": SECRET, "password": SECRET})
    written = json.dumps(lines(), ensure_ascii=False)
    assert [line["route"] for line in lines() if line["event"] == "request"] == [
        "registry/<str:uscc>/",
        "me/tokens/",
        "accounts/login/",
    ]
    for word in (SECRET, code(999), "bank.officer", "127.0.0.1"):
        assert word not in written
