"""Projects with their frozen terms, milestones and submissions."""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from djmoney.models.fields import MoneyField
from djmoney.money import Money

from accounts.models import Organisation, User
from common.constraints import in_sub_units, one_of, positive, set_iff
from common.models import LockableQuerySet, PublicIdModel
from common.money import MAX_MINOR, from_minor, portion_of, to_minor
from gigs.enums import (
    MILESTONE_TRANSITIONS,
    PROJECT_TRANSITIONS,
    InvoicingMethod,
    MilestoneStatus,
    PaymentMode,
    ProjectStatus,
)
from gigs.exceptions import MilestoneTransitionRefused, ProjectTransitionRefused
from gigs.models.offers import Application, Gig, paid_on_invoice_if_completion


class FeePolicy(models.Model):
    """The platform's fee rate for projects that start from a moment on."""

    valid_from = models.DateTimeField(unique=True)
    rate = models.DecimalField(max_digits=5, decimal_places=4)

    class Meta:
        verbose_name_plural = "fee policies"
        constraints = [
            models.CheckConstraint(
                condition=Q(rate__gte=0, rate__lt=1), name="gigs_fee_policy_rate_valid"
            )
        ]

    def __str__(self) -> str:
        return f"#{self.pk} {self.rate} from {self.valid_from:%Y-%m-%d}"


class ProjectQuerySet(LockableQuerySet["Project"]):
    def for_user(self, user: User) -> "ProjectQuerySet":
        """Projects of which the user is a party."""
        return self.filter(Q(commissioner=user) | Q(freelancer=user))


class Project(PublicIdModel):
    """The contract that a match makes, at `started_at`. Terms and split are frozen from then on.

    `agreed_minor` is the budget as amended since, with bonuses and without what was cancelled; it
    moves under this row's lock, as do `invoiced_minor` and `fees_minor` when an invoice is issued.
    `upfront_rate` is the part of the budget that the completion method invoices before work begins.
    `is_self_billed` says that the commissioner writes the invoices, by the platform.
    `extra_minor` is agreed for work beside the milestones, and part of what is agreed.
    """

    PREFIX = "prj"

    gig = models.OneToOneField(Gig, on_delete=models.PROTECT, related_name="project")
    application = models.OneToOneField(
        Application, on_delete=models.PROTECT, related_name="project"
    )
    commissioner = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name="commissioned_projects", db_index=False
    )
    freelancer = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name="freelance_projects", db_index=False
    )
    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, null=True, blank=True, related_name="projects"
    )
    title = models.CharField(max_length=140)
    budget = MoneyField(
        max_digits=19, decimal_places=4, default_currency=None, currency_field_name="currency"
    )
    fee_rate = models.DecimalField(max_digits=5, decimal_places=4)
    invoicing_method = models.CharField(max_length=20, choices=InvoicingMethod.choices)
    upfront_rate = models.DecimalField(max_digits=5, decimal_places=4, null=True, blank=True)
    payment_mode = models.CharField(max_length=20, choices=PaymentMode.choices)
    is_auto_pay = models.BooleanField(default=False)
    is_self_billed = models.BooleanField(default=False, db_default=False)
    review_days = models.PositiveSmallIntegerField()
    clearing_days = models.PositiveSmallIntegerField()
    agreed_minor = models.BigIntegerField()
    invoiced_minor = models.BigIntegerField(default=0)
    fees_minor = models.BigIntegerField(default=0)
    extra_minor = models.BigIntegerField(default=0)
    extra_invoiced_minor = models.BigIntegerField(default=0)
    status = models.CharField(max_length=20, choices=ProjectStatus.choices)
    started_at = models.DateTimeField()
    completed_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[ProjectQuerySet] = ProjectQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints = [
            one_of("status", ProjectStatus, name="gigs_project_status_valid"),
            one_of("invoicing_method", InvoicingMethod, name="gigs_project_invoicing_method_valid"),
            one_of("payment_mode", PaymentMode, name="gigs_project_payment_mode_valid"),
            paid_on_invoice_if_completion(name="gigs_project_completion_is_paid_on_invoice"),
            set_iff(
                "invoicing_method",
                ["completion"],
                ["upfront_rate"],
                name="gigs_project_upfront_rate_iff_completion",
            ),
            models.CheckConstraint(
                condition=Q(upfront_rate__isnull=True) | Q(upfront_rate__gt=0, upfront_rate__lt=1),
                name="gigs_project_upfront_rate_valid",
            ),
            models.CheckConstraint(
                condition=~Q(status=ProjectStatus.AWAITING_UPFRONT)
                | Q(invoicing_method=InvoicingMethod.COMPLETION),
                name="gigs_project_awaits_upfront_by_completion",
            ),
            positive("budget", name="gigs_project_budget_positive"),
            in_sub_units("budget", name="gigs_project_budget_in_sub_units"),
            models.CheckConstraint(
                condition=Q(invoiced_minor__gte=0, invoiced_minor__lte=F("agreed_minor")),
                name="gigs_project_never_invoices_more_than_agreed",
            ),
            models.CheckConstraint(
                condition=Q(
                    extra_invoiced_minor__gte=0, extra_invoiced_minor__lte=F("extra_minor")
                ),
                name="gigs_project_extra_covers_its_invoices",
            ),
            models.CheckConstraint(
                condition=Q(fees_minor__gte=0, fees_minor__lte=F("invoiced_minor")),
                name="gigs_project_fees_within_invoiced",
            ),
            models.CheckConstraint(
                condition=Q(fee_rate__gte=0, fee_rate__lt=1), name="gigs_project_fee_rate_valid"
            ),
            models.CheckConstraint(
                condition=Q(review_days__gte=1, review_days__lte=90),
                name="gigs_project_review_days_valid",
            ),
            models.CheckConstraint(
                condition=Q(clearing_days__gte=0, clearing_days__lte=90),
                name="gigs_project_clearing_days_valid",
            ),
            models.CheckConstraint(
                condition=~Q(commissioner=F("freelancer")), name="gigs_project_two_parties"
            ),
            set_iff(
                "status",
                ["completed"],
                ["completed_at"],
                name="gigs_project_completed_at_iff_completed",
            ),
        ]
        indexes = [
            models.Index(fields=["commissioner", "-started_at"], name="gigs_project_of_buyer"),
            models.Index(fields=["freelancer", "-started_at"], name="gigs_project_of_seller"),
        ]

    def __str__(self) -> str:
        return f"#{self.pk} {self.title}"

    def move_to(self, status: ProjectStatus) -> None:
        """Change the state in memory. ProjectTransitionRefused for a move not in the table."""
        if status not in PROJECT_TRANSITIONS[ProjectStatus(self.status)]:
            raise ProjectTransitionRefused(
                f"A project that is {self.get_status_display().lower()} cannot become {status.label.lower()}."
            )
        self.status = status

    @property
    def is_by_completion(self) -> bool:
        """Whether a part is invoiced upfront and the rest once all is approved."""
        return self.invoicing_method == InvoicingMethod.COMPLETION

    @property
    def upfront(self) -> Money | None:
        """What the upfront invoice is about; None where each milestone has an invoice."""
        if self.upfront_rate is None:
            return None
        minor = portion_of(self.upfront_rate, to_minor(self.budget))
        return from_minor(minor, self.budget.currency.code)


