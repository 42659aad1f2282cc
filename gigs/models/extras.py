"""Work beside the milestones that the commissioner agreed to pay for."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from djmoney.money import Money

from accounts.models import User
from common.models import LockableQuerySet
from common.money import MAX_MINOR, from_minor
from gigs.models.projects import Project


class Extra(models.Model):
    """One sum that the commissioner added for extra work, written once."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="extras")
    amount_minor = models.BigIntegerField()
    reason = models.CharField(max_length=300)
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    request_key = models.UUIDField(null=True, blank=True)

    objects: ClassVar[LockableQuerySet["Extra"]] = LockableQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(amount_minor__gte=1, amount_minor__lte=MAX_MINOR),
                name="gigs_extra_amount_positive",
            ),
            models.CheckConstraint(
                condition=~Q(reason__regex=r"^\s*$"), name="gigs_extra_has_a_reason"
            ),
            models.UniqueConstraint(
                fields=["project", "request_key"], name="gigs_extra_one_per_request"
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.pk} {self.reason}"

    @property
    def amount(self) -> Money:
        """Reads the project for its currency."""
        return from_minor(self.amount_minor, self.project.budget.currency.code)
