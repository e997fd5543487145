from django.apps import AppConfig


class ContractsConfig(AppConfig):
    name = "apps.contracts"

    def ready(self) -> None:
        """Register what this app takes in from nodes."""
        from apps.contracts import statements  # noqa: F401
