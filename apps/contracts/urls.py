from django.urls import URLPattern, URLResolver, path

from apps.contracts import api, views

app_name = "contracts"
urlpatterns: list[URLPattern | URLResolver] = [
    path("contracts/", views.contracts, name="list"),
    path("contracts/new/", views.new, name="new"),
    path("contracts/<uuid:contract_id>/", views.contract, name="detail"),
    path("contracts/<uuid:contract_id>/withdraw/", views.withdraw, name="withdraw"),
    path("api/v1/contracts/", api.ContractList.as_view(), name="api-contracts"),
    path("api/v1/contracts/<uuid:contract_id>/", api.ContractDetail.as_view(), name="api-contract"),
]