class MilestoneQuerySet(LockableQuerySet["Milestone"]):
    def for_user(self, user: User) -> "MilestoneQuerySet":
        """Milestones of projects of which the user is a party."""
        return self.filter(Q(project__commissioner=user) | Q(project__freelancer=user))


class Milestone(PublicIdModel):
    """A priced task of a project: the unit of submission, approval, invoice and payment.

    While it is in review, `review_ends_at` is when it counts as approved without an answer. An
    approval by nobody is such a silent one. The price moves only by the next `Amendment`.
    `share_minor` is what is left of the price after the upfront part, by the completion method.
    """

    PREFIX = "mst"

    # The unique constraint of their places serves look-ups by project.
    project = models.ForeignKey(
        Project, on_delete=models.PROTECT, related_name="milestones", db_index=False
    )
    position = models.PositiveSmallIntegerField()
    title = models.CharField(max_length=140)
    description = models.TextField(max_length=5000, blank=True)
    due_on = models.DateField(null=True, blank=True)
    criteria = ArrayField(models.CharField(max_length=300), default=list, blank=True)
    amount = MoneyField(
        max_digits=19, decimal_places=4, default_currency=None, currency_field_name="currency"
    )
    share_minor = models.BigIntegerField(null=True, blank=True)
    status = models.CharField(max_length=20, choices=MilestoneStatus.choices)
    version = models.PositiveSmallIntegerField(default=0)
    submitted_at = models.DateTimeField(null=True, blank=True)
    review_ends_at = models.DateTimeField(null=True, blank=True)
    review_extended_at = models.DateTimeField(null=True, blank=True)
    approved_at = models.DateTimeField(null=True, blank=True)
    approved_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    bonus_minor = models.BigIntegerField(default=0)
    amendment_count = models.PositiveSmallIntegerField(default=0)
    settled_at = models.DateTimeField(null=True, blank=True)
    cancelled_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[MilestoneQuerySet] = MilestoneQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["project", "position"], name="gigs_milestone_position_unique"
            ),
            one_of("status", MilestoneStatus, name="gigs_milestone_status_valid"),
            positive("amount", name="gigs_milestone_amount_positive"),
            in_sub_units("amount", name="gigs_milestone_amount_in_sub_units"),
            models.CheckConstraint(
                condition=Q(share_minor__isnull=True)
                | Q(share_minor__gte=1, share_minor__lte=MAX_MINOR),
                name="gigs_milestone_share_positive",
            ),
            set_iff(
                "status",
                ["approved", "settled"],
                ["approved_at"],
                name="gigs_milestone_approved_at_iff_approved",
            ),
            models.CheckConstraint(
                condition=Q(approved_by__isnull=True) | Q(approved_at__isnull=False),
                name="gigs_milestone_approved_by_only_if_approved",
            ),
            models.CheckConstraint(
                condition=Q(bonus_minor__gte=0, bonus_minor__lte=MAX_MINOR),
                name="gigs_milestone_bonus_not_negative",
            ),
            models.CheckConstraint(
                condition=Q(bonus_minor=0) | Q(approved_by__isnull=False),
                name="gigs_milestone_bonus_by_somebody",
            ),
            set_iff(
                "status",
                ["in_review"],
                ["review_ends_at"],
                name="gigs_milestone_review_ends_at_iff_in_review",
            ),
            models.CheckConstraint(
                condition=Q(review_ends_at__isnull=True) | Q(review_ends_at__gt=F("submitted_at")),
                name="gigs_milestone_review_ends_after_submission",
            ),
            models.CheckConstraint(
                condition=Q(review_extended_at__isnull=True)
                | Q(submitted_at__isnull=False, review_extended_at__gte=F("submitted_at")),
                name="gigs_milestone_review_extended_after_submission",
            ),
            set_iff(
                "status", ["settled"], ["settled_at"], name="gigs_milestone_settled_at_iff_settled"
            ),
            set_iff(
                "status",
                ["cancelled"],
                ["cancelled_at"],
                name="gigs_milestone_cancelled_at_iff_cancelled",
            ),
            models.CheckConstraint(
                condition=Q(version=0, submitted_at__isnull=True)
                | Q(version__gt=0, submitted_at__isnull=False),
                name="gigs_milestone_submitted_at_iff_submitted",
            ),
        ]
        # Of no state: a settlement then changes nothing that an index knows, and stays on its page.
        indexes = [
            models.Index(
                fields=["approved_at"],
                name="gigs_milestone_by_approval",
                condition=Q(approved_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.pk} {self.position}. {self.title}"

    def move_to(self, status: MilestoneStatus) -> None:
        """Change the state in memory. MilestoneTransitionRefused for a move not in the table."""
        if status not in MILESTONE_TRANSITIONS[MilestoneStatus(self.status)]:
            raise MilestoneTransitionRefused(
                f"A milestone that is {self.get_status_display().lower()} cannot become {status.label.lower()}."
            )
        self.status = status

    def is_waiting_for_funds(self, mode: str) -> bool:
        """Whether its money has to be set aside first, by its project's payment mode."""
        return mode == PaymentMode.HELD and self.status == MilestoneStatus.PLANNED

    @property
    def bonus(self) -> Money:
        """What the commissioner added to the price when approving."""
        return from_minor(self.bonus_minor, self.amount.currency.code)

    @property
    def billed(self) -> Money:
        """What an invoice of it is about: the price, or what is left of it, and the bonus."""
        return from_minor(self.billed_minor, self.amount.currency.code)

    @property
    def billed_minor(self) -> int:
        """`billed` in minor units."""
        price = to_minor(self.amount) if self.share_minor is None else self.share_minor
        return price + self.bonus_minor

    @property
    def share(self) -> Money | None:
        """What is left of the price after the upfront part; None where there is none."""
        if self.share_minor is None:
            return None
        return from_minor(self.share_minor, self.amount.currency.code)

    @property
    def invoice(self) -> models.Model | None:
        """Its invoice, of an app above: the newest, where one was credited. Reads `invoices`."""
        issued = [row for row in self.invoices.all() if row.kind in ("milestone", "manual")]
        return max(issued, key=lambda invoice: invoice.pk, default=None)

    @property
    def is_approved_silently(self) -> bool:
        """Whether the review ended without an answer."""
        return self.approved_at is not None and self.approved_by_id is None


class Submission(PublicIdModel):
    """One delivery of work for a milestone, and what the commissioner asked to change."""

    PREFIX = "sub"

    milestone = models.ForeignKey(Milestone, on_delete=models.PROTECT, related_name="submissions")
    version = models.PositiveSmallIntegerField()
    message = models.TextField(max_length=10_000)
    links = ArrayField(models.URLField(max_length=500), default=list, blank=True)
    created_at = models.DateTimeField()
    change_request = models.TextField(max_length=10_000, blank=True)
    changes_requested_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[LockableQuerySet["Submission"]] = LockableQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["milestone", "version"], name="gigs_submission_version_unique"
            ),
            models.CheckConstraint(
                condition=Q(changes_requested_at__isnull=True, change_request="")
                | (Q(changes_requested_at__isnull=False) & ~Q(change_request="")),
                name="gigs_submission_changes_requested_with_words",
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.pk} version {self.version}"
