from django.apps import AppConfig


class CapsulesConfig(AppConfig):
    name = "apps.capsules"

    def ready(self) -> None:
        """Register what this app takes in from nodes."""
        from apps.capsules import statements  # noqa: F401
