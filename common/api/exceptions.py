"""Every failure under /api/ as problem+json: in REST framework's views, and around them."""

import logging
import sys
from collections.abc import Iterator
from typing import Any

from django.core.exceptions import (
    ObjectDoesNotExist,
    PermissionDenied,
    RequestDataTooBig,
    SuspiciousOperation,
)
from django.db import OperationalError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, UnreadablePostError
from django.template import loader
from django.views import defaults
from psycopg.errors import DeadlockDetected, LockNotAvailable, SerializationFailure
from rest_framework.exceptions import APIException, ValidationError
from rest_framework.response import Response

from common import context
from common.api import problems
from common.api.problems import Problem
from common.exceptions import DomainError, FieldError, Invalid, Missing
from common.outage import is_outage

logger = logging.getLogger(__name__)

CODES = {"null": "required", "not_a_list": "wrong_type", "not_a_dict": "wrong_type"}
"""REST framework's codes that have another name here."""
NOT_FOUND = Problem(404, Missing.code, "There is nothing here.")
BUSY = Problem(
    409, "busy", "Somebody else is changing this just now.", headers={"Retry-After": "1"}
)
AWAY = Problem(
    503,
    "temporarily_unavailable",
    "We cannot answer just now. Ask again in a few seconds, under the same Idempotency-Key.",
    headers={"Retry-After": "2"},
)
BROKEN = Problem(500, "internal_error", "Something went wrong on our side.")


def problem_handler(exc: Exception, context: dict[str, Any]) -> Response | None:
    """REST framework's exception handler; None hands the exception on to Django's 500."""
    problem = problem_of(exc)
    if problem is None:
        return None
    return Response(
        problem.as_dict(),
        status=problem.status,
        headers=problem.all_headers(),
        content_type=problems.CONTENT_TYPE,
    )


def problem_of(exc: Exception) -> Problem | None:
    """The problem that an exception stands for; None for one that nobody foresaw."""
    if isinstance(exc, Invalid):
        return problems.of_fields(exc.errors, exc.message if not exc.errors else "")
    if isinstance(exc, DomainError):
        return problems.of_refusal(exc)
    if isinstance(exc, ValidationError):
        return problems.of_fields(list(flatten(exc.detail)))
    if isinstance(exc, APIException):
        return _of_api_exception(exc)
    return _of_django(exc)


def flatten(detail: Any, path: tuple[str, ...] = ()) -> Iterator[FieldError]:
    """REST framework's nested error details as dotted fields."""
    if isinstance(detail, dict):
        for name, inner in detail.items():
            yield from flatten(inner, path if name == "non_field_errors" else (*path, str(name)))
    elif isinstance(detail, list):
        for index, inner in enumerate(detail):
            is_error = not isinstance(inner, dict | list)
            yield from flatten(inner, path if is_error else (*path, str(index)))
    else:
        yield FieldError(".".join(path), CODES.get(detail.code, detail.code), str(detail))


def _of_api_exception(exc: APIException) -> Problem:
    headers: dict[str, str] = {}
    challenge = getattr(exc, "auth_header", None)
    if challenge:
        headers["WWW-Authenticate"] = challenge
    return Problem(exc.status_code, str(exc.get_codes()), str(exc.detail), headers=headers)


def _of_django(exc: Exception) -> Problem | None:
    if isinstance(exc, Http404 | ObjectDoesNotExist):
        return NOT_FOUND
    if isinstance(exc, PermissionDenied):
        return Problem(403, "permission_denied", str(exc) or "You are not allowed to do this.")
    if isinstance(exc, RequestDataTooBig):
        return problems.of_refusal(problems.TooLarge())
    if isinstance(exc, SuspiciousOperation | UnreadablePostError):
        return Problem(400, "bad_request", "The request cannot be read.")
    if isinstance(exc, OperationalError) and isinstance(
        exc.__cause__, LockNotAvailable | DeadlockDetected | SerializationFailure
    ):
        logger.warning("lock refused", exc_info=exc)
        return BUSY
    if is_outage(exc):
        logger.warning("database unreachable", exc_info=exc)
        return AWAY
    return None


def is_api(request: HttpRequest) -> bool:
    """Whether the answer has to be JSON."""
    return request.path_info.startswith("/api/")


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse | JsonResponse:
    """handler400: requests that Django refuses before any view."""
    if is_api(request):
        return (_of_django(exception) or Problem(400, "bad_request", "Bad request.")).as_response()
    return defaults.bad_request(request, exception)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse | JsonResponse:
    """handler403."""
    if is_api(request):
        return Problem(403, "permission_denied", "You are not allowed to do this.").as_response()
    return defaults.permission_denied(request, exception)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """handler404, and the view of every unknown URL under /api/."""
    if is_api(request):
        return NOT_FOUND.as_response()
    return defaults.page_not_found(request, exception or Http404())


def server_error(request: HttpRequest) -> HttpResponse:
    """handler500, called while the exception is handled; 503 while the database is away.

    The page is made of nothing but its template: what broke may be the session or the database.
    """
    problem = AWAY if is_outage(sys.exception()) else BROKEN
    if is_api(request):
        return problem.as_response()
    page = loader.get_template(f"{problem.status}.html")
    shown = page.render({"request_id": context.request_id.get()})
    return HttpResponse(shown, status=problem.status, headers=problem.headers)
