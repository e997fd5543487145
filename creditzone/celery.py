"""The coordinator's Celery: JSON, ids as arguments, no results, no remote control; the schedule is code.

An app's `tasks.py` may name what is due by itself in `SCHEDULE: dict[str, dict]`, in beat's own form.
"""

import ctypes
import os
import signal
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from celery import Celery
from celery.signals import beat_embedded_init

PR_SET_PDEATHSIG = 1
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "creditzone.settings.coordinator")
app = Celery("creditzone", set_as_current=True)
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@app.on_after_finalize.connect
def collect_schedule(sender: Celery, **_: Any) -> None:
    """Put every app's `SCHEDULE` into beat; two entries of one name are a mistake and stop the start."""
    from django.apps import apps

    entries: dict[str, Any] = {}
    for config in apps.get_app_configs():
        if find_spec(f"{config.name}.tasks"):
            for name, entry in getattr(import_module(f"{config.name}.tasks"), "SCHEDULE", {}).items():
                if name in entries:
                    raise ValueError(f"two schedule entries are named {name}")
                entries[name] = entry
    sender.conf.beat_schedule = entries


@beat_embedded_init.connect
def end_with_the_worker(**_: Any) -> None:
    """Beat is a child of the worker: a worker that was killed takes it along, so that one beat ticks, not two."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
