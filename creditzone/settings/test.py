"""The portal under test: real PostgreSQL and the real roles; secrets that open nothing."""

import os
import tempfile
from pathlib import Path

os.environ.setdefault("CREDITZONE_SECRET_KEY", "tests-only-0123456789-" + "0" * 40)
os.environ.setdefault("CREDITZONE_DATABASE_URL", "postgresql://portal_web@127.0.0.1/unset")
os.environ.setdefault("CREDITZONE_HOME", str(Path(tempfile.gettempdir()) / f"creditzone-tests-{os.getuid()}"))
os.environ.setdefault("CREDITZONE_URL", "http://zone.localhost:8000")
os.environ.setdefault("CREDITZONE_NODE_URL", "http://bank.localhost:8101")
os.environ.setdefault("CREDITZONE_NODE_SECRET_KEY", "tests-only-0123456789-" + "1" * 40)

from .base import STATIC_ROOT
from .node import NODE_HOME, PORTAL_URL  # noqa: F401 (the console is checked under these settings too)
from .portal import *  # noqa: F403
from .portal import DATABASES, ENV

STATIC_ROOT.mkdir(parents=True, exist_ok=True)
TEST_DATABASE_URL = ENV.test_database_url
DATABASES["default"]["OPTIONS"].pop("pool")
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
CELERY_BROKER_URL = "memory://"
UI_GALLERY = True
