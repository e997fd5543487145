"""What is due by itself in the framework's own tables."""

from typing import Any

from celery import shared_task
from django.contrib.sessions.backends.db import SessionStore

from apps.core.cache import clear_ended

SCHEDULE: dict[str, dict[str, Any]] = {
    "core-clear-sessions": {"task": "core.clear_sessions", "schedule": 3600.0},
    "core-clear-limits": {"task": "core.clear_limits", "schedule": 3600.0},
}


@shared_task(name="core.clear_sessions")
def clear_sessions() -> None:
    """Remove sessions that have ended; safe twice."""
    SessionStore.clear_expired()


@shared_task(name="core.clear_limits")
def clear_limits() -> None:
    """Remove rate limits and used codes that have ended; safe twice."""
    clear_ended()
