from django.apps import AppConfig


class LendingConfig(AppConfig):
    name = "apps.lending"

    def ready(self) -> None:
        """Register what this app takes in from nodes."""
        from apps.lending import statements  # noqa: F401
