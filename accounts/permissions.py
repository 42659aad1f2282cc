"""Decorators of views, built on policies."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django_htmx.middleware import HtmxDetails

from accounts.enums import Role
from accounts.models import User

View = TypeVar("View", bound=Callable[..., HttpResponseBase])


class SignedInRequest(HttpRequest):
    """What a view below @login_required gets."""

    user: User
    htmx: HtmxDetails


def role_required(role: Role) -> Callable[[View], View]:
    """Only for people with that role; stands below @login_required."""

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: SignedInRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if role not in request.user.roles:
                raise PermissionDenied(f"This page is for {role.label.lower()}s.")
            return view(request, *args, **kwargs)

        return cast(View, guarded)

    return decorate
