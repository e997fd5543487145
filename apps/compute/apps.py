from django.apps import AppConfig


class ComputeConfig(AppConfig):
    name = "apps.compute"

    def ready(self) -> None:
        """Register what this app takes in from nodes, and what it says on homes."""
        from apps.compute import panels, statements  # noqa: F401

        panels.register_all()
