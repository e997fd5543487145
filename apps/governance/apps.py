from django.apps import AppConfig


class GovernanceConfig(AppConfig):
    name = "apps.governance"

    def ready(self) -> None:
        """Register what this app takes in from nodes."""
        from apps.governance import statements  # noqa: F401
