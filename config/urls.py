"""Every door: people, programs, staff."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import TemplateView

from config.health import healthz, readyz
from config.metrics import metrics

urlpatterns = [
    path("", TemplateView.as_view(template_name="home.html"), name="home"),
    path("", include("gigs.urls")),
    path("", include("invoicing.urls")),
    path("", include("wallets.urls")),
    path("settings/", include("accounts.urls")),
    path("accounts/", include("allauth.urls")),
    path("api/", include("config.api_urls")),
    path("admin/", admin.site.urls),
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
    path("metrics", metrics, name="metrics"),
]

handler400 = "common.api.exceptions.bad_request"
handler403 = "common.api.exceptions.forbidden"
handler404 = "common.api.exceptions.not_found"
handler500 = "common.api.exceptions.server_error"
