"""What a service raises when it refuses: a stable code, an HTTP status, a sentence to act on."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class FieldError:
    """What is wrong with one field of the input."""

    field: str
    code: str
    detail: str


class DomainError(Exception):
    """A refusal. Subclasses fix `code` and `status`; the message is fit for the user."""

    code: ClassVar[str] = "refused"
    status: ClassVar[int] = 409
    default_message: ClassVar[str] = "This is not possible now."
    retry_after: int | None = None
    """Seconds after which asking again makes sense."""
    errors: Sequence[FieldError] = ()
    """What is wrong with the input, one by one, where it is about input."""

    def __init__(self, message: str = "") -> None:
        self.message = message or self.default_message
        super().__init__(self.message)


class PermissionRefused(DomainError):
    """The actor may not do this to an object that they may see."""

    code = "permission_denied"
    status = 403
    default_message = "You are not allowed to do this."


class Missing(DomainError):
    """There is no such object, or it belongs to somebody else."""

    code = "not_found"
    status = 404
    default_message = "There is nothing here."


class Invalid(DomainError):
    """Input that cannot be accepted as it is, field by field."""

    code = "invalid"
    status = 400

    def __init__(self, errors: Sequence[FieldError]) -> None:
        self.errors = errors
        super().__init__(" ".join(error.detail for error in errors))


class TransitionRefused(DomainError):
    """The object's state does not allow the move."""

    code = "transition_refused"
