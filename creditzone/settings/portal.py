"""The portal's web process."""

from copy import deepcopy

from .base import *  # noqa: F403
from .base import ENV, TEMPLATES, Path, env, served_at

ROOT_URLCONF = "creditzone.urls"
WSGI_APPLICATION = "creditzone.wsgi.application"
SECRET_KEY = env.secret(ENV.secret_key, "CREDITZONE_SECRET_KEY")
OWN_URL = ENV.portal_url
globals().update(served_at(OWN_URL))
LOOPBACK_PATHS = ["/healthz", "/readyz", "/api/", "/node/"]
LEASE_SECONDS, ACCEPT_SECONDS, DEADLINE_SECONDS = ENV.lease_seconds, ENV.accept_seconds, ENV.deadline_seconds
LIMITS = {"exchange": ENV.calls_per_minute, "api": ENV.requests_per_minute}
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
    "apps.exchange",
    "apps.registry",
    "apps.datasets",
    "apps.capsules",
    "apps.contracts",
    "apps.votes",
    "apps.scoring",
    "apps.governance",
    "apps.compute",
    "apps.lending",
    "apps.supervision",
    "apps.workspaces",
]

MIDDLEWARE = [
    "apps.core.middleware.LogMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "apps.ui.origin.OriginMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "apps.tenants.middleware.TenantMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "apps.core.middleware.DomainErrorMiddleware",
]
CSRF_FAILURE_VIEW = "apps.core.views.csrf_refused"

TEMPLATES = deepcopy(TEMPLATES)
TEMPLATES[0]["OPTIONS"]["context_processors"] += [
    "django.contrib.auth.context_processors.auth",
    "django.contrib.messages.context_processors.messages",
]

DATABASES = {"default": env.database(env.required(ENV.database_url, "CREDITZONE_DATABASE_URL"))}
DISABLE_SERVER_SIDE_CURSORS = True

AUTH_USER_MODEL = "tenants.Person"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ["username", "name"]},
    },
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "apps.tenants.adapters.AccountAdapter"
ACCOUNT_USER_MODEL_EMAIL_FIELD = None
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_EMAIL_NOTIFICATIONS = False
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_LOGOUT_REDIRECT_URL = "/accounts/login/"
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False
ACCOUNT_REAUTHENTICATION_TIMEOUT = 600
ALLAUTH_TRUSTED_PROXY_COUNT = ENV.trusted_proxies
ACCOUNT_RATE_LIMITS = {
    "login": "60/m/ip",
    "login_failed": "30/m/ip,5/15m/key",
    "reauthenticate": "10/m/user",
    "change_password": "5/m/user",
}
ACCOUNT_FORMS = {"login": "apps.tenants.sign_in_forms.SignInForm"}
MFA_FORMS = {
    "authenticate": "apps.tenants.sign_in_forms.FactorForm",
    "reauthenticate": "apps.tenants.sign_in_forms.FactorAgainForm",
    "activate_totp": "apps.tenants.sign_in_forms.EnrolForm",
}
MFA_ADAPTER = "apps.tenants.adapters.MFAAdapter"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_TOTP_TOLERANCE = 0

SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_SERIALIZER = "django.contrib.sessions.serializers.JSONSerializer"
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SIGN_IN_IDLE_SECONDS = 15 * 60
SIGN_IN_ABSOLUTE_SECONDS = SESSION_COOKIE_AGE = 8 * 3600
# Rate limits and used codes lie in PostgreSQL: shared by all web processes, and there when Redis is not.
CACHES = {"default": {"BACKEND": "apps.core.cache.TableCache"}}
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
FORM_RENDERER = "apps.ui.forms.Renderer"
LOGGING_CONFIG = None
LOG_LEVEL = ENV.log_level

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["apps.core.api.ActorAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["apps.core.api.SignedIn"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["apps.core.api.Json"],
    "DEFAULT_PAGINATION_CLASS": "apps.core.api.NewestFirst",
    "DEFAULT_SCHEMA_CLASS": "apps.core.schema.PageSchema",
    "EXCEPTION_HANDLER": "apps.core.problems.exception_handler",
    "UNAUTHENTICATED_USER": None,
    "PAGE_SIZE": 50,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "CreditZone",
    "DESCRIPTION": "Datasets, capsules, contracts, jobs and receipts of one organisation. Result rows are served by "
    "the organisation's own node, never here.",
    "VERSION": "1.0.0",
    "OAS_VERSION": "3.1.1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PUBLIC": True,
    "ENUM_NAME_OVERRIDES": {
        "CapsuleState": "apps.capsules.models.Capsule.State",
        "ConsentEvidence": "creditzone.kernel.policy.constraints.consent.EVIDENCE",
        "ContractState": "apps.contracts.models.Contract.State",
        "JobState": "apps.compute.models.Job.State",
    },
}

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
    "socket_timeout": 5,
    "retry_on_timeout": True,
    # A page never waits for a broker that is away: a hint that cannot be sent at once is not sent.
    "max_retries": 1,
    "interval_start": 0,
    "interval_step": 0,
    "interval_max": 0,
}
