from django.apps import AppConfig
from django.conf import settings


class CoreConfig(AppConfig):
    name = "apps.core"

    def ready(self) -> None:
        """Logs as settings say; the Celery app, so that tasks sent by name reach the broker of the settings."""
        from apps.core import logs, schema  # noqa: F401
        from creditzone import celery  # noqa: F401

        logs.configure(settings.LOG_LEVEL)
