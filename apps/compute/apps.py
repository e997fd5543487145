from django.apps import AppConfig


class ComputeConfig(AppConfig):
    name = "apps.compute"

    def ready(self) -> None:
        """Register what this app takes in from nodes."""
        from apps.compute import statements  # noqa: F401
