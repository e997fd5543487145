"""The coordinator's entry points for contracts."""

from typing import Any

from celery import shared_task

from apps.contracts import services


@shared_task(name="contracts.expire")
def expire() -> None:
    """Terms may have ended."""
    services.expire_due()


SCHEDULE: dict[str, dict[str, Any]] = {
    "contracts-expire": {"task": "contracts.expire", "schedule": 30.0, "options": {"expires": 25}},
}
