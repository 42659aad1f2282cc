"""The settings screens; sign-in, sign-up and two-factor are allauth's."""

from django.urls import path

from accounts import views

app_name = "accounts"
urlpatterns = [
    path("", views.settings, name="settings"),
    path("profile/", views.profile, name="profile"),
    path("profile/freelancer/", views.freelancer_profile, name="freelancer-profile"),
    path("profile/commissioner/", views.commissioner_profile, name="commissioner-profile"),
    path("roles/", views.role_add, name="role-add"),
    path("legal/", views.legal, name="legal"),
    path("logo/", views.logo, name="logo"),
    path("logo/remove/", views.logo_remove, name="logo-remove"),
    path("logo.png", views.logo_picture, name="logo-picture"),
    path("organisation/", views.organisation, name="organisation"),
    path("organisation/logo/", views.organisation_logo, name="organisation-logo"),
    path(
        "organisation/logo/remove/",
        views.organisation_logo_remove,
        name="organisation-logo-remove",
    ),
    path(
        "organisation/logo.png",
        views.organisation_logo_picture,
        name="organisation-logo-picture",
    ),
    path("tokens/", views.tokens, name="tokens"),
    path("tokens/<tok_id:token_id>/revoke/", views.token_revoke, name="token-revoke"),
    path("security/", views.security, name="security"),
]
