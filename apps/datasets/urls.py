from django.urls import URLPattern, URLResolver, path, re_path

from apps.datasets import api, views

app_name = "datasets"
urlpatterns: list[URLPattern | URLResolver] = [
    path("datasets/", views.datasets, name="list"),
    re_path(r"^datasets/export\.(?P<form>csv|xlsx)$", views.export, name="export"),
    path("datasets/<uuid:dataset_id>/", views.dataset, name="detail"),
    path("api/v1/datasets/", api.DatasetList.as_view(), name="api-datasets"),
    path("api/v1/datasets/<uuid:dataset_id>/", api.DatasetDetail.as_view(), name="api-dataset"),
]
