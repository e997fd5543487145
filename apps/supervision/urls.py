from django.urls import URLPattern, URLResolver, path

from apps.supervision import views

app_name = "supervision"
urlpatterns: list[URLPattern | URLResolver] = [
    path("supervision/events/", views.events, name="events"),
    path("supervision/jobs/", views.jobs, name="jobs"),
    path("supervision/jobs/<uuid:job_id>/", views.job, name="job"),
    path("supervision/jobs/<uuid:job_id>/evidence.json", views.evidence, name="evidence"),
]
