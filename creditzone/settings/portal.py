"""The portal's web process."""

from .base import *  # noqa: F403
from .base import BASE_DIR, ENV, TEMPLATES, Path, env, served_at

ROOT_URLCONF = "creditzone.urls"
WSGI_APPLICATION = "creditzone.wsgi.application"
SECRET_KEY = env.required(ENV.secret_key, "CREDITZONE_SECRET_KEY")
globals().update(served_at(ENV.portal_url))
LOOPBACK_PATHS = ["/healthz", "/readyz", "/api/", "/node/"]
ZONE_HOME = (Path(ENV.home) / "zone").absolute()

INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_htmx",
    "csp",
    "rest_framework",
    "drf_spectacular",
    "apps.ui",
    "apps.core",
    "apps.ledger",
    "apps.tenants",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "apps.registry",
    "apps.datasets",
    "apps.capsules",
    "apps.contracts",
    "apps.scoring",
    "apps.compute",
    "apps.lending",
    "apps.supervision",
    "apps.workspaces",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
]

TEMPLATES[0]["OPTIONS"]["context_processors"] += [
    "django.contrib.auth.context_processors.auth",
    "django.contrib.messages.context_processors.messages",
]

DATABASES = {"default": env.database(env.required(ENV.database_url, "CREDITZONE_DATABASE_URL"))}
DISABLE_SERVER_SIDE_CURSORS = True

AUTH_USER_MODEL = "tenants.Person"
LOCALE_PATHS = [BASE_DIR / "creditzone" / "locale"]

CELERY_BROKER_URL = ENV.broker_url
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_IGNORE_RESULT = True
CELERY_WORKER_ENABLE_REMOTE_CONTROL = False
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_SEND_TASK_EVENTS = False
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_SOFT_TIME_LIMIT = 60
CELERY_TASK_TIME_LIMIT = 90
CELERY_TIMEZONE = "UTC"
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 300,
    "socket_connect_timeout": 2,
    "socket_timeout": 30,
    "retry_on_timeout": True,
}
