from django.urls import URLPattern, URLResolver, path

from apps.compute import api

app_name = "compute"
urlpatterns: list[URLPattern | URLResolver] = [
    path("api/v1/jobs/", api.JobList.as_view(), name="api-jobs"),
    path("api/v1/jobs/<uuid:job_id>/", api.JobDetail.as_view(), name="api-job"),
    path("api/v1/jobs/<uuid:job_id>/cancel/", api.JobCancel.as_view(), name="api-job-cancel"),
    path("api/v1/jobs/<uuid:job_id>/receipts/", api.JobReceipts.as_view(), name="api-receipts"),
    path("api/v1/enquiries/", api.EnquiryList.as_view(), name="api-enquiries"),
]
