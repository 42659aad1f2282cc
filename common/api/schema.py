"""What each operation takes, gives and refuses: declared once, enforced and documented from that."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, TypeVar

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse
from rest_framework import serializers

from common.api import problems
from common.api.query import Query
from common.api.serializers import Example, Input, Output
from common.exceptions import DomainError

F = TypeVar("F", bound=Callable[..., Any])
Answer = type[serializers.BaseSerializer[Any]] | OpenApiTypes | None
GENERAL: Final[dict[int, Sequence[tuple[str, str]]]] = {
    400: [
        ("invalid", "The input is malformed or not acceptable; `errors` names the fields."),
        ("invalid_characters", "NUL, a lone surrogate, or an address that is not UTF-8."),
        ("token_in_address", "A token stands in the address and not in a header."),
        ("idempotency_key_malformed", "The key is not 1 to 255 visible ASCII characters."),
        ("unknown_parameter", "The query string has a parameter that is not declared."),
    ],
    429: [("rate_limited", "Too many calls in this minute; see `Retry-After`.")],
    503: [("temporarily_unavailable", "The database is away; see `Retry-After`.")],
}
WRITE: Final[dict[int, Sequence[tuple[str, str]]]] = {
    409: [("busy", "Others work on the same rows; ask again after `Retry-After`.")],
    411: [("length_required", "The body came in chunks, without a `Content-Length`.")],
}
BODY: Final[dict[int, Sequence[tuple[str, str]]]] = {
    400: [
        ("invalid_json", "The body is not JSON in UTF-8."),
        ("object_required", "The body is no JSON object."),
        ("too_deep", "The body is nested deeper than 20."),
        ("too_many_keys", "An object has more than 200 keys."),
        ("too_many_items", "A list has more than 100 items, or than its field may."),
        ("duplicate_key", "A key is there twice."),
        ("unknown_field", "A key is not known here."),
    ],
    413: [("too_large", "The body has more than 64 KiB.")],
    415: [("unsupported_media_type", "The body is not `application/json`.")],
}
UPLOAD: Final[dict[int, Sequence[tuple[str, str]]]] = {
    400: [
        ("parse_error", "The body is no form with a file."),
        ("duplicate_key", "A field is there twice."),
        ("unknown_field", "A field is not known here."),
    ],
    413: [("too_large", "The file is larger than it may be.")],
    415: [("unsupported_media_type", "The body is not `multipart/form-data`.")],
}
SIGNED_IN: Final[dict[int, Sequence[tuple[str, str]]]] = {
    401: [
        ("not_authenticated", "Neither a token nor a session."),
        ("invalid_token", "The token is unknown, expired or revoked."),
    ],
}
SESSION: Final[dict[int, Sequence[tuple[str, str]]]] = {
    403: [("csrf_failed", "The write of a browser's session came without its CSRF token.")],
}
KEYED: Final[dict[int, Sequence[tuple[str, str]]]] = {
    409: [("idempotency_key_in_flight", "The first request with this key is still running.")],
    422: [("idempotency_key_reused", "The key came with another request before.")],
}


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one path. `scope` is what a token needs; None means that any token will do.

    `example` is its answer's where the one of all such rows would mislead.
    """

    name: str
    tag: str
    answers: Mapping[int | tuple[int, str], Answer]
    scope: str | None = None
    is_public: bool = False
    request: type[Input] | None = None
    query: type[Query] = Query
    refusals: Sequence[type[DomainError]] = ()
    takes_key: bool = False
    needs_key: bool = False
    is_upload: bool = False
    example: Example | None = None

    def problems(self, method: str, *, has_path_id: bool) -> dict[int, dict[str, str]]:
        """Every refusal by status: code and words."""
        found: dict[int, dict[str, str]] = defaultdict(dict)
        is_write = method != "GET"
        tables = [GENERAL]
        tables += [WRITE] * is_write
        tables += [UPLOAD if self.is_upload else BODY] * self._reads_body(method)
        tables += [SIGNED_IN] * (not self.is_public)
        tables += [KEYED] * self.takes_key
        tables += [SESSION] * (is_write and not self.is_public)
        for table in tables:
            for status, entries in table.items():
                found[status].update(entries)
        if self.needs_key:
            found[400]["idempotency_key_required"] = "A token call that moves money needs a key."
        if self.scope:
            found[403]["scope_missing"] = f"The token lacks the scope `{self.scope}`."
        if has_path_id:
            found[404]["not_found"] = "There is no such object, or it is not yours."
        for refusal in self.refusals:
            found[refusal.status][refusal.code] = refusal.default_message
        return dict(sorted(found.items()))

    def _reads_body(self, method: str) -> bool:
        """Also where it has to be empty; a provider's signed event is none of ours to spell."""
        is_event = self.is_public and self.request is None
        return method in ("POST", "PUT", "PATCH") and not is_event


