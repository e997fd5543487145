from django.apps import AppConfig


class DatasetsConfig(AppConfig):
    name = "apps.datasets"

    def ready(self) -> None:
        """Register what this app takes in from nodes."""
        from apps.datasets import statements  # noqa: F401
