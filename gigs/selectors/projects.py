"""Reads of projects and milestones."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final

from django.db.models import Case, DecimalField, F, OuterRef, Prefetch, Q, Subquery, Sum, When
from django.db.models.functions import Cast, Least
from djmoney.money import Money

from accounts.models import User
from common.models import LockableQuerySet
from common.money import from_minor, quantize, to_minor, zero
from common.pages import Page, newest_first
from gigs.enums import (
    CLOSED,
    MILESTONE_TRANSITIONS,
    MilestoneStatus,
    PaymentMode,
    ProjectStatus,
    RefundStatus,
)
from gigs.models import Amendment, Extra, Milestone, Project, Submission

EXACT: "Final[DecimalField[Decimal, Decimal]]" = DecimalField(max_digits=19, decimal_places=4)
PAGE_SIZE: Final = 20
NEAR: Final = timedelta(days=3)
HELD: Final = "held"
"""The state of a milestone's part of a payment that is set aside."""
PAID: Final = "paid"
UNPAID: Final = frozenset({"sent", "overdue", "on_hold"})
UPFRONT: Final = "upfront"
FINAL: Final = "final"
MANUAL: Final = "manual"
"""States and kinds of invoices, which belong to an app above, reached by the reverse relation."""
APPROVED: Final = frozenset({MilestoneStatus.APPROVED, MilestoneStatus.SETTLED})


class Step(StrEnum):
    """What somebody does next in a project, or waits for."""

    REVIEW = "review"
    FUND = "fund"
    PAY = "pay"
    PAY_UPFRONT = "pay_upfront"
    REVISE = "revise"
    SUBMIT = "submit"
    ANSWER_REFUND = "answer_refund"
    AWAIT_WORK = "await_work"
    AWAIT_FUNDS = "await_funds"
    AWAIT_UPFRONT = "await_upfront"
    AWAIT_REVIEW = "await_review"
    AWAIT_INVOICE = "await_invoice"
    AWAIT_PAYMENT = "await_payment"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class NextStep:
    """The next step, and the milestone and the invoice that it is about."""

    kind: Step
    milestone: Milestone | None = None
    invoice: Any = None


@dataclass(frozen=True, slots=True)
class ProjectView:
    """A project with its milestones in order and the figures that invoices give it.

    `invoices` are those of the completion method and by hand: others stand with their milestones.
    """

    project: Project
    milestones: list[Milestone]
    invoices: list[Any]
    agreed: Money
    paid: Money
    remaining: Money
    paid_percent: int
    settled_count: int
    kept_count: int
    awaits_invoice: bool
    held: Money


def projects_with_figures() -> LockableQuerySet[Project]:
    """Projects with parties, milestones in order, invoices, and `paid_amount`.

    What is paid of an invoice in part pays its price first.
    """
    milestones = Milestone.objects.prefetch_related(
        "fundings", "invoices", "refund_requests"
    ).order_by("position")
    left = Cast("invoices__subtotal", EXACT) - F("invoices__credited")
    paid = (
        Project.objects.filter(pk=OuterRef("pk"))
        .filter(Q(invoices__status=PAID) | Q(invoices__part_paid__gt=0))
        .order_by()
        .values("pk")
        .annotate(
            sum=Sum(
                Case(
                    When(invoices__status=PAID, then=left),
                    default=Least(F("invoices__part_paid"), left),
                )
            )
        )
        .values("sum")
    )
    return (
        Project.objects.select_related("commissioner", "freelancer", "organisation", "gig")
        .prefetch_related(Prefetch("milestones", queryset=milestones), "invoices")
        .annotate(paid_amount=Subquery(paid))
    )


def project_view(project: Project) -> ProjectView:
    """The figures of one row of `projects_with_figures`; asks the database nothing."""
    currency = project.budget.currency.code
    amount = getattr(project, "paid_amount")  # noqa: B009 - an annotation
    paid = zero(currency) if amount is None else quantize(Money(amount, currency))
    milestones = list(project.milestones.all())
    invoices = _beside_milestones(project)
    return ProjectView(
        project=project,
        milestones=milestones,
        invoices=invoices,
        agreed=from_minor(project.agreed_minor, currency),
        paid=paid,
        remaining=from_minor(project.agreed_minor - to_minor(paid), currency),
        paid_percent=100 * to_minor(paid) // project.agreed_minor if project.agreed_minor else 100,
        settled_count=sum(milestone.status == MilestoneStatus.SETTLED for milestone in milestones),
        kept_count=sum(milestone.status != MilestoneStatus.CANCELLED for milestone in milestones),
        awaits_invoice=_awaits_any(project, milestones, invoices),
        held=from_minor(_held(milestones), currency),
    )


