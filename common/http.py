"""What the browser door needs in every app: pages and fragments, and refusals put into words."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.forms import BaseForm
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from common.exceptions import DomainError, Invalid, Missing, PermissionRefused
from common.models import LockableQuerySet, PublicIdModel

SOON: Final = timedelta(minutes=5)

T = TypeVar("T")
M = TypeVar("M", bound=PublicIdModel)


def render_page(
    request: HttpRequest,
    page: str,
    fragment: str,
    context: Mapping[str, Any] | None = None,
    *,
    status: int = 200,
) -> HttpResponse:
    """The whole page, or only its fragment when htmx asks for a part of it."""
    wants_fragment = request.htmx and not request.htmx.boosted  # type: ignore[attr-defined]
    response = render(request, fragment if wants_fragment else page, context, status=status)
    response["Vary"] = "HX-Request"
    return response


def found(rows: LockableQuerySet[M], public_id: str) -> M:
    """The row with that identifier among the rows; otherwise the 404 page."""
    try:
        return rows.by_public_id(public_id)
    except rows.model.DoesNotExist as error:
        raise Http404 from error


def marks(request: HttpRequest) -> dict[str, str]:
    """Where a page of a list lies, as its URL says: `before` one row or `after` it."""
    return {name: request.GET.get(name, "") for name in ("before", "after")}


def pace(begun_at: datetime, *, at: datetime) -> str:
    """How often a page looks again at what began then: it ends at once, or may take days."""
    return "3s" if at - begun_at < SOON else "60s"


def has_seen(request: HttpRequest, state: str) -> bool:
    """Whether htmx looks again and shows that state already: a 204 leaves page and focus alone."""
    return bool(request.htmx) and request.GET.get("seen") == state  # type: ignore[attr-defined]


def key_in(text: str) -> UUID | None:
    """The key by which a form is known when it is sent twice; None for anything else."""
    try:
        return UUID(text)
    except ValueError:
        return None


def download(content: bytes, *, media_type: str, name: str) -> HttpResponse:
    """A file for the disk of whoever asked."""
    return HttpResponse(
        content,
        content_type=media_type,
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def attempt(
    request: HttpRequest, service: Callable[[], T], *, form: BaseForm | None = None
) -> T | None:
    """What the service returns; None after a refusal, which the form or a message then shows.

    A refusal for want of permission or of the object itself is the 403 or 404 page.
    """
    try:
        return service()
    except PermissionRefused as refusal:
        raise PermissionDenied(refusal.message) from refusal
    except Missing as refusal:
        raise Http404(refusal.message) from refusal
    except Invalid as refusal:
        if form is None:
            messages.error(request, refusal.message)
        else:
            _add_errors(form, refusal)
    except DomainError as refusal:
        if form is None:
            messages.error(request, refusal.message)
        else:
            form.add_error(None, refusal.message)
    return None


def _add_errors(form: BaseForm, refusal: Invalid) -> None:
    if not refusal.errors:
        form.add_error(None, refusal.message)
    for error in refusal.errors:
        field = error.field if error.field in form.fields else None
        form.add_error(field, error.detail)
