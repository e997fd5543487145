from django.apps import AppConfig


class WorkspacesConfig(AppConfig):
    name = "apps.workspaces"

    def ready(self) -> None:
        """Put what the apps below know onto each workspace's home, and counts beside its navigation."""
        from apps.workspaces import panels

        panels.register_all()
