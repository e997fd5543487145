"""Hints to the coordinator: sent once the transaction is in, may be lost, decide nothing."""

import structlog
from celery import current_app
from django.db import transaction

log = structlog.get_logger("creditzone.dispatch")


def after_commit(task: str, *ids: object) -> None:
    """Ask the coordinator to run `task` with `ids` when the open transaction has committed.

    A broker that is away is no error: whatever a task does, the schedule's sweep does too, a little later.
    """
    arguments = [str(one) for one in ids]
    transaction.on_commit(lambda: _send(task, arguments), robust=True)


def _send(task: str, arguments: list[str]) -> None:
    try:
        current_app.send_task(task, args=arguments, retry=False, ignore_result=True)
    except Exception as error:  # whatever the transport raises: see above
        log.warning("hint-not-sent", task=task, error=type(error).__name__)
