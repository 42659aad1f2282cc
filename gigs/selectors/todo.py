"""What waits for somebody: the gig parts of the dashboards."""

from dataclasses import dataclass
from typing import Final

from django.db.models import Count, F, Max, Q

from accounts.models import User
from gigs.enums import (
    ApplicationStatus,
    GigStatus,
    MilestoneStatus,
    PaymentMode,
    ProjectStatus,
    RefundStatus,
)
from gigs.models import Application, Gig, Milestone, RefundRequest

MOST_SHOWN: Final = 6
NOT_STARTED: Final = Q(project__status=ProjectStatus.AWAITING_UPFRONT)
UNFUNDED: Final = Q(status=MilestoneStatus.PLANNED, project__payment_mode=PaymentMode.HELD)


@dataclass(frozen=True, slots=True)
class CommissionerTodo:
    """Work to review, milestones to fund, gigs with applications that wait, drafts."""

    to_review: list[Milestone]
    to_fund: list[Milestone]
    gigs_with_candidates: list[Gig]
    drafts: list[Gig]

    @property
    def is_empty(self) -> bool:
        return not (self.to_review or self.to_fund or self.gigs_with_candidates or self.drafts)


@dataclass(frozen=True, slots=True)
class FreelancerTodo:
    """Money and changes that were asked for, work to deliver, reviews and answers waited for."""

    asked_back: list[RefundRequest]
    to_revise: list[Milestone]
    due: list[Milestone]
    in_review: list[Milestone]
    applications: list[Application]

    @property
    def is_empty(self) -> bool:
        return not (
            self.asked_back or self.to_revise or self.due or self.in_review or self.applications
        )


def todo_commissioner(user: User) -> CommissionerTodo:
    """What a commissioner may do now: the review that ends first, what has waited longest."""
    reviews = Milestone.objects.filter(
        project__commissioner=user, status=MilestoneStatus.IN_REVIEW
    ).select_related("project__freelancer")
    gigs = Gig.objects.filter(commissioner=user)
    pending = Q(applications__status=ApplicationStatus.PENDING)
    with_candidates = gigs.filter(status=GigStatus.OPEN).annotate(
        pending_count=Count("applications", filter=pending),
        last_applied_at=Max("applications__created_at", filter=pending),
    )
    return CommissionerTodo(
        to_review=list(reviews.order_by("review_ends_at", "pk")[:MOST_SHOWN]),
        to_fund=list(
            Milestone.objects.filter(UNFUNDED, project__commissioner=user)
            .select_related("project__freelancer")
            .order_by(F("due_on").asc(nulls_last=True), "project_id", "position")[:MOST_SHOWN]
        ),
        gigs_with_candidates=list(
            with_candidates.filter(pending_count__gt=0).order_by("-last_applied_at", "-pk")[
                :MOST_SHOWN
            ]
        ),
        drafts=list(
            gigs.filter(status=GigStatus.DRAFT).order_by("-created_at", "-pk")[:MOST_SHOWN]
        ),
    )


def todo_freelancer(user: User) -> FreelancerTodo:
    """What a freelancer may do now, the next due first, and what they wait for."""
    milestones = Milestone.objects.filter(project__freelancer=user).select_related(
        "project__commissioner"
    )
    applications = Application.objects.filter(
        freelancer=user, status=ApplicationStatus.PENDING
    ).select_related("gig__commissioner")
    next_due = (F("due_on").asc(nulls_last=True), "project_id", "position")
    refunds = RefundRequest.objects.filter(
        milestone__project__freelancer=user, status=RefundStatus.OPEN
    ).select_related("milestone__project__commissioner")
    return FreelancerTodo(
        asked_back=list(refunds.order_by("ends_at", "pk")[:MOST_SHOWN]),
        to_revise=list(
            milestones.filter(status=MilestoneStatus.CHANGES_REQUESTED).order_by(*next_due)[
                :MOST_SHOWN
            ]
        ),
        due=list(
            milestones.filter(
                status__in=[
                    MilestoneStatus.PLANNED,
                    MilestoneStatus.FUNDED,
                    MilestoneStatus.IN_PROGRESS,
                ]
            )
            .exclude(UNFUNDED | NOT_STARTED)
            .order_by(*next_due)[:MOST_SHOWN]
        ),
        in_review=list(
            milestones.filter(status=MilestoneStatus.IN_REVIEW).order_by("submitted_at", "pk")[
                :MOST_SHOWN
            ]
        ),
        applications=list(applications.order_by("-created_at", "-pk")[:MOST_SHOWN]),
    )
