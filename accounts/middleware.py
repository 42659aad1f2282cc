"""Two-factor is a condition of being staff."""

from collections.abc import Callable
from typing import Any, Final

from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

OPEN_VIEWS: Final = ("account_", "mfa_")
API: Final = "/api/"


class StaffTwoFactorMiddleware:
    """Send staff without an authenticator app to its set-up; nothing else is open to them."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self,
        request: HttpRequest,
        view: Callable[..., HttpResponse],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> HttpResponse | None:
        """None to go on; a redirect while the second factor is missing."""
        if not settings.STAFF_TWO_FACTOR_REQUIRED or not request.user.is_staff:
            return None
        if _is_open(request):
            return None
        if is_mfa_enabled(request.user, [Authenticator.Type.TOTP]):
            return None
        messages.info(request, "Staff accounts need two-factor authentication. Set it up first.")
        return redirect("mfa_activate_totp")


def _is_open(request: HttpRequest) -> bool:
    """Sign-in and set-up themselves, and the API, which gives staff no power that others lack."""
    match = request.resolver_match
    name = (match.url_name or "") if match else ""
    return name.startswith(OPEN_VIEWS) or request.path.startswith(API)
