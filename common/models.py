"""Abstract rows and the one spelling of a lock."""

from collections.abc import Iterable
from typing import Any, ClassVar, Self, TypeVar
from uuid import uuid4

from django.db import models

from common.arrays import bigints
from common.public_ids import format_public_id, parse_public_id

T = TypeVar("T", bound=models.Model, covariant=True)


@models.ForeignObject.register_lookup
@models.Field.register_lookup
class AnyOf(models.Lookup):  # type: ignore[type-arg]
    """`pk__any_of=ids` of integers: one array for all, where `in` has a parameter for each."""

    lookup_name = "any_of"

    def get_prep_lookup(self) -> str:
        return bigints(self.rhs)

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, list[Any]]:
        column, params = self.process_lhs(compiler, connection)
        return f"{column} = ANY(%s::bigint[])", [*params, self.rhs]


class LockableQuerySet(models.QuerySet[T]):
    """A queryset that can lock its rows and find one by public id."""

    def locked(self) -> Self:
        """The rows in primary-key order, each locked FOR NO KEY UPDATE when evaluated."""
        return self.order_by("pk").select_for_update(of=("self",), no_key=True)

    def among(self, ids: Iterable[int]) -> Self:
        """Those with these primary keys, however many."""
        return self.filter(pk__any_of=frozenset(ids))

    def joining(self, *names: str) -> Self:
        """The rows whole, each with these fields alone of rows that it points at, in one query."""
        own = [field.attname for field in self.model._meta.concrete_fields]
        return self.select_related(*{name.rpartition("__")[0] for name in names}).only(*own, *names)

    def by_public_id(self, text: str) -> T:
        """The row with that identifier; DoesNotExist for a stranger's spelling too."""
        prefix: str = self.model.PREFIX  # type: ignore[attr-defined]
        value = parse_public_id(prefix, text)
        if value is None:
            raise self.model.DoesNotExist  # type: ignore[attr-defined]
        return self.get(uuid=value)


class PublicIdModel(models.Model):
    """A row that programs know by an opaque identifier."""

    PREFIX: ClassVar[str]

    uuid = models.UUIDField(default=uuid4, unique=True, editable=False)

    class Meta:
        abstract = True

    @property
    def public_id(self) -> str:
        """Such as gig_0f…; stable for ever."""
        return format_public_id(self.PREFIX, self.uuid)