def _beside_milestones(project: Project) -> list[Any]:
    """Those of the completion method, and those by hand, in the order of issue."""
    found = [row for row in project.invoices.all() if row.kind in (UPFRONT, FINAL, MANUAL)]
    return sorted(found, key=lambda invoice: invoice.pk)


def _awaits_any(project: Project, milestones: Sequence[Milestone], invoices: Sequence[Any]) -> bool:
    """Whether an invoice is about to be issued, or about to be paid from held funds."""
    if not project.is_by_completion:
        return any(_awaits_invoice(milestone, project.payment_mode) for milestone in milestones)
    kinds = {invoice.kind for invoice in invoices}
    are_approved = all(milestone.status in APPROVED for milestone in milestones)
    return UPFRONT not in kinds or (are_approved and FINAL not in kinds)


def invoice_of(milestone: Milestone) -> Any:
    """The invoice that a milestone is on: its own, or the final one of its project; or None.

    Reads the project's invoices where there is none of its own and the method has a final one.
    """
    if milestone.invoice is not None or milestone.share_minor is None:
        return milestone.invoice
    final = [row for row in milestone.project.invoices.all() if row.kind == FINAL]
    return max(final, key=lambda row: row.pk, default=None)


def _held(milestones: Sequence[Milestone]) -> int:
    """What is set aside for the milestones, in minor units."""
    return sum(
        part.set_aside
        for milestone in milestones
        if milestone.status != MilestoneStatus.SETTLED
        for part in milestone.fundings.all()
        if part.status == HELD
    )


def project_pages(user: User) -> LockableQuerySet[Project]:
    """A party's projects with their figures."""
    return projects_with_figures().filter(Q(commissioner=user) | Q(freelancer=user))


def extras_of(project: Project) -> list[Extra]:
    """What was agreed for extra work, in its order."""
    return list(project.extras.order_by("pk"))


def projects_of(user: User, *, status: str, before: str = "", after: str = "") -> Page[Project]:
    """A party's projects, newest first."""
    projects = project_pages(user)
    if status:
        projects = projects.filter(status=status)
    return newest_first(projects, column="started_at", limit=PAGE_SIZE, before=before, after=after)


def projects_with_extra(user: User) -> list[Project]:
    """The projects in which extra work was agreed with the user, the newest on top."""
    own = Project.objects.filter(freelancer=user, extra_minor__gt=0)
    return list(own.select_related("commissioner").order_by("-started_at", "-pk"))


def milestone_pages(user: User) -> LockableQuerySet[Milestone]:
    """A party's milestones, with submissions, newest first, and amendments of the price."""
    submissions = Submission.objects.order_by("-version")
    return (
        Milestone.objects.for_user(user)
        .select_related("project__commissioner", "project__freelancer")
        .prefetch_related(
            "invoices",
            Prefetch("submissions", queryset=submissions),
            Prefetch("amendments", queryset=Amendment.objects.order_by("number")),
        )
    )


def can_submit(milestone: Milestone) -> bool:
    """Whether the milestone takes a delivery now."""
    if milestone.is_waiting_for_funds(milestone.project.payment_mode):
        return False
    if milestone.project.status == ProjectStatus.AWAITING_UPFRONT:
        return False
    return MilestoneStatus.IN_REVIEW in MILESTONE_TRANSITIONS[MilestoneStatus(milestone.status)]


@dataclass(frozen=True, slots=True)
class ReviewClock:
    """When a review ends by itself, and whether its end may still be moved."""

    ends_at: datetime
    is_near: bool
    can_extend: bool


def review_clock(milestone: Milestone, *, at: datetime) -> ReviewClock | None:
    """The clock of a milestone that is in review; None for any other."""
    if milestone.review_ends_at is None:
        return None
    return ReviewClock(
        ends_at=milestone.review_ends_at,
        is_near=milestone.review_ends_at - at <= NEAR,
        can_extend=milestone.review_extended_at is None,
    )


def next_step(view: ProjectView, *, user: User) -> NextStep:
    """What a party of the project does next, or what they wait for."""
    if view.project.status == ProjectStatus.AWAITING_UPFRONT:
        return _before_the_start(view, user=user)
    if view.project.commissioner_id == user.pk:
        return _next_of_commissioner(view)
    return _next_of_freelancer(view)


