"""Gigs, their planned milestones, and applications."""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q
from djmoney.models.fields import MoneyField

from accounts.models import Organisation, User
from common.constraints import in_sub_units, one_of, positive, set_iff
from common.models import LockableQuerySet, PublicIdModel
from gigs.enums import (
    APPLICATION_TRANSITIONS,
    GIG_TRANSITIONS,
    ApplicationStatus,
    Category,
    GigStatus,
    InvoicingMethod,
    PaymentMode,
)
from gigs.exceptions import ApplicationTransitionRefused, GigTransitionRefused


def paid_on_invoice_if_completion(*, name: str) -> models.CheckConstraint:
    """The completion method has no milestone invoices that held funds could pay."""
    return models.CheckConstraint(
        condition=~Q(invoicing_method=InvoicingMethod.COMPLETION)
        | Q(payment_mode=PaymentMode.ON_INVOICE),
        name=name,
    )


class GigQuerySet(LockableQuerySet["Gig"]):
    def visible_to(self, user: User | None) -> "GigQuerySet":
        """Open gigs for everybody; matched and closed ones and drafts for those concerned."""
        public = Q(status=GigStatus.OPEN)
        if user is None or not user.is_authenticated:
            return self.filter(public)
        concerned = Q(commissioner=user) | Q(
            pk__in=Application.objects.filter(freelancer=user).values("gig")
        )
        return self.filter(public | concerned)


class Gig(PublicIdModel):
    """A job offer of a commissioner."""

    PREFIX = "gig"

    commissioner = models.ForeignKey(User, on_delete=models.PROTECT, related_name="gigs")
    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, null=True, blank=True, related_name="gigs"
    )
    title = models.CharField(max_length=140)
    description = models.TextField(max_length=20_000)
    category = models.CharField(max_length=20, choices=Category.choices)
    skills = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    budget = MoneyField(
        max_digits=19, decimal_places=4, default_currency=None, currency_field_name="currency"
    )
    invoicing_method = models.CharField(max_length=20, choices=InvoicingMethod.choices)
    payment_mode = models.CharField(max_length=20, choices=PaymentMode.choices)
    is_auto_pay = models.BooleanField(default=False)
    is_self_billed = models.BooleanField(default=False, db_default=False)
    status = models.CharField(max_length=10, choices=GigStatus.choices)
    digest = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField()
    posted_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[GigQuerySet] = GigQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints = [
            one_of("status", GigStatus, name="gigs_gig_status_valid"),
            one_of("category", Category, name="gigs_gig_category_valid"),
            one_of("invoicing_method", InvoicingMethod, name="gigs_gig_invoicing_method_valid"),
            paid_on_invoice_if_completion(name="gigs_gig_completion_is_paid_on_invoice"),
            one_of("payment_mode", PaymentMode, name="gigs_gig_payment_mode_valid"),
            positive("budget", name="gigs_gig_budget_positive"),
            in_sub_units("budget", name="gigs_gig_budget_in_sub_units"),
            set_iff("status", ["closed"], ["closed_at"], name="gigs_gig_closed_at_iff_closed"),
            models.CheckConstraint(
                condition=Q(status=GigStatus.DRAFT) | Q(posted_at__isnull=False),
                name="gigs_gig_posted_at_unless_draft",
            ),
        ]
        indexes = [
            models.Index(fields=["status", "-posted_at", "-id"], name="gigs_gig_newest"),
            models.Index(fields=["commissioner", "-created_at"], name="gigs_gig_of_commissioner"),
            GinIndex(fields=["skills"], name="gigs_gig_skills"),
        ]

    def __str__(self) -> str:
        return f"#{self.pk} {self.title}"

    def move_to(self, status: GigStatus) -> None:
        """Change the state in memory. GigTransitionRefused when the table has no such move."""
        if status not in GIG_TRANSITIONS[GigStatus(self.status)]:
            raise GigTransitionRefused(
                f"A gig that is {self.get_status_display().lower()} cannot become {status.label.lower()}."
            )
        self.status = status


class PlannedMilestone(PublicIdModel):
    """A milestone as the gig plans it; the match copies it into the project."""

    PREFIX = "gms"

    gig = models.ForeignKey(Gig, on_delete=models.CASCADE, related_name="planned_milestones")
    position = models.PositiveSmallIntegerField()
    title = models.CharField(max_length=140)
    description = models.TextField(max_length=5000, blank=True)
    due_on = models.DateField(null=True, blank=True)
    criteria = ArrayField(models.CharField(max_length=300), default=list, blank=True)
    amount = MoneyField(
        max_digits=19, decimal_places=4, default_currency=None, currency_field_name="currency"
    )

    objects: ClassVar[LockableQuerySet["PlannedMilestone"]] = LockableQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["gig", "position"], name="gigs_planned_milestone_position_unique"
            ),
            positive("amount", name="gigs_planned_milestone_amount_positive"),
            in_sub_units("amount", name="gigs_planned_milestone_amount_in_sub_units"),
        ]

    def __str__(self) -> str:
        return f"#{self.pk} {self.position}. {self.title}"


class Application(PublicIdModel):
    """A freelancer's bid on a gig. One live application per freelancer and gig."""

    PREFIX = "app"

    gig = models.ForeignKey(Gig, on_delete=models.PROTECT, related_name="applications")
    freelancer = models.ForeignKey(User, on_delete=models.PROTECT, related_name="applications")
    pitch = models.TextField(max_length=5000)
    links = ArrayField(models.URLField(max_length=500), default=list, blank=True)
    status = models.CharField(max_length=10, choices=ApplicationStatus.choices)
    created_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[LockableQuerySet["Application"]] = LockableQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints = [
            one_of("status", ApplicationStatus, name="gigs_application_status_valid"),
            models.UniqueConstraint(
                fields=["gig", "freelancer"],
                condition=Q(status__in=["pending", "accepted"]),
                name="gigs_application_one_live_per_freelancer",
            ),
            models.UniqueConstraint(
                fields=["gig"],
                condition=Q(status="accepted"),
                name="gigs_application_one_accepted_per_gig",
            ),
            set_iff(
                "status",
                ["accepted", "rejected", "withdrawn"],
                ["decided_at"],
                name="gigs_application_decided_at_iff_decided",
            ),
        ]
        indexes = [
            models.Index(fields=["freelancer", "-created_at"], name="gigs_application_of_person"),
        ]

    def __str__(self) -> str:
        return f"#{self.pk} {self.status}"

    def move_to(self, status: ApplicationStatus) -> None:
        """Change the state in memory. ApplicationTransitionRefused for a move not in the table."""
        if status not in APPLICATION_TRANSITIONS[ApplicationStatus(self.status)]:
            raise ApplicationTransitionRefused(
                f"An application that is {self.get_status_display().lower()} cannot be {status.label.lower()}."
            )
        self.status = status
