"""Lists of the browser door in pages: newest first, each page beside a row that its URL names."""

from dataclasses import dataclass
from typing import Generic, TypeVar

from django.db.models import Q

from common.models import LockableQuerySet, PublicIdModel

R = TypeVar("R", bound=PublicIdModel)


@dataclass(frozen=True, slots=True)
class Page(Generic[R]):
    """Some rows of a list. `older` and `newer` name the row beside which the next page lies."""

    rows: list[R]
    older: str = ""
    newer: str = ""


def newest_first(
    queryset: LockableQuerySet[R], *, column: str, limit: int, before: str = "", after: str = ""
) -> Page[R]:
    """The rows older than `before` or newer than `after`, by column and primary key.

    Rows that come or go meanwhile neither repeat nor hide others. A name that is none of a row of
    the list gives the first page.
    """
    mark = _mark(queryset, before or after)
    backwards = bool(after) and not before and mark is not None
    if mark is not None:
        queryset = queryset.filter(_beyond(mark, column=column, way="gt" if backwards else "lt"))
    order = [column, "pk"] if backwards else [f"-{column}", "-pk"]
    found = list(queryset.order_by(*order)[: limit + 1])
    has_more, rows = len(found) > limit, found[:limit]
    if backwards:
        rows.reverse()
    has_older = bool(rows) and (backwards or has_more)
    has_newer = bool(rows) and (has_more if backwards else mark is not None)
    return Page(
        rows=rows,
        older=rows[-1].public_id if has_older else "",
        newer=rows[0].public_id if has_newer else "",
    )


def _mark(queryset: LockableQuerySet[R], public_id: str) -> R | None:
    try:
        return queryset.by_public_id(public_id)
    except queryset.model.DoesNotExist:
        return None


def _beyond(mark: PublicIdModel, *, column: str, way: str) -> Q:
    value = getattr(mark, column)
    return Q(**{f"{column}__{way}": value}) | Q(**{column: value, f"pk__{way}": mark.pk})
