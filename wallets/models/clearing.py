"""Earned money that cannot be spent yet."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from djmoney.money import Money

from accounts.models import User
from common.constraints import positive
from common.models import LockableQuerySet
from common.money import from_minor
from invoicing.models import Invoice
from wallets.models.payments import Payment


class ClearingQuerySet(LockableQuerySet["Clearing"]):
    def waiting(self) -> "ClearingQuerySet":
        """Not cleared yet, nor taken by credit notes."""
        return self.filter(cleared_at__isnull=True, taken_minor__lt=F("amount_minor"))


class Clearing(models.Model):
    """The net amount of a paid invoice on its way from pending to available.

    Of what was paid in part (`part`, the payment), or of the rest. What credit notes take of it before its time does not arrive.
    """

    invoice = models.ForeignKey(
        Invoice, on_delete=models.PROTECT, related_name="clearings", db_index=False
    )
    part = models.ForeignKey(
        Payment,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="clearings",
        db_index=False,
    )
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="clearings")
    amount_minor = models.BigIntegerField()
    taken_minor = models.BigIntegerField(default=0, db_default=0)
    currency = models.CharField(max_length=3)
    available_at = models.DateTimeField()
    cleared_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[ClearingQuerySet] = ClearingQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints = [
            # Serves look-ups by invoice, too.
            models.UniqueConstraint(
                fields=["invoice", "part"],
                nulls_distinct=False,
                name="wallets_clearing_one_per_payment",
            ),
            positive("amount_minor", name="wallets_clearing_amount_positive"),
            models.CheckConstraint(
                condition=Q(taken_minor__gte=0, taken_minor__lte=F("amount_minor")),
                name="wallets_clearing_nothing_taken_twice",
            ),
            models.CheckConstraint(
                condition=Q(cleared_at__isnull=True) | Q(cleared_at__gte=F("available_at")),
                name="wallets_clearing_never_before_its_time",
            ),
        ]
        indexes = [
            models.Index(
                fields=["user", "currency", "available_at"],
                name="wallets_clearing_waiting",
                condition=Q(cleared_at__isnull=True),
            )
        ]

    def __str__(self) -> str:
        return f"#{self.pk} {self.amount_minor} {self.currency}"

    @property
    def key(self) -> str:
        """What its job, and its journal after `clear:`, is known by. Reads the part or the invoice."""
        return (self.part or self.invoice).public_id

    @property
    def amount(self) -> Money:
        """What becomes available."""
        return from_minor(self.left_minor, self.currency)

    @property
    def left_minor(self) -> int:
        """What no credit note has taken."""
        return self.amount_minor - self.taken_minor
