"""Money arriving from commissioners: methods, payments, and the sandbox provider's own book."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from accounts.models import User
from common.constraints import one_of, positive, set_iff
from common.models import LockableQuerySet, PublicIdModel
from gigs.models import Milestone, Project
from invoicing.models import Invoice
from wallets.enums import (
    PAYMENT_TRANSITIONS,
    AdditionCause,
    ChargeResult,
    FundingStatus,
    PaymentOutcome,
    PaymentPurpose,
    PaymentSource,
    PaymentStatus,
    Provider,
    ReleaseCause,
)
from wallets.exceptions import PaymentTransitionRefused

IN_FLIGHT = [PaymentStatus.PROCESSING, PaymentStatus.UNCERTAIN]
PAYING = [PaymentOutcome.EXACT, PaymentOutcome.OVER]
"""Outcomes of payments that paid what they were for."""


class PaymentMethodQuerySet(LockableQuerySet["PaymentMethod"]):
    def of(self, user: User) -> "PaymentMethodQuerySet":
        """The user's methods that have not been removed."""
        return self.filter(user=user, removed_at__isnull=True)


class PaymentMethod(PublicIdModel):
    """A way to pay that a commissioner stored with a provider."""

    PREFIX = "pm"

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="payment_methods")
    provider = models.CharField(max_length=12, choices=Provider.choices)
    token = models.CharField(max_length=120)
    label = models.CharField(max_length=80)
    is_default = models.BooleanField(default=False)
    created_at = models.DateTimeField()
    removed_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[PaymentMethodQuerySet] = PaymentMethodQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints = [
            one_of("provider", Provider, name="wallets_payment_method_provider_valid"),
            models.UniqueConstraint(
                fields=["user"],
                condition=Q(is_default=True, removed_at__isnull=True),
                name="wallets_payment_method_one_default_per_user",
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.pk} {self.label}"


class Payment(PublicIdModel):
    """One attempt to pay an invoice, to fund milestones of a project, or to top up credit.

    Its public id is the key that the provider knows it by. `received_minor` is what arrived, and
    `outcome` how that compares with `amount_minor`, which was asked for.
    """

    PREFIX = "pay"

    purpose = models.CharField(max_length=12, choices=PaymentPurpose.choices)
    invoice = models.ForeignKey(
        Invoice, on_delete=models.PROTECT, null=True, blank=True, related_name="payments"
    )
    # Most payments come from held funds: the indexes below leave out what those do not have.
    project = models.ForeignKey(
        Project,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="payments",
        db_index=False,
    )
    # The unique constraint of their requests serves look-ups by payer.
    payer = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name="payments", db_index=False
    )
    method = models.ForeignKey(
        PaymentMethod,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="payments",
        db_index=False,
    )
    provider = models.CharField(max_length=12, choices=PaymentSource.choices)
    token = models.CharField(max_length=120)
    label = models.CharField(max_length=80)
    amount_minor = models.BigIntegerField()
    received_minor = models.BigIntegerField(null=True, blank=True)
    currency = models.CharField(max_length=3)
    is_automatic = models.BooleanField(default=False)
    status = models.CharField(max_length=12, choices=PaymentStatus.choices)
    outcome = models.CharField(max_length=12, choices=PaymentOutcome.choices, blank=True)
    failure_code = models.CharField(max_length=60, blank=True)
    request_key = models.UUIDField(null=True, blank=True)
    created_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[LockableQuerySet["Payment"]] = LockableQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints = [
            one_of("status", PaymentStatus, name="wallets_payment_status_valid"),
            one_of("provider", PaymentSource, name="wallets_payment_provider_valid"),
            positive("amount_minor", name="wallets_payment_amount_positive"),
            models.CheckConstraint(
                condition=Q(purpose="invoice", invoice__isnull=False, project__isnull=True)
                | Q(purpose="funding", invoice__isnull=True, project__isnull=False)
                | Q(purpose="credit", invoice__isnull=True, project__isnull=True),
                name="wallets_payment_names_its_purpose",
            ),
            models.CheckConstraint(
                condition=Q(provider="sandbox")
                | Q(provider="credit", purpose__in=["invoice", "funding"])
                | Q(provider="held", purpose="invoice")
                | Q(provider="bank", purpose__in=["invoice", "credit"]),
                name="wallets_payment_source_fits_purpose",
            ),
            set_iff(
                "status",
                ["succeeded"],
                ["received_minor"],
                name="wallets_payment_received_iff_succeeded",
            ),
            models.CheckConstraint(
                condition=Q(outcome="", received_minor__isnull=True)
                | Q(outcome__in=["exact", "part"], received_minor=F("amount_minor"))
                | Q(outcome="over", received_minor__gt=F("amount_minor"))
                | Q(outcome="short", received_minor__lt=F("amount_minor"), received_minor__gt=0)
                | Q(outcome__in=["late", "double"], received_minor__gt=0),
                name="wallets_payment_outcome_fits_received",
            ),
            set_iff(
                "status",
                ["succeeded", "failed"],
                ["ended_at"],
                name="wallets_payment_ended_at_iff_ended",
            ),
            models.UniqueConstraint(
                fields=["invoice"],
                condition=Q(
                    status__in=["processing", "uncertain", "succeeded"],
                    outcome__in=["", "exact", "over"],
                ),
                name="wallets_payment_one_live_per_invoice",
            ),
            models.UniqueConstraint(
                fields=["payer", "request_key"], name="wallets_payment_one_per_request"
            ),
        ]
        indexes = [
            models.Index(
                fields=["project"],
                name="wallets_payment_of_project",
                condition=Q(project__isnull=False),
            ),
            models.Index(
                fields=["method"],
                name="wallets_payment_by_method",
                condition=Q(method__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.pk} {self.status}"

    def move_to(self, status: PaymentStatus) -> None:
        """Change the state in memory. PaymentTransitionRefused for a move not in the table."""
        if status not in PAYMENT_TRANSITIONS[PaymentStatus(self.status)]:
            raise PaymentTransitionRefused(
                f"A payment that is {self.get_status_display().lower()} cannot become {status.label.lower()}."
            )
        self.status = status


class MilestoneFunding(models.Model):
    """A milestone's part of a payment that funds it, and what was added to it since from credit.

    `returned_minor` of both is credit again.
    """

    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="fundings")
    milestone = models.ForeignKey(Milestone, on_delete=models.PROTECT, related_name="fundings")
    amount_minor = models.BigIntegerField()
    added_minor = models.BigIntegerField(default=0, db_default=0)
    returned_minor = models.BigIntegerField(default=0)
    status = models.CharField(max_length=12, choices=FundingStatus.choices)

    objects: ClassVar[LockableQuerySet["MilestoneFunding"]] = LockableQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints = [
            one_of("status", FundingStatus, name="wallets_milestone_funding_status_valid"),
            positive("amount_minor", name="wallets_milestone_funding_amount_positive"),
            models.CheckConstraint(
                condition=(Q(returned_minor=0) & ~Q(status="returned"))
                | Q(
                    status="held",
                    returned_minor__gt=0,
                    returned_minor__lt=F("amount_minor") + F("added_minor"),
                )
                | Q(status="returned", returned_minor=F("amount_minor") + F("added_minor")),
                name="wallets_milestone_funding_returned_fits_status",
            ),
            models.CheckConstraint(
                condition=Q(added_minor=0) | Q(status__in=["held", "returned"], added_minor__gt=0),
                name="wallets_milestone_funding_grows_only_while_held",
            ),
            models.UniqueConstraint(
                fields=["milestone"],
                condition=Q(status__in=["pending", "held"]),
                name="wallets_milestone_funding_one_live_per_milestone",
            ),
            models.UniqueConstraint(
                fields=["payment", "milestone"],
                name="wallets_milestone_funding_once_per_payment",
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.pk} {self.status}"

    @property
    def set_aside(self) -> int:
        """What is held for the milestone now, or was when it was settled, in minor units."""
        return self.amount_minor + self.added_minor - self.returned_minor


class Release(models.Model):
    """Held money of a milestone that became its commissioner's credit again. Written once.

    By nobody when a refund request was not answered in time.
    """

    funding = models.ForeignKey(MilestoneFunding, on_delete=models.PROTECT, related_name="releases")
    number = models.PositiveSmallIntegerField()
    amount_minor = models.BigIntegerField()
    cause = models.CharField(max_length=20, choices=ReleaseCause.choices)
    by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField()
    request_key = models.UUIDField(null=True, blank=True)

    objects: ClassVar[LockableQuerySet["Release"]] = LockableQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["funding", "number"], name="wallets_release_number_unique"
            ),
            models.UniqueConstraint(
                fields=["funding", "request_key"], name="wallets_release_one_per_request"
            ),
            one_of("cause", ReleaseCause, name="wallets_release_cause_valid"),
            positive("amount_minor", name="wallets_release_amount_positive"),
            set_iff(
                "cause",
                ["given_back", "refund_agreed", "credited", "approved_in_part"],
                ["by"],
                name="wallets_release_by_nobody_iff_unanswered",
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.pk} {self.cause}"


class Addition(models.Model):
    """Credit that was set aside for a funded milestone beside its funding. Written once."""

    funding = models.ForeignKey(
        MilestoneFunding, on_delete=models.PROTECT, related_name="additions"
    )
    number = models.PositiveSmallIntegerField()
    amount_minor = models.BigIntegerField()
    cause = models.CharField(max_length=20, choices=AdditionCause.choices)
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["funding", "number"], name="wallets_addition_number_unique"
            ),
            one_of("cause", AdditionCause, name="wallets_addition_cause_valid"),
            positive("amount_minor", name="wallets_addition_amount_positive"),
        ]

    def __str__(self) -> str:
        return f"#{self.pk} {self.cause}"


class SandboxCharge(models.Model):
    """The sandbox provider's own book: one row a key, written outside our transactions.

    A charge that succeeded is about what was taken, which need not be what was asked for.
    """

    key = models.CharField(max_length=60, unique=True)
    token = models.CharField(max_length=120)
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    result = models.CharField(max_length=12, choices=ChargeResult.choices)
    failure_code = models.CharField(max_length=60, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            one_of("result", ChargeResult, name="wallets_sandbox_charge_result_valid"),
            positive("amount_minor", name="wallets_sandbox_charge_amount_positive"),
        ]

    def __str__(self) -> str:
        return f"#{self.pk} {self.key} {self.result}"
