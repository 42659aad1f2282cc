"""The API's own documentation: the OpenAPI document and two pages that show it."""

from functools import lru_cache

from csp.decorators import csp_update
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiJsonRenderer


@require_safe
def schema(request: HttpRequest) -> HttpResponse:
    """The OpenAPI 3.1 document."""
    return HttpResponse(_document(), content_type="application/vnd.oai.openapi+json")


@require_safe
@csp_update({"style-src": ["'unsafe-inline'"]})
def swagger(request: HttpRequest) -> HttpResponse:
    """The operations, to read and to try. Swagger UI writes style attributes."""
    return render(request, "api/swagger.html")


@require_safe
@csp_update({"style-src": ["'unsafe-inline'"], "worker-src": ["blob:"]})
def redoc(request: HttpRequest) -> HttpResponse:
    """The operations, to read. Redoc writes style elements and searches in a worker."""
    return render(request, "api/redoc.html")


@lru_cache(maxsize=1)
def _document() -> bytes:
    """Made once a process: it depends on nothing but the code."""
    generated = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    rendered: bytes = OpenApiJsonRenderer().render(generated, renderer_context={})
    return rendered
