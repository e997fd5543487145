"""A plain WSGI server of our own and headless Chromium: the gallery needs no database and no zone."""

import shutil
import threading
from collections.abc import Iterator
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import pytest
from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.core.handlers.wsgi import WSGIHandler

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]


class QuietServer(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class QuietHandler(WSGIRequestHandler):
    def log_message(self, *_args: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="session")
def gallery_address() -> Iterator[str]:
    """The address of a server that shows the gallery alone, with the product's own security headers."""
    from django.test import override_settings

    only_pages = {
        "ROOT_URLCONF": "tests.ui.gallery_urls",
        "MIDDLEWARE": [
            "django.middleware.security.SecurityMiddleware",
            "django.middleware.locale.LocaleMiddleware",
            "django.middleware.csrf.CsrfViewMiddleware",
            "csp.middleware.CSPMiddleware",
            "django_htmx.middleware.HtmxMiddleware",
        ],
        "ALLOWED_HOSTS": ["127.0.0.1"],
        "DEBUG": False,
    }
    with override_settings(**only_pages):
        application = StaticFilesHandler(WSGIHandler())
        server = make_server("127.0.0.1", 0, application, server_class=QuietServer, handler_class=QuietHandler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture(scope="module")
def browser() -> Iterator[object]:
    """The system's Chromium where there is one, else Playwright's own.

    Playwright's loop lives in this thread, and Django would take us for an asynchronous caller: told here that we are
    not. The loop ends with the module, so that tests without a browser never meet it.
    """
    from playwright.sync_api import sync_playwright

    system = shutil.which("chromium") or shutil.which("chromium-browser")
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        chromium = playwright.chromium.launch(executable_path=system, args=FLAGS)
        yield chromium
        chromium.close()
