"""Every address under /api/: version 1, and the five workflow paths of the first specification."""

from typing import Final

from django.urls import URLPattern, URLResolver, include, path, re_path
from django.views.decorators.csrf import csrf_exempt
from rest_framework.views import APIView

from common.api.exceptions import not_found
from config import api_docs
from gigs.api.offers import GigsPostView, MatchFreelancerView
from gigs.api.work import TaskActionView
from invoicing.api.views import AutoGenerateView
from wallets.api.payments import ExecuteView

WORKFLOW: Final[dict[str, type[APIView]]] = {
    "gigs/post": GigsPostView,
    "gigs/match-freelancer": MatchFreelancerView,
    "project-tasks/submit": TaskActionView,
    "invoices/auto-generate": AutoGenerateView,
    "payments/execute": ExecuteView,
}

v1: list[URLPattern | URLResolver] = [
    path("", include("accounts.api.urls")),
    path("", include("gigs.api.urls")),
    path("", include("invoicing.api.urls")),
    path("", include("wallets.api.urls")),
    path("schema/", api_docs.schema, name="api-schema"),
    path("docs/", api_docs.swagger, name="api-docs"),
    path("redoc/", api_docs.redoc, name="api-redoc"),
]

urlpatterns: list[URLPattern | URLResolver] = [
    path("v1/", include(v1)),
    *(path(address, view.as_view()) for address, view in WORKFLOW.items()),
    *(path(f"{address}/", view.as_view(schema=None)) for address, view in WORKFLOW.items()),
    # Anything else is 404 in JSON; as it matches, no slash is appended and no POST redirected.
    re_path("", csrf_exempt(not_found)),
]
