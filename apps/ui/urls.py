"""The gallery of components, where settings allow it."""

from django.conf import settings
from django.urls import URLPattern, path

from apps.ui import views

app_name = "ui"
urlpatterns: list[URLPattern] = []
if settings.UI_GALLERY:
    urlpatterns += [
        path("ui/", views.gallery, name="gallery"),
        path("ui/node/", views.node_gallery, name="node-gallery"),
        path("ui/error/<int:status>/", views.error_gallery, name="error-gallery"),
    ]
