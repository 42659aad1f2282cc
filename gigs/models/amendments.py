"""Changes of frozen prices, each on record."""

from typing import ClassVar

from django.db import models
from djmoney.models.fields import MoneyField

from accounts.models import User
from common.constraints import in_sub_units, one_of, positive
from common.models import LockableQuerySet
from gigs.enums import AmendmentReason
from gigs.models.projects import Milestone


class Amendment(models.Model):
    """One change of a milestone's price. Written before the price moves; a trigger asks for it."""

    milestone = models.ForeignKey(Milestone, on_delete=models.PROTECT, related_name="amendments")
    number = models.PositiveSmallIntegerField()
    before = MoneyField(
        max_digits=19, decimal_places=4, default_currency=None, currency_field_name="currency"
    )
    after = MoneyField(
        max_digits=19, decimal_places=4, default_currency=None, currency_field_name="currency"
    )
    reason = models.CharField(max_length=20, choices=AmendmentReason.choices)
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()

    objects: ClassVar[LockableQuerySet["Amendment"]] = LockableQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["milestone", "number"], name="gigs_amendment_number_unique"
            ),
            one_of("reason", AmendmentReason, name="gigs_amendment_reason_valid"),
            positive("before", name="gigs_amendment_before_positive"),
            positive("after", name="gigs_amendment_after_positive"),
            in_sub_units("before", "after", name="gigs_amendment_in_sub_units"),
        ]

    def __str__(self) -> str:
        return f"#{self.pk} amendment {self.number}"