def operation(declared: Operation) -> Callable[[F], F]:
    """Declare what a view's method is; the first line of its docstring is the summary."""

    def decorate(method: F) -> F:
        method.operation = declared  # type: ignore[attr-defined]
        return method

    return decorate


class ProblemField(Output):
    """What is wrong with one field."""

    field = serializers.CharField()
    code = serializers.CharField()
    detail = serializers.CharField()


class Problem(Output):
    """RFC 9457. `code` is stable; `errors` names fields by dotted path."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField()
    code = serializers.CharField()
    errors = ProblemField(many=True)  # type: ignore[assignment]
    request_id = serializers.CharField()


@cache
def page_schema(row: type[Output]) -> type[Output]:
    """The answer of a list of such rows."""
    name = f"{row.__name__.removesuffix('Output')}Page"
    attributes = {
        "__doc__": "One page of a list.",
        "results": row(many=True),
        "next": serializers.URLField(allow_null=True),
        "previous": serializers.URLField(allow_null=True),
    }
    if row.example is not None:
        attributes["example"] = {"results": [row.example], "next": None, "previous": None}
    return type(name, (Output,), attributes)


class Schema(AutoSchema):
    """Describes a view's method by its Operation."""

    @property
    def declared(self) -> Operation:
        found: Operation = getattr(self.view, self.method.lower()).operation
        return found

    def is_excluded(self) -> bool:
        return not hasattr(getattr(self.view, self.method.lower()), "operation")

    def get_operation_id(self) -> str:
        suffix = "_workflow" if self._is_workflow() else ""
        return f"{self.declared.name}{suffix}"

    def get_tags(self) -> list[str]:
        return ["workflow" if self._is_workflow() else self.declared.tag]

    def get_summary(self) -> str:
        first: str = super().get_description().partition("\n")[0]
        return first.rstrip(".")

    def get_description(self) -> str:  # type: ignore[override]
        words: str = super().get_description()
        summary, _, more = words.partition("\n")
        scope = f"Scope: `{self.declared.scope}`." if self.declared.scope else ""
        return "\n\n".join(part for part in (more.strip() or summary, scope) if part)

    def get_serializer_name(self, serializer: Any, direction: Any) -> str:
        name: str = super().get_serializer_name(serializer, direction)
        return name.removesuffix("Output").removesuffix("Input")

    def get_override_parameters(self) -> list[Any]:
        found: list[Any] = [] if self.declared.query is Query else [self.declared.query]
        if self.declared.takes_key:
            found.append(
                OpenApiParameter(
                    name="Idempotency-Key",
                    type=str,
                    location=OpenApiParameter.HEADER,
                    required=self.declared.needs_key,
                    description="The first answer is kept for 7 days and given again for the key.",
                )
            )
        return found

    def get_request_serializer(self) -> Any:
        return self.declared.request

    def get_response_serializers(self) -> Any:
        declared = self.declared
        refused = declared.problems(self.method, has_path_id="{" in self.path)
        answers: dict[Any, Any] = {
            status: _response(answer) for status, answer in declared.answers.items()
        }
        for status, codes in refused.items():
            answers[(status, problems.CONTENT_TYPE)] = OpenApiResponse(
                Problem,
                description="\n".join(f"- `{code}`: {words}" for code, words in codes.items()),
                examples=[_problem_example(status, *list(codes.items())[-1])],
            )
        return answers

    def _is_workflow(self) -> bool:
        """Whether this is one of the paths that the first specification named."""
        return not self.path.startswith("/api/v1/")

    def _get_examples(
        self,
        serializer: Any,
        direction: str,
        media_type: str,
        status_code: str | None = None,
        extras: list[OpenApiExample] | None = None,
    ) -> Any:
        example = getattr(serializer, "example", None)
        if example is not None and direction == "response":
            example = self.declared.example or example
        own = [OpenApiExample("Example", value=example)] if example is not None else []
        return super()._get_examples(  # type: ignore[no-untyped-call]
            serializer, direction, media_type, status_code, [*own, *(extras or [])]
        )


def _response(answer: Answer) -> Any:
    if answer is None:
        return OpenApiResponse(description="Done; there is no body.")
    return OpenApiResponse(answer, description="The answer.")


def _problem_example(status: int, code: str, words: str) -> OpenApiExample:
    value = problems.Problem(status, code, words.replace("`", "")).as_dict()
    return OpenApiExample(code, value={**value, "request_id": "5f0e6e1c9d5b4c6f8a1e2b3c4d5e6f70"})
