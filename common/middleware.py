"""What every request passes first: an id, the caller's address, and text that can be stored."""

import ipaddress
import logging
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final
from urllib.parse import unquote_to_bytes
from uuid import uuid4

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views import defaults

from common import context
from common.api import exceptions
from common.api.parsers import UNSTORABLE
from common.api.problems import Problem

logger = logging.getLogger(__name__)

GetResponse = Callable[[HttpRequest], HttpResponse]
TOKEN_PREFIX: Final = "trn_"  # noqa: S105 - how tokens start, so that one in a URL is seen
TOKEN_PARAMETERS: Final = frozenset({"token", "access_token", "api_key", "apikey", "authorization"})
_SANE_ID = re.compile(r"[A-Za-z0-9._:-]{8,64}", re.ASCII)


class RequestContextMiddleware:
    """Names the request: the caller's X-Request-ID when it is sane, a new one otherwise."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        # Not request.headers: that keeps what it first saw, and others read the id there later.
        asked = request.META.get("HTTP_X_REQUEST_ID", "")
        request_id = asked if _SANE_ID.fullmatch(asked) else uuid4().hex
        request.META["HTTP_X_REQUEST_ID"] = request_id
        with (
            _set(context.request_id, request_id),
            _set(context.remote_address, remote_address(request)),
        ):
            response = self.get_response(request)
        response["X-Request-ID"] = request_id
        return response


class CleanInputMiddleware:
    """Refuses text that neither UTF-8 nor PostgreSQL can hold, and tokens in addresses."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        problem = _unclean(request) or _token_in_address(request) or _without_length(request)
        if problem is None:
            return self.get_response(request)
        if exceptions.is_api(request):
            return problem.as_response()
        return defaults.bad_request(request, ValueError(problem.detail))


def remote_address(request: HttpRequest) -> str:
    """The caller's address, "" when unknown.

    X-Forwarded-For counts only as far as TRUSTED_PROXY_COUNT proxies wrote it: whatever a caller
    puts before that is ignored.
    """
    address = request.META.get("REMOTE_ADDR", "")
    proxies: int = settings.TRUSTED_PROXY_COUNT
    if proxies:
        hops = [hop.strip() for hop in request.headers.get("X-Forwarded-For", "").split(",")]
        if len(hops) >= proxies:
            address = hops[-proxies]
    try:
        return str(ipaddress.ip_address(address))
    except ValueError:
        return ""


@contextmanager
def _set(variable: ContextVar[str], value: str) -> Iterator[None]:
    before = variable.set(value)
    try:
        yield
    finally:
        variable.reset(before)


def _unclean(request: HttpRequest) -> Problem | None:
    headers = (value for name, value in request.META.items() if name.startswith("HTTP_"))
    texts = [request.path_info, *headers]
    try:
        texts.append(unquote_to_bytes(request.META.get("QUERY_STRING", "")).decode("utf-8"))
    except UnicodeError:
        return Problem(400, "invalid_characters", "The address must be UTF-8.")
    if any(UNSTORABLE.search(text) for text in texts):
        return Problem(400, "invalid_characters", "NUL and lone surrogates are not accepted.")
    return None


def _without_length(request: HttpRequest) -> Problem | None:
    """A body in chunks would reach Django as none at all."""
    if "chunked" in request.headers.get("Transfer-Encoding", "").lower():
        return Problem(411, "length_required", "Send the body with a Content-Length.")
    return None


def _token_in_address(request: HttpRequest) -> Problem | None:
    query = request.META.get("QUERY_STRING", "")
    if not query:
        return None
    names = {part.partition("=")[0].lower() for part in query.split("&")}
    is_named = exceptions.is_api(request) and bool(names & TOKEN_PARAMETERS)
    if not is_named and f"={TOKEN_PREFIX}" not in query:
        return None
    logger.warning("token in query string", extra={"path": request.path_info})
    return Problem(
        400,
        "token_in_address",
        "Send the token in the Authorization header; revoke this one, as addresses are logged.",
    )
