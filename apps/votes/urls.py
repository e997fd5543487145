from django.urls import URLPattern, URLResolver, path

from apps.votes import api, views

app_name = "votes"
urlpatterns: list[URLPattern | URLResolver] = [
    path("votes/on/<uuid:capsule_id>/", views.listing, name="list"),
    path("votes/on/<uuid:capsule_id>/ask/", views.ask, name="ask"),
    path("votes/on/<uuid:capsule_id>/preview/", views.preview, name="preview"),
    path("votes/<uuid:vote_id>/withdraw/", views.withdraw, name="withdraw"),
    path("votes/<uuid:vote_id>/draft/", views.draft, name="draft"),
    path("api/v1/votes/", api.Votes.as_view(), name="api-votes"),
    path("api/v1/votes/<uuid:vote_id>/policy/", api.VotedPolicy.as_view(), name="api-voted-policy"),
]
