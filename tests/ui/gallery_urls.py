"""The gallery's addresses alone."""

from django.http import HttpRequest, HttpResponse
from django.urls import include, path


def nothing(request: HttpRequest) -> HttpResponse:
    """Stands where the language would be chosen."""
    return HttpResponse(status=204)


urlpatterns = [path("", include("apps.ui.urls")), path("language/", nothing, name="set_language")]
