from django.urls import path

from accounts.api import views

urlpatterns = [
    path("auth/register/", views.RegisterView.as_view()),
    path("auth/token/", views.SignInView.as_view()),
    path("me/", views.MeView.as_view()),
    path("me/legal/", views.LegalView.as_view()),
    path("me/logo/", views.LogoView.as_view()),
    path("me/organisation/", views.OrganisationView.as_view()),
    path("me/organisation/logo/", views.OrganisationLogoView.as_view()),
    path("tokens/", views.TokensView.as_view()),
    path("tokens/<tok_id:token_id>/", views.TokenView.as_view()),
]
