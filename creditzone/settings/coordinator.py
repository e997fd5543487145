"""The coordinator: Celery worker with beat, logged in as `portal_coordinator`; it serves no page."""

from .portal import *  # noqa: F403
from .portal import DATABASES

# One login, few connections: it works in one process with few threads.
DATABASES["default"]["OPTIONS"]["pool"] = {"min_size": 1, "max_size": 4, "timeout": 10}
