"""The node's address book: the console, and the reader's choice of language."""

from django.urls import include, path
from django.views.i18n import set_language

from apps.node.console.door import open_to_all

urlpatterns = [
    path("", include("apps.node.console.urls")),
    path("language/", open_to_all(set_language), name="set_language"),
]
handler404 = "apps.node.console.views.errors.not_found"
handler500 = "apps.node.console.views.errors.crash"
