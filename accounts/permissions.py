"""Decorators of views, built on policies."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from allauth.account.decorators import reauthentication_required
from allauth.account.internal.flows.reauthentication import did_recently_reauthenticate
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


def is_sure(request: HttpRequest) -> bool:
    """Whether password or one-time code were given again within the last five minutes."""
    return bool(did_recently_reauthenticate(request))


def step_up_required(view: View) -> View:
    """Posts only for those who are sure; others give their password and the post goes on.

    Stands below @login_required.
    """
    return cast(View, reauthentication_required(view, allow_get=True))
