from django.apps import AppConfig


class ComputeConfig(AppConfig):
    name = "apps.compute"

    def ready(self) -> None:
        """Register what this app takes in from nodes, and what it says on homes."""
        from apps.capsules.acts import register_jobs
        from apps.capsules.rehearsal import register_past_uses
        from apps.compute import panels, statements  # noqa: F401
        from apps.compute.closing import end_jobs_on, jobs_on
        from apps.compute.history import past_uses

        panels.register_all()
        register_past_uses(past_uses)
        register_jobs(jobs_on, end_jobs_on)
