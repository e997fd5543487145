"""The coordinator: Celery worker with beat, logged in as `portal_coordinator`; it serves no page."""

from .portal import *  # noqa: F403
from .portal import CELERY_BROKER_TRANSPORT_OPTIONS, DATABASES

# One login, few connections: it works in one process with few threads.
DATABASES["default"]["OPTIONS"]["pool"] = {"min_size": 1, "max_size": 4, "timeout": 10}

# Unlike a page it waits for its broker and comes back to it by itself.
CELERY_BROKER_TRANSPORT_OPTIONS = {
    name: value for name, value in CELERY_BROKER_TRANSPORT_OPTIONS.items() if name.startswith(("visib", "socket_con"))
} | {"socket_timeout": 30, "retry_on_timeout": True}
