"""The node as a Django app: its console only. Runner and stages know no Django."""

from django.apps import AppConfig


class NodeConfig(AppConfig):
    """Registers what the console's frame shows."""

    name = "apps.node"

    def ready(self) -> None:
        """Put the waiting counts beside the navigation."""
        from apps.node.console.context import register

        register()
