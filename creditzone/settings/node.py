"""A party node's console: no database of Django's, no accounts, no portal app."""

from copy import deepcopy

from .base import *  # noqa: F403
from .base import ENV, TEMPLATES, Path, env, served_at

ROOT_URLCONF = "apps.node.urls"
WSGI_APPLICATION = "creditzone.node_wsgi.application"
SECRET_KEY = env.secret(ENV.node_secret_key, "CREDITZONE_NODE_SECRET_KEY")
OWN_URL = env.required(ENV.node_url, "CREDITZONE_NODE_URL").rstrip("/")
globals().update(served_at(OWN_URL))
LOOPBACK_PATHS = ["/healthz", "/api/"]
NODE_HOME = Path(ENV.node_home).absolute()
PORTAL_URL = ENV.portal_url

INSTALLED_APPS = [
    "django.contrib.staticfiles",
    "django_htmx",
    "csp",
    "apps.ui",
    "apps.node",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "apps.ui.origin.OriginMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "apps.node.console.door.DoorMiddleware",
]
TEMPLATES = deepcopy(TEMPLATES)
TEMPLATES[0]["OPTIONS"]["context_processors"] += ["apps.node.console.context.frame"]
CSRF_FAILURE_VIEW = "apps.node.console.views.errors.csrf_failure"

LOGGING_CONFIG = None
LOG_LEVEL = ENV.log_level
DATABASES: dict[str, object] = {}
# Sign-ins, locks and pending tickets live in this process alone: a restart signs officers out.
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
# Uploads come in pieces of 8 MiB by PATCH and are read as a stream, never parsed as a form.
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
FILE_UPLOAD_HANDLERS: list[str] = []
