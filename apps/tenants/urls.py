from django.urls import path

from apps.tenants import views

app_name = "tenants"
urlpatterns = [
    path("handover/", views.handover, name="handover"),
    path("me/organisation/", views.switch, name="switch"),
    path("me/tokens/", views.tokens, name="tokens"),
    path("me/tokens/<uuid:token_id>/end/", views.revoke_token, name="revoke-token"),
    path("zone/organisations/", views.organisations, name="organisations"),
    path("zone/organisations/add/", views.add_organisation, name="add-organisation"),
    path("zone/people/", views.people, name="people"),
    path("zone/people/add/", views.add_person, name="add-person"),
    path("zone/people/<uuid:membership_id>/role/", views.change_role, name="change-role"),
    path("zone/people/<uuid:membership_id>/reset/", views.reset_sign_in, name="reset-sign-in"),
    path("zone/people/<uuid:membership_id>/active/", views.set_active, name="set-active"),
]