def _before_the_start(view: ProjectView, *, user: User) -> NextStep:
    if view.project.freelancer_id == user.pk:
        return NextStep(Step.AWAIT_UPFRONT)
    if view.invoices:
        return NextStep(Step.PAY_UPFRONT, invoice=view.invoices[-1])
    return NextStep(Step.AWAIT_INVOICE)


def to_fund(view: ProjectView) -> list[Milestone]:
    """The milestones whose money has to be set aside before work on them begins."""
    mode = view.project.payment_mode
    return [milestone for milestone in view.milestones if milestone.is_waiting_for_funds(mode)]


def asked_back(view: ProjectView) -> list[Milestone]:
    """The milestones whose money the commissioner has asked for, and waits for an answer."""
    return [
        milestone
        for milestone in view.milestones
        for request in milestone.refund_requests.all()
        if request.status == RefundStatus.OPEN
    ]


def to_invoice_by_hand(view: ProjectView, *, user: User) -> list[Milestone]:
    """The approved milestones that the user may invoice before the final invoice comes."""
    project = view.project
    is_early = any(milestone.status not in APPROVED for milestone in view.milestones)
    if not (project.is_by_completion and is_early and project.freelancer_id == user.pk):
        return []
    return [
        milestone
        for milestone in view.milestones
        if milestone.status == MilestoneStatus.APPROVED and invoice_of(milestone) is None
    ]


def _next_of_commissioner(view: ProjectView) -> NextStep:
    milestones = view.milestones
    for milestone in milestones:
        if milestone.status == MilestoneStatus.IN_REVIEW:
            return NextStep(Step.REVIEW, milestone)
    if to_pay := _to_pay(view):
        return to_pay
    if view.awaits_invoice:
        return NextStep(Step.AWAIT_INVOICE)
    for milestone in to_fund(view):
        return NextStep(Step.FUND, milestone)
    if all(milestone.status in CLOSED for milestone in milestones):
        return NextStep(Step.DONE)
    return NextStep(Step.AWAIT_WORK)


def _to_pay(view: ProjectView) -> NextStep | None:
    """The first invoice that waits for its buyer."""
    mode = view.project.payment_mode
    for invoice in view.invoices:
        if invoice.status in UNPAID:
            return NextStep(Step.PAY, invoice=invoice)
    for milestone in view.milestones if not view.project.is_by_completion else ():
        if milestone.status == MilestoneStatus.APPROVED and not _awaits_invoice(milestone, mode):
            return NextStep(Step.PAY, milestone, milestone.invoice)
    return _rest_of(view, Step.PAY)


def _rest_of(view: ProjectView, step: Step) -> NextStep | None:
    """The first milestone that is settled while the rest of its invoice is to be paid."""
    for milestone in view.milestones:
        if milestone.status == MilestoneStatus.SETTLED and _is_open(milestone.invoice):
            return NextStep(step, milestone, milestone.invoice)
    return None


def _next_of_freelancer(view: ProjectView) -> NextStep:
    unfunded = to_fund(view)
    if asked := asked_back(view):
        return NextStep(Step.ANSWER_REFUND, asked[0])
    steps = (
        (MilestoneStatus.CHANGES_REQUESTED, Step.REVISE),
        (MilestoneStatus.IN_PROGRESS, Step.SUBMIT),
        (MilestoneStatus.FUNDED, Step.SUBMIT),
        (MilestoneStatus.PLANNED, Step.SUBMIT),
        (MilestoneStatus.IN_REVIEW, Step.AWAIT_REVIEW),
        (MilestoneStatus.APPROVED, Step.AWAIT_PAYMENT),
    )
    for status, step in steps:
        for milestone in view.milestones:
            if milestone.status == status and milestone not in unfunded:
                return NextStep(step, milestone)
    if unfunded:
        return NextStep(Step.AWAIT_FUNDS, unfunded[0])
    return _rest_of(view, Step.AWAIT_PAYMENT) or NextStep(Step.DONE)


def _is_open(invoice: Any) -> bool:
    """Whether something of it is to be paid though its milestone is settled."""
    return invoice is not None and invoice.status in UNPAID


def _awaits_invoice(milestone: Milestone, mode: str) -> bool:
    """Whether its invoice is about to be issued, or about to be paid from held funds."""
    if milestone.status != MilestoneStatus.APPROVED:
        return False
    if mode == PaymentMode.HELD:
        return True
    return milestone.invoice is None
