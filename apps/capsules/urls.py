from django.urls import URLPattern, URLResolver, path

from apps.capsules import api, policies, record, views

app_name = "capsules"
urlpatterns: list[URLPattern | URLResolver] = [
    path("capsules/", views.capsules, name="list"),
    path("capsules/policies/new/", policies.new, name="policy-new"),
    path("capsules/policies/preview/", policies.preview, name="policy-preview"),
    path("capsules/policies/trial/", policies.trial, name="policy-trial"),
    path("capsules/policies/export.<slug:kind>", policies.export, name="policy-export"),
    path("capsules/<uuid:capsule_id>/", views.capsule, name="detail"),
    path("capsules/<uuid:capsule_id>/certificates/<uuid:certificate_id>/", record.certificate, name="certificate"),
    path(
        "capsules/<uuid:capsule_id>/certificates/<uuid:certificate_id>.json", record.download, name="certificate-file"
    ),
    path("capsules/<uuid:capsule_id>/<slug:step>/", views.act, name="act"),
    path("api/v1/policies/", api.PolicyDrafts.as_view(), name="api-policies"),
    path("api/v1/policies/schema/", api.PolicySchema.as_view(), name="api-policy-schema"),
    path("api/v1/capsules/<uuid:capsule_id>/odrl/", api.CapsuleOdrl.as_view(), name="api-capsule-odrl"),
    path("api/v1/capsules/<uuid:capsule_id>/record/", api.CapsuleRecord.as_view(), name="api-capsule-record"),
    path("api/v1/capsules/", api.CapsuleList.as_view(), name="api-capsules"),
    path("api/v1/capsules/<uuid:capsule_id>/", api.CapsuleDetail.as_view(), name="api-capsule"),
]
