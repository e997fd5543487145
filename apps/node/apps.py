"""The node as a Django app: its console only. Runner and stages know no Django."""

from django.apps import AppConfig
from django.conf import settings


class NodeConfig(AppConfig):
    """Registers what the console's frame shows."""

    name = "apps.node"

    def ready(self) -> None:
        """Log without values, and put the waiting counts beside the navigation."""
        from apps.core import logs
        from apps.node.console.context import register

        logs.configure(settings.LOG_LEVEL)
        register()
