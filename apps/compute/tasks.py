"""The coordinator's entry points. Each re-reads everything and is safe twice; the schedule alone would do."""

from typing import Any

from celery import shared_task

from apps.compute import services


@shared_task(name="compute.admit")
def admit() -> None:
    """A job was queued."""
    services.admit_waiting()


@shared_task(name="compute.sweep")
def sweep() -> None:
    """A second has passed, or a job was cancelled."""
    services.sweep()


SCHEDULE: dict[str, dict[str, Any]] = {
    "compute-sweep": {"task": "compute.sweep", "schedule": 1.0, "options": {"expires": 5}},
}
