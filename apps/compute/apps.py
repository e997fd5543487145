from django.apps import AppConfig


class ComputeConfig(AppConfig):
    name = "apps.compute"

    def ready(self) -> None:
        """Register what this app takes in from nodes, and what it says on homes."""
        from apps.capsules.acts import register_jobs
        from apps.capsules.rehearsal import register_past_uses
        from apps.capsules.trial import register_open_requests
        from apps.compute import panels, statements  # noqa: F401
        from apps.compute.closing import end_jobs_on, jobs_on
        from apps.compute.history import open_requests, past_uses

        panels.register_all()
        register_past_uses(past_uses)
        register_open_requests(open_requests)
        register_jobs(jobs_on, end_jobs_on)
