"""Input that refuses what it does not know, and query strings read the same way."""

from collections.abc import Mapping
from functools import cache
from typing import Any, ClassVar, cast

from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError

from common.api.fields import WRONG_TYPE

Example = Mapping[str, Any]


class Input(serializers.Serializer[Any]):
    """A body or a part of one. Unknown keys are refused; nothing is coerced."""

    default_error_messages = {"wrong_type": WRONG_TYPE["object"]}
    example: ClassVar[Example | None] = None
    unknown: ClassVar[tuple[str, str]] = ("unknown_field", "There is no such field.")

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, Mapping):
            raise ValidationError(
                {"non_field_errors": [ErrorDetail(WRONG_TYPE["object"], "wrong_type")]}
            )
        code, words = self.unknown
        errors: dict[str, Any] = {
            str(name): [ErrorDetail(words, code)] for name in data if name not in self.fields
        }
        try:
            value = super().to_internal_value(data)
        except ValidationError as error:
            if isinstance(error.detail, dict):
                errors = {**error.detail, **errors}
        if errors:
            raise ValidationError(errors)
        return value


class Output(serializers.Serializer[Any]):
    """An answer. `example` is what the schema shows."""

    example: ClassVar[Example | None] = None

    @property
    def fields(self) -> Any:
        return _fields_of(type(self))


@cache
def _fields_of(output: type[Output]) -> Any:
    """The fields of an answer, made once a class: they know neither request nor context, and
    copying them for every answer costs more than writing it.
    """
    return cast("Any", serializers.Serializer.fields).func(output())
