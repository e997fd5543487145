from django.apps import AppConfig


class ExchangeConfig(AppConfig):
    name = "apps.exchange"

    def ready(self) -> None:
        """Register what this app itself does with nodes' statements."""
        from apps.exchange import statements  # noqa: F401
