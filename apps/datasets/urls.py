from django.urls import URLPattern, URLResolver, path

from apps.datasets import api, views

app_name = "datasets"
urlpatterns: list[URLPattern | URLResolver] = [
    path("datasets/", views.datasets, name="list"),
    path("datasets/<uuid:dataset_id>/", views.dataset, name="detail"),
    path("api/v1/datasets/", api.DatasetList.as_view(), name="api-datasets"),
    path("api/v1/datasets/<uuid:dataset_id>/", api.DatasetDetail.as_view(), name="api-dataset"),
]
