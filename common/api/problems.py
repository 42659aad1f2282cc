"""RFC 9457: the one shape of every refusal under /api/."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final

from django.http import JsonResponse

from common import context
from common.exceptions import DomainError, FieldError

CONTENT_TYPE: Final = "application/problem+json"
CHALLENGE: Final = 'Bearer realm="tranche"'


class TooLarge(DomainError):
    """The body is larger than the API takes."""

    code = "too_large"
    status = 413
    default_message = "The body is too large."


@dataclass(frozen=True, slots=True)
class Problem:
    """What went wrong, ready to be sent."""

    status: int
    code: str
    detail: str
    errors: Sequence[FieldError] = ()
    headers: Mapping[str, str] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        return {
            "type": f"urn:tranche:error:{self.code}",
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "detail": self.detail,
            "code": self.code,
            "errors": [
                {"field": error.field, "code": error.code, "detail": error.detail}
                for error in self.errors
            ],
            "request_id": context.request_id.get(),
        }

    def all_headers(self) -> dict[str, str]:
        """The headers, with the challenge that each 401 owes."""
        challenge = (
            {"WWW-Authenticate": CHALLENGE} if self.status == HTTPStatus.UNAUTHORIZED else {}
        )
        return {**challenge, **self.headers}

    def as_response(self) -> JsonResponse:
        """For places outside of REST framework: middleware and Django's error handlers."""
        return JsonResponse(
            self.as_dict(),
            status=self.status,
            content_type=CONTENT_TYPE,
            headers=self.all_headers(),
        )


def of_fields(errors: Sequence[FieldError], detail: str = "") -> Problem:
    """400 for input; a single error gives the whole its code."""
    code = errors[0].code if len(errors) == 1 else "invalid"
    words = detail or " ".join(
        f"{error.field}: {error.detail}" if error.field else error.detail for error in errors
    )
    return Problem(400, code, words, errors=errors)


def of_refusal(refusal: DomainError) -> Problem:
    """The problem that a service's refusal is."""
    wait = refusal.retry_after
    headers = {} if wait is None else {"Retry-After": str(wait)}
    return Problem(
        refusal.status, refusal.code, refusal.message, errors=refusal.errors, headers=headers
    )
