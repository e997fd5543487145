from django.urls import URLPattern, URLResolver, path

from apps.compute import api, duty_pages, views

app_name = "compute"
urlpatterns: list[URLPattern | URLResolver] = [
    path("jobs/", views.jobs, name="list"),
    path("jobs/duties/", duty_pages.duties, name="duties"),
    path("jobs/new/", views.new, name="new"),
    path("jobs/new/check/", views.check, name="check"),
    path("jobs/<uuid:job_id>/", views.job, name="detail"),
    path("jobs/<uuid:job_id>/live/", views.live, name="live"),
    path("jobs/<uuid:job_id>/verify/", views.verify, name="verify"),
    path("jobs/<uuid:job_id>/receipts.json", views.receipts, name="receipts"),
    path("jobs/<uuid:job_id>/print/", views.sheet, name="print"),
    path("jobs/<uuid:job_id>/cancel/", views.cancel, name="cancel"),
    path("api/v1/jobs/", api.JobList.as_view(), name="api-jobs"),
    path("api/v1/jobs/<uuid:job_id>/", api.JobDetail.as_view(), name="api-job"),
    path("api/v1/jobs/<uuid:job_id>/cancel/", api.JobCancel.as_view(), name="api-job-cancel"),
    path("api/v1/jobs/<uuid:job_id>/receipts/", api.JobReceipts.as_view(), name="api-receipts"),
    path("api/v1/duties/", duty_pages.DutyList.as_view(), name="api-duties"),
    path("api/v1/enquiries/", api.EnquiryList.as_view(), name="api-enquiries"),
]
