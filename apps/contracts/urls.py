from django.urls import URLPattern, URLResolver, path

from apps.contracts import api

app_name = "contracts"
urlpatterns: list[URLPattern | URLResolver] = [
    path("api/v1/contracts/", api.ContractList.as_view(), name="api-contracts"),
    path("api/v1/contracts/<uuid:contract_id>/", api.ContractDetail.as_view(), name="api-contract"),
]
