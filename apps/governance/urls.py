from django.urls import URLPattern, URLResolver, path

from apps.governance import api, views

app_name = "governance"
urlpatterns: list[URLPattern | URLResolver] = [
    path("zone-rules/", views.overview, name="overview"),
    path("zone-rules/new/", views.new, name="new"),
    path("zone-rules/preview/", views.preview, name="preview"),
    path("zone-rules/<int:version>/", views.version, name="version"),
    path("api/v1/zone-rules/", api.ZoneRulesList.as_view(), name="api-zone-rules"),
]
