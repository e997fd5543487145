"""The road of the core's tests, and the portal itself in a browser."""

import threading
from collections.abc import Callable, Iterator
from wsgiref.simple_server import make_server

import pytest
from django.conf import settings
from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.core.handlers.wsgi import WSGIHandler
from django.test import override_settings

from tests.compute.conftest import models, road  # noqa: F401
from tests.ui.conftest import QuietHandler, QuietServer, browser  # noqa: F401

DOOR = "/enter-as/"


def with_a_door(application: Callable) -> Callable:
    """The portal with one address more: it hands a browser the session that a test has made."""

    def answer(environ, start_response):
        if not environ["PATH_INFO"].startswith(DOOR):
            return application(environ, start_response)
        session = environ["PATH_INFO"].removeprefix(DOOR)
        cookie = f"{settings.SESSION_COOKIE_NAME}={session}; Path=/; Secure; HttpOnly; SameSite=Lax"
        start_response("200 OK", [("Set-Cookie", cookie), ("Content-Type", "text/html")])
        return [b'<link rel="icon" href="data:,">']

    return answer


@pytest.fixture
def portal(db: None) -> Iterator[str]:
    """The address of a portal on the test database, all its middleware in place."""
    server = make_server("127.0.0.1", 0, None, server_class=QuietServer, handler_class=QuietHandler)
    address = f"http://zone.localhost:{server.server_port}"
    with override_settings(OWN_URL=address, ALLOWED_HOSTS=["zone.localhost"], CSRF_TRUSTED_ORIGINS=[address]):
        server.set_app(with_a_door(StaticFilesHandler(WSGIHandler())))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield address
        server.shutdown()
        server.server_close()


@pytest.fixture
def sign_in(browser, portal) -> Iterator[Callable]:  # noqa: F811
    """Open the portal in a browser as somebody of the zone; `page.said` collects complaints of the console."""
    contexts = []

    def signing_in(zone, organisation: str, role: str = "owner", *, width: int = 1440, language: str = "zh-CN"):
        session = zone.client(organisation, role).cookies[settings.SESSION_COOKIE_NAME].value
        context = browser.new_context(
            base_url=portal, viewport={"width": width, "height": 900}, locale=language, timezone_id="Asia/Shanghai"
        )
        contexts.append(context)
        page = context.new_page()
        page.goto(DOOR + session)
        page.said = []
        page.on("console", lambda message: message.type in {"error", "warning"} and page.said.append(message.text))
        page.on("pageerror", lambda error: page.said.append(str(error)))
        return page

    yield signing_in
    for context in contexts:
        context.close()
