"""Refusals of gigs, applications, projects and milestones."""

from common.exceptions import DomainError, TransitionRefused


class GigTransitionRefused(TransitionRefused):
    """The gig's state does not allow the move."""


class ApplicationTransitionRefused(TransitionRefused):
    """The application's state does not allow the move."""


class ProjectTransitionRefused(TransitionRefused):
    """The project's state does not allow the move."""


class MilestoneTransitionRefused(TransitionRefused):
    """The milestone's state does not allow the move."""


class MilestoneNotFunded(DomainError):
    code = "milestone_not_funded"
    default_message = (
        "This milestone is not funded yet: the commissioner sets its money aside first."
    )


class ProjectNotStarted(DomainError):
    code = "project_not_started"
    default_message = "This project starts once its upfront invoice is paid."


class ExceedsAgreed(DomainError):
    code = "exceeds_agreed"
    default_message = "This is more than is agreed for extra work and not invoiced."


class PriceFixed(DomainError):
    code = "price_fixed"
    default_message = (
        "This project is invoiced as a whole: a milestone is approved in full or not at all."
    )


class ReviewAlreadyExtended(DomainError):
    code = "review_already_extended"
    default_message = "This review has been extended once; it cannot be extended again."


class NoNextMilestone(DomainError):
    code = "no_next_milestone"
    default_message = "There is no open milestone after this one that could take the remainder."


class FundsHeld(DomainError):
    code = "funds_held"
    default_message = "This project pays from held funds, which are for its milestones alone."


class CreditShort(DomainError):
    """Says how much is missing."""

    code = "credit_short"
    default_message = "Your credit is too small for this. Top it up first."


class FundingUnderWay(DomainError):
    code = "funding_under_way"
    default_message = "A payment that funds the next milestone at its old price is on its way; wait for its outcome."


class NothingHeld(DomainError):
    code = "nothing_held"
    default_message = "No money is set aside for this milestone."


class GiveBackTooLate(DomainError):
    """From the approval on the money is the freelancer's."""

    code = "give_back_too_late"
    default_message = (
        "This milestone is approved, so its money is spoken for. After that, money goes back only"
        " by a credit note to the invoice."
    )


class RefundTransitionRefused(TransitionRefused):
    """The refund request has ended."""


class RefundAlreadyRequested(DomainError):
    code = "refund_already_requested"
    default_message = (
        "You have asked for this money back already; the freelancer has yet to answer."
    )


class NoRefundRequest(DomainError):
    code = "no_refund_request"
    default_message = "Nobody is waiting for an answer about this money."


class WorkSubmitted(DomainError):
    code = "work_submitted"
    default_message = (
        "Work was submitted for this milestone: review it, approve a part, or ask for changes."
    )


class OwnGig(DomainError):
    code = "own_gig"
    status = 403
    default_message = "This is your own gig; you cannot apply to it."


class AlreadyApplied(DomainError):
    code = "already_applied"
    default_message = "You have already applied to this gig."


class GigNotOpen(DomainError):
    code = "gig_not_open"
    default_message = "This gig does not take applications now."


class ReapplyLater(DomainError):
    code = "reapply_later"
    default_message = "You can apply again later."


class GigNotDraft(DomainError):
    code = "gig_not_draft"
    default_message = "Only a draft can be edited. Close this gig and post a new one."


class GigAlreadyMatched(DomainError):
    code = "gig_already_matched"
    default_message = "This gig has been matched already."


class NotAnApplicant(DomainError):
    code = "not_an_applicant"
    default_message = "Only somebody who has applied to this gig can be matched."


class LegalDataIncomplete(DomainError):
    """Where the operator requires legal data, nobody is hired before invoices can be complete."""

    code = "legal_data_incomplete"
    default_message = "Legal data have to be completed first."


class BudgetTooSmall(DomainError):
    code = "budget_too_small"
    status = 400
    default_message = "The budget must give each milestone at least one sub-unit."
