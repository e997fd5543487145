from django.apps import AppConfig


class VotesConfig(AppConfig):
    name = "apps.votes"

    def ready(self) -> None:
        """Register what this app takes in from nodes."""
        from apps.votes import statements  # noqa: F401
