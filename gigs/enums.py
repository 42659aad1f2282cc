"""States of gigs, applications, projects and milestones, and the moves between them."""

from django.db import models


class Category(models.TextChoices):
    """What a gig is about."""

    DEVELOPMENT = "development", "Development"
    DESIGN = "design", "Design"
    WRITING = "writing", "Writing"
    MARKETING = "marketing", "Marketing"
    DATA = "data", "Data"
    MEDIA = "media", "Media"
    BUSINESS = "business", "Business"
    OTHER = "other", "Other"


class InvoicingMethod(models.TextChoices):
    """When invoices are issued."""

    MILESTONE = "milestone", "One invoice for each approved milestone"
    COMPLETION = "completion", "A part upfront, the rest once all is approved"


class PaymentMode(models.TextChoices):
    """When the commissioner pays."""

    ON_INVOICE = "on_invoice", "On invoice"
    HELD = "held", "Held funds"


class GigStatus(models.TextChoices):
    DRAFT = "draft", "Draft"
    OPEN = "open", "Open"
    MATCHED = "matched", "Matched"
    CLOSED = "closed", "Closed"


class ApplicationStatus(models.TextChoices):
    PENDING = "pending", "Pending"
    ACCEPTED = "accepted", "Accepted"
    REJECTED = "rejected", "Rejected"
    WITHDRAWN = "withdrawn", "Withdrawn"


class ProjectStatus(models.TextChoices):
    AWAITING_UPFRONT = "awaiting_upfront", "Awaiting upfront payment"
    ACTIVE = "active", "Active"
    COMPLETED = "completed", "Completed"


class MilestoneStatus(models.TextChoices):
    PLANNED = "planned", "Planned"
    FUNDED = "funded", "Funded"
    IN_PROGRESS = "in_progress", "In progress"
    IN_REVIEW = "in_review", "In review"
    CHANGES_REQUESTED = "changes_requested", "Changes requested"
    APPROVED = "approved", "Approved"
    SETTLED = "settled", "Settled"
    CANCELLED = "cancelled", "Cancelled"


class Remainder(models.TextChoices):
    """Where the rest of a price goes when a part of it is approved."""

    NEXT_MILESTONE = "next_milestone", "Add it to the next milestone"
    GIVE_BACK = "give_back", "Take it off what is agreed"


class RefundStatus(models.TextChoices):
    """What became of a commissioner's request for held money; LAPSED when work was submitted."""

    OPEN = "open", "Waiting for an answer"
    AGREED = "agreed", "Agreed"
    DECLINED = "declined", "Declined"
    UNANSWERED = "unanswered", "Not answered in time"
    LAPSED = "lapsed", "Ended by a submission"
    WITHDRAWN = "withdrawn", "Withdrawn"


class AmendmentReason(models.TextChoices):
    """Why a frozen price was changed."""

    APPROVED_IN_PART = "approved_in_part", "Approved in part"
    REMAINDER = "remainder", "Remainder of an earlier milestone"
    GIVEN_BACK = "given_back", "A part given back"


GIG_TRANSITIONS: dict[GigStatus, frozenset[GigStatus]] = {
    GigStatus.DRAFT: frozenset({GigStatus.OPEN}),
    GigStatus.OPEN: frozenset({GigStatus.MATCHED, GigStatus.CLOSED}),
    GigStatus.MATCHED: frozenset({GigStatus.CLOSED}),
    GigStatus.CLOSED: frozenset(),
}

APPLICATION_TRANSITIONS: dict[ApplicationStatus, frozenset[ApplicationStatus]] = {
    ApplicationStatus.PENDING: frozenset(
        {ApplicationStatus.ACCEPTED, ApplicationStatus.REJECTED, ApplicationStatus.WITHDRAWN}
    ),
    ApplicationStatus.ACCEPTED: frozenset(),
    ApplicationStatus.REJECTED: frozenset(),
    ApplicationStatus.WITHDRAWN: frozenset(),
}

PROJECT_TRANSITIONS: dict[ProjectStatus, frozenset[ProjectStatus]] = {
    ProjectStatus.AWAITING_UPFRONT: frozenset({ProjectStatus.ACTIVE}),
    ProjectStatus.ACTIVE: frozenset({ProjectStatus.COMPLETED}),
    ProjectStatus.COMPLETED: frozenset(),
}

MILESTONE_TRANSITIONS: dict[MilestoneStatus, frozenset[MilestoneStatus]] = {
    MilestoneStatus.PLANNED: frozenset(
        {MilestoneStatus.FUNDED, MilestoneStatus.IN_PROGRESS, MilestoneStatus.IN_REVIEW}
    ),
    MilestoneStatus.FUNDED: frozenset(
        {MilestoneStatus.IN_PROGRESS, MilestoneStatus.IN_REVIEW, MilestoneStatus.CANCELLED}
    ),
    MilestoneStatus.IN_PROGRESS: frozenset({MilestoneStatus.IN_REVIEW, MilestoneStatus.CANCELLED}),
    MilestoneStatus.IN_REVIEW: frozenset(
        {
            MilestoneStatus.CHANGES_REQUESTED,
            MilestoneStatus.APPROVED,
            MilestoneStatus.CANCELLED,
        }
    ),
    MilestoneStatus.CHANGES_REQUESTED: frozenset(
        {MilestoneStatus.IN_REVIEW, MilestoneStatus.CANCELLED}
    ),
    MilestoneStatus.APPROVED: frozenset({MilestoneStatus.SETTLED}),
    MilestoneStatus.SETTLED: frozenset(),
    MilestoneStatus.CANCELLED: frozenset(),
}
CLOSED: tuple[MilestoneStatus, ...] = (MilestoneStatus.SETTLED, MilestoneStatus.CANCELLED)
"""States of milestones that a project need not wait for any more."""

REFUND_TRANSITIONS: dict[RefundStatus, frozenset[RefundStatus]] = {
    RefundStatus.OPEN: frozenset(set(RefundStatus) - {RefundStatus.OPEN}),
    RefundStatus.AGREED: frozenset(),
    RefundStatus.DECLINED: frozenset(),
    RefundStatus.UNANSWERED: frozenset(),
    RefundStatus.LAPSED: frozenset(),
    RefundStatus.WITHDRAWN: frozenset(),
}
