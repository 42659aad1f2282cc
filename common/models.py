"""Abstract rows and the one spelling of a lock."""

from typing import ClassVar, Self, TypeVar
from uuid import uuid4

from django.db import models

from common.public_ids import format_public_id, parse_public_id

T = TypeVar("T", bound=models.Model, covariant=True)


class LockableQuerySet(models.QuerySet[T]):
    """A queryset that can lock its rows and find one by public id."""

    def locked(self) -> Self:
        """The rows in primary-key order, each locked FOR NO KEY UPDATE when evaluated."""
        return self.order_by("pk").select_for_update(of=("self",), no_key=True)

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
