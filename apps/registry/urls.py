from django.urls import include, path
from rest_framework.routers import SimpleRouter

from apps.registry import api, views

router = SimpleRouter()
router.register("enterprises", api.EnterpriseViewSet, basename="enterprise")

app_name = "registry"
urlpatterns = [
    path("registry/", views.search, name="search"),
    path("registry/<str:uscc>/", views.firm, name="firm"),
    path("api/v1/", include(router.urls)),
]
