"""Credit that goes back to the method that brought it, and the sandbox's own book of it."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from djmoney.money import Money

from common.constraints import one_of, positive, set_iff
from common.models import LockableQuerySet, PublicIdModel
from common.money import from_minor
from wallets.enums import TAKE_BACK_TRANSITIONS, ChargeResult, TakeBackStatus
from wallets.exceptions import TakeBackTransitionRefused
from wallets.models.payments import Payment


class TakeBack(PublicIdModel):
    """Credit on its way back along the payment that brought it.

    Its public id is the key that the provider knows it by. Until it has ended its amount is
    reserved of the payer's credit.
    """

    PREFIX = "tbk"

    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="take_backs")
    amount_minor = models.BigIntegerField()
    status = models.CharField(max_length=12, choices=TakeBackStatus.choices)
    failure_code = models.CharField(max_length=60, blank=True)
    request_key = models.UUIDField(null=True, blank=True)
    requested_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[LockableQuerySet["TakeBack"]] = LockableQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints = [
            one_of("status", TakeBackStatus, name="wallets_take_back_status_valid"),
            positive("amount_minor", name="wallets_take_back_amount_positive"),
            set_iff(
                "status",
                ["succeeded", "failed"],
                ["ended_at"],
                name="wallets_take_back_ended_at_iff_ended",
            ),
            models.CheckConstraint(
                condition=(Q(status="failed") & ~Q(failure_code=""))
                | (~Q(status="failed") & Q(failure_code="")),
                name="wallets_take_back_failure_code_iff_failed",
            ),
            models.UniqueConstraint(
                fields=["payment"],
                condition=Q(status__in=["processing", "uncertain"]),
                name="wallets_take_back_one_on_its_way_per_payment",
            ),
            models.UniqueConstraint(
                fields=["payment", "request_key"], name="wallets_take_back_one_per_request"
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.pk} {self.status}"

    def move_to(self, status: TakeBackStatus) -> None:
        """Change the state in memory. TakeBackTransitionRefused for a move not in the table."""
        if status not in TAKE_BACK_TRANSITIONS[TakeBackStatus(self.status)]:
            raise TakeBackTransitionRefused(
                f"What is {self.get_status_display().lower()} cannot become {status.label.lower()}."
            )
        self.status = status

    @property
    def amount(self) -> Money:
        return from_minor(self.amount_minor, self.payment.currency)


class SandboxRefund(models.Model):
    """The sandbox provider's own book of what it gave back: one row a key."""

    key = models.CharField(max_length=60, unique=True)
    charge_key = models.CharField(max_length=60, db_index=True)
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    result = models.CharField(max_length=12, choices=ChargeResult.choices)
    failure_code = models.CharField(max_length=60, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            one_of("result", ChargeResult, name="wallets_sandbox_refund_result_valid"),
            positive("amount_minor", name="wallets_sandbox_refund_amount_positive"),
        ]

    def __str__(self) -> str:
        return f"#{self.pk} {self.key} {self.result}"
