from django.urls import path

from apps.exchange import views

app_name = "exchange"
urlpatterns = [
    path("node/v1/exchange", views.exchange, name="exchange"),
    path("zone/nodes/", views.nodes, name="nodes"),
]
