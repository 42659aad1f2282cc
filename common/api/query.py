"""Query strings: declared parameters only, and lists in pages by cursor."""

import base64
import binascii
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final, TypeVar, cast

from django.conf import settings
from django.core.exceptions import ValidationError as DjangoValidationError
from django.db.models import F, Field, Model, Q, QuerySet
from django.http import QueryDict
from rest_framework import serializers
from rest_framework.request import Request

from common.api.serializers import Input
from common.exceptions import FieldError, Invalid

M = TypeVar("M", bound=Model)
DEFAULT_LIMIT: Final = 50
_LIMIT = re.compile(r"[1-9][0-9]{0,2}", re.ASCII)


class LimitField(serializers.IntegerField):
    """How many rows a page has, written in plain digits."""

    default_error_messages = {"out_of_range": "This must be a number from 1 to {most}."}

    def to_internal_value(self, data: Any) -> int:
        most = settings.API_LIST_MAX
        if not _LIMIT.fullmatch(data) or int(data) > most:
            self.fail("out_of_range", most=most)
        return int(data)


class Query(Input):
    """A query string without parameters; subclasses declare theirs."""

    unknown = ("unknown_parameter", "There is no such parameter.")


class ListQuery(Query):
    """The parameters of every list. `orderings` maps what callers write to a column."""

    orderings: ClassVar[Mapping[str, str]] = {"created_at": "created_at"}
    default_ordering: ClassVar[str] = "-created_at"

    limit = LimitField(required=False, help_text="Rows a page, 1 to 100; 50 without it.")
    cursor = serializers.CharField(
        required=False, help_text="From `next` or `previous` of another page; opaque."
    )
    ordering = serializers.CharField(
        required=False, help_text="A column to order by; with a minus the other way round."
    )

    def validate_ordering(self, value: str) -> str:
        if value.removeprefix("-") not in self.orderings:
            words = f"Order by one of: {', '.join(sorted(self.orderings))}."
            raise serializers.ValidationError(words, "invalid_choice")
        return value


def parsed(query: type[Query], params: QueryDict) -> dict[str, Any]:
    """The declared parameters; Invalid or ValidationError for any other, or one given twice."""
    twice = [name for name in params if len(params.getlist(name)) > 1]
    if twice:
        raise Invalid(
            [FieldError(name, "repeated_parameter", "Give it once.") for name in sorted(twice)]
        )
    serializer = query(data=params.dict())
    serializer.is_valid(raise_exception=True)
    values: dict[str, Any] = serializer.validated_data
    return values


@dataclass(frozen=True, slots=True)
class Page:
    """Some rows of a list, and the addresses of the pages beside it."""

    rows: Sequence[Any]
    next: str | None
    previous: str | None


def page_of(
    queryset: QuerySet[M], *, request: Request, query: type[ListQuery], params: Mapping[str, Any]
) -> Page:
    """The page that the parameters ask for, by keyset (column, primary key): rows that come or go
    meanwhile neither repeat nor hide others.
    """
    ordering = params.get("ordering", query.default_ordering)
    column = query.orderings[ordering.removeprefix("-")]
    keyset = _Keyset(
        field=cast("Field[Any, Any]", queryset.model._meta.get_field(column)),
        ordering=ordering,
        request=request,
    )
    return keyset.page(
        queryset, limit=params.get("limit", DEFAULT_LIMIT), cursor=params.get("cursor")
    )


@dataclass(frozen=True, slots=True)
class _Keyset:
    field: "Field[Any, Any]"
    ordering: str
    request: Request

    def page(self, queryset: QuerySet[M], *, limit: int, cursor: str | None) -> Page:
        backwards, mark = self._read(cursor) if cursor else (False, None)
        descending = self.ordering.startswith("-") != backwards
        if mark is not None:
            queryset = queryset.filter(self._beyond(mark, descending=descending))
        column, key = F(self.field.name), F("pk")
        found = list(
            queryset.order_by(
                column.desc() if descending else column.asc(),
                key.desc() if descending else key.asc(),
            )[: limit + 1]
        )
        has_more, rows = len(found) > limit, found[:limit]
        if backwards:
            rows.reverse()
        has_next = bool(rows) and (backwards or has_more)
        has_previous = bool(rows) and (has_more if backwards else mark is not None)
        return Page(
            rows=rows,
            next=self._address(rows[-1], backwards=False) if has_next else None,
            previous=self._address(rows[0], backwards=True) if has_previous else None,
        )

    def _beyond(self, mark: tuple[Any, int], *, descending: bool) -> Q:
        value, key = mark
        name, way = self.field.name, "lt" if descending else "gt"
        return Q(**{f"{name}__{way}": value}) | Q(**{name: value, f"pk__{way}": key})

    def _address(self, row: Model, *, backwards: bool) -> str:
        mark = [
            self.ordering,
            int(backwards),
            self.field.value_to_string(row),
            row.pk,
        ]
        text = base64.urlsafe_b64encode(json.dumps(mark).encode()).decode().rstrip("=")
        params = self.request.query_params.copy()
        params["cursor"] = text
        return self.request.build_absolute_uri(f"{self.request.path}?{params.urlencode()}")

    def _read(self, cursor: str) -> tuple[bool, tuple[Any, int]]:
        refusal = Invalid(
            [FieldError("cursor", "invalid_cursor", "This is no cursor of this list.")]
        )
        try:
            padded = cursor + "=" * (-len(cursor) % 4)
            mark = json.loads(
                base64.b64decode(padded.encode("ascii"), altchars=b"-_", validate=True)
            )
            ordering, backwards, value, key = mark
            value = self.field.to_python(value)
        except (ValueError, TypeError, binascii.Error, DjangoValidationError, RecursionError):
            raise refusal from None
        is_ours = ordering == self.ordering and backwards in (0, 1) and type(key) is int
        if not is_ours or value is None or not 0 < key < 2**63:
            raise refusal
        return bool(backwards), (value, key)
