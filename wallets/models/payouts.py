"""Money leaving wallets: the bank accounts that it goes to, withdrawals, and providers' events."""

from datetime import datetime
from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from accounts.models import User
from common.constraints import not_negative, one_of, positive, set_iff
from common.models import LockableQuerySet, PublicIdModel
from wallets.enums import (
    OPEN_WITHDRAWALS,
    WITHDRAWAL_TRANSITIONS,
    AccountKind,
    PayoutMethodKind,
    Rail,
    Resolution,
    WithdrawalStatus,
)
from wallets.exceptions import WithdrawalTransitionRefused
from wallets.models.payments import Payment


class PayoutMethodQuerySet(LockableQuerySet["PayoutMethod"]):
    def of(self, user: User) -> "PayoutMethodQuerySet":
        """The user's methods that have not been removed."""
        return self.filter(user=user, removed_at__isnull=True)


class PayoutMethod(PublicIdModel):
    """A bank account to withdraw to. What the bank needs is sealed; people see the label."""

    PREFIX = "pom"

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="payout_methods")
    kind = models.CharField(max_length=12, choices=PayoutMethodKind.choices)
    holder = models.CharField(max_length=70)
    label = models.CharField(max_length=120)
    sealed = models.TextField()
    created_at = models.DateTimeField()
    usable_at = models.DateTimeField()
    removed_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[PayoutMethodQuerySet] = PayoutMethodQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints = [
            one_of("kind", PayoutMethodKind, name="wallets_payout_method_kind_valid"),
            models.CheckConstraint(
                condition=~Q(holder__regex=r"^\s*$"), name="wallets_payout_method_holder_not_blank"
            ),
            models.CheckConstraint(
                condition=Q(sealed__startswith="gAAAA"), name="wallets_payout_method_is_sealed"
            ),
            models.CheckConstraint(
                condition=Q(usable_at__gte=F("created_at")),
                name="wallets_payout_method_usable_after_creation",
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.pk} {self.label}"

    def is_usable(self, at: datetime) -> bool:
        """Whether it has cooled off and is still there."""
        return self.removed_at is None and self.usable_at <= at


class PayoutBatch(PublicIdModel):
    """A payment file for the operator's bank, sealed, with the withdrawals that stand in it."""

    PREFIX = "pob"

    currency = models.CharField(max_length=3)
    count = models.PositiveIntegerField()
    total_minor = models.BigIntegerField()
    sealed = models.TextField()
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    objects: ClassVar[LockableQuerySet["PayoutBatch"]] = LockableQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(count__gt=0, total_minor__gt=0), name="wallets_payout_batch_not_empty"
            ),
            models.CheckConstraint(
                condition=Q(sealed__startswith="gAAAA"), name="wallets_payout_batch_is_sealed"
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.pk} {self.count} in {self.currency}"


class WithdrawalQuerySet(LockableQuerySet["Withdrawal"]):
    def of(self, user: User) -> "WithdrawalQuerySet":
        """The user's own."""
        return self.filter(user=user)

    def open(self) -> "WithdrawalQuerySet":
        """Those whose amount is reserved."""
        return self.filter(status__in=OPEN_WITHDRAWALS)


