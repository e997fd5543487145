"""The portal's addresses: each app names its own below the root, pages and `/api/v1/` alike."""

from django.urls import include, path

from apps.core.views import language

urlpatterns = [
    path("language/", language, name="set_language"),
    path("accounts/", include("apps.tenants.account_urls")),
    path("", include("apps.core.urls")),
    path("", include("apps.tenants.urls")),
    path("", include("apps.ledger.urls")),
    path("", include("apps.exchange.urls")),
    path("", include("apps.registry.urls")),
    path("", include("apps.datasets.urls")),
    path("", include("apps.capsules.urls")),
    path("", include("apps.contracts.urls")),
    path("", include("apps.votes.urls")),
    path("", include("apps.scoring.urls")),
    path("", include("apps.governance.urls")),
    path("", include("apps.compute.urls")),
    path("", include("apps.lending.urls")),
    path("", include("apps.supervision.urls")),
    path("", include("apps.workspaces.urls")),
    path("", include("apps.ui.urls")),
]

handler400 = "apps.core.views.bad_request"
handler403 = "apps.core.views.forbidden"
handler404 = "apps.core.views.not_found"
handler429 = "apps.core.views.too_many_tries"
handler500 = "apps.core.views.server_error"
