from django.urls import URLPattern, URLResolver, path

from apps.capsules import api

app_name = "capsules"
urlpatterns: list[URLPattern | URLResolver] = [
    path("api/v1/policies/", api.PolicyDrafts.as_view(), name="api-policies"),
    path("api/v1/capsules/", api.CapsuleList.as_view(), name="api-capsules"),
    path("api/v1/capsules/<uuid:capsule_id>/", api.CapsuleDetail.as_view(), name="api-capsule"),
]
