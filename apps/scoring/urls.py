from django.urls import URLPattern, URLResolver, path

from apps.scoring import api, views

app_name = "scoring"
urlpatterns: list[URLPattern | URLResolver] = [
    path("scorecards/", views.cards, name="list"),
    path("scorecards/<str:digest>/", views.card, name="card"),
    path("api/v1/scorecards/", api.ScorecardList.as_view(), name="api-scorecards"),
    path("api/v1/scorecards/<str:digest>/", api.ScorecardDetail.as_view(), name="api-scorecard"),
]