class Withdrawal(PublicIdModel):
    """Money leaving a wallet. Its public id is the key that the provider knows it by.

    The amount is what leaves the wallet, the fee the platform's part of it. A frozen one is left
    alone by every job until staff say what became of it. With a payment it is credit that goes back
    to the account which that bank transfer came from, and takes no fee.
    """

    PREFIX = "wd"

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="withdrawals")
    method = models.ForeignKey(PayoutMethod, on_delete=models.PROTECT, related_name="withdrawals")
    batch = models.ForeignKey(
        PayoutBatch, on_delete=models.PROTECT, null=True, blank=True, related_name="withdrawals"
    )
    payment = models.ForeignKey(
        Payment,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="transfers_back",
        db_index=False,
    )
    rail = models.CharField(max_length=12, choices=Rail.choices)
    currency = models.CharField(max_length=3)
    amount_minor = models.BigIntegerField()
    fee_minor = models.BigIntegerField()
    status = models.CharField(max_length=12, choices=WithdrawalStatus.choices)
    request_key = models.UUIDField(null=True, blank=True)
    requested_at = models.DateTimeField()
    approved_at = models.DateTimeField(null=True, blank=True)
    approved_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    sent_at = models.DateTimeField(null=True, blank=True)
    paid_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    reason = models.CharField(max_length=300, blank=True)
    provider_reference = models.CharField(max_length=120, blank=True)
    frozen_at = models.DateTimeField(null=True, blank=True)
    frozen_because = models.CharField(max_length=300, blank=True)
    resolution = models.CharField(max_length=12, choices=Resolution.choices, blank=True)
    resolution_reason = models.CharField(max_length=300, blank=True)
    resolved_at = models.DateTimeField(null=True, blank=True)
    resolved_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    confirmed_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    objects: ClassVar[WithdrawalQuerySet] = WithdrawalQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints = [
            one_of("status", WithdrawalStatus, name="wallets_withdrawal_status_valid"),
            one_of("rail", Rail, name="wallets_withdrawal_rail_valid"),
            positive("amount_minor", name="wallets_withdrawal_amount_positive"),
            not_negative("fee_minor", name="wallets_withdrawal_fee_not_negative"),
            models.CheckConstraint(
                condition=Q(fee_minor__lt=F("amount_minor")),
                name="wallets_withdrawal_fee_leaves_something",
            ),
            models.CheckConstraint(
                condition=Q(payment__isnull=True) | Q(rail="bank_file", fee_minor=0),
                name="wallets_withdrawal_back_by_bank_without_fee",
            ),
            set_iff(
                "status",
                ["paid", "returned", "rejected", "cancelled"],
                ["ended_at"],
                name="wallets_withdrawal_ended_at_iff_ended",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["requested", "rejected", "cancelled"])
                | Q(approved_at__isnull=False),
                name="wallets_withdrawal_approved_before_sent",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["requested", "approved", "rejected", "cancelled"])
                | Q(sent_at__isnull=False),
                name="wallets_withdrawal_sent_before_ended",
            ),
            models.CheckConstraint(
                condition=~Q(status="paid") | Q(paid_at__isnull=False),
                name="wallets_withdrawal_paid_at_when_paid",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["returned", "rejected"]) | ~Q(reason__regex=r"^\s*$"),
                name="wallets_withdrawal_reason_when_not_paid",
            ),
            models.CheckConstraint(
                condition=Q(approved_by__isnull=True) | ~Q(approved_by=F("user")),
                name="wallets_withdrawal_approved_by_another",
            ),
            models.CheckConstraint(
                condition=Q(frozen_at__isnull=True, frozen_because="")
                | Q(frozen_at__isnull=False) & ~Q(frozen_because__regex=r"^\s*$"),
                name="wallets_withdrawal_frozen_because",
            ),
            models.CheckConstraint(
                condition=Q(
                    resolution="",
                    resolution_reason="",
                    resolved_at__isnull=True,
                    resolved_by__isnull=True,
                    confirmed_by__isnull=True,
                )
                | Q(
                    resolution__in=Resolution.values,
                    resolved_at__isnull=False,
                    resolved_by__isnull=False,
                )
                & ~Q(resolution_reason__regex=r"^\s*$"),
                name="wallets_withdrawal_resolution_is_whole",
            ),
            models.CheckConstraint(
                condition=Q(resolved_by__isnull=True) | ~Q(resolved_by=F("user")),
                name="wallets_withdrawal_resolved_by_another",
            ),
            models.CheckConstraint(
                condition=Q(confirmed_by__isnull=True)
                | ~Q(confirmed_by=F("user")) & ~Q(confirmed_by=F("resolved_by")),
                name="wallets_withdrawal_confirmed_by_a_third",
            ),
            models.UniqueConstraint(
                fields=["user", "request_key"], name="wallets_withdrawal_one_per_request"
            ),
        ]
        indexes = [
            models.Index(fields=["user", "requested_at"], name="wallets_withdrawal_of_user"),
            models.Index(
                fields=["payment"],
                condition=Q(payment__isnull=False),
                name="wallets_withdrawal_of_payment",
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.pk} {self.status}"

    def move_to(self, status: WithdrawalStatus) -> None:
        """Change the state in memory. WithdrawalTransitionRefused for a move not in the table."""
        if status not in WITHDRAWAL_TRANSITIONS[WithdrawalStatus(self.status)]:
            raise WithdrawalTransitionRefused(
                f"A withdrawal that is {self.get_status_display().lower()} cannot become"
                f" {status.label.lower()}."
            )
        self.status = status

    @property
    def source(self) -> AccountKind:
        """Which of the user's accounts it is taken from."""
        return AccountKind.AVAILABLE if self.payment_id is None else AccountKind.CREDIT

    @property
    def net_minor(self) -> int:
        return self.amount_minor - self.fee_minor

    @property
    def is_cancellable(self) -> bool:
        is_open = (
            WithdrawalStatus.CANCELLED in WITHDRAWAL_TRANSITIONS[WithdrawalStatus(self.status)]
        )
        return is_open and self.frozen_at is None


class ProviderEvent(models.Model):
    """What a provider told us by webhook, stored before anything is made of it. Append-only."""

    provider = models.CharField(max_length=12, choices=Rail.choices)
    event_id = models.CharField(max_length=80)
    kind = models.CharField(max_length=60)
    body = models.TextField()
    received_at = models.DateTimeField()

    class Meta:
        constraints = [
            one_of("provider", Rail, name="wallets_provider_event_provider_valid"),
            models.UniqueConstraint(
                fields=["provider", "event_id"], name="wallets_provider_event_once"
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.pk} {self.kind}"
