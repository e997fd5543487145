from django.urls import path
from drf_spectacular.views import SpectacularAPIView

from apps.core import views
from apps.core.http import public

schema = public(SpectacularAPIView.as_view(authentication_classes=[], permission_classes=[]))

app_name = "core"
urlpatterns = [
    path("healthz", views.healthz, name="healthz"),
    path("readyz", views.readyz, name="readyz"),
    path("api/schema/", schema, name="schema"),
]
