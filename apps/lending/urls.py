from django.urls import URLPattern, URLResolver, path

from apps.lending import views

app_name = "lending"
urlpatterns: list[URLPattern | URLResolver] = [
    path("file/", views.file, name="list"),
    path("credit/", views.my_credit, name="credit"),
    path("credit/ask/", views.ask, name="ask"),
    path("credit/authorise/", views.authorise, name="authorise"),
    path("credit/authorisations/<uuid:authorisation_id>/withdraw/", views.withdraw, name="withdraw"),
]
