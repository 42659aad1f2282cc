"""Which held money can go back, and what was asked for."""

from gigs.enums import MILESTONE_TRANSITIONS, MilestoneStatus, PaymentMode
from gigs.models import Milestone, RefundRequest
from gigs.selectors.projects import ProjectView


def returnable(view: ProjectView) -> list[Milestone]:
    """The milestones of which the freelancer can give money back."""
    mode = view.project.payment_mode
    return [one for one in view.milestones if _is_held(one, mode)]


def refundable(view: ProjectView) -> list[Milestone]:
    """The milestones whose money the commissioner can ask for."""
    return [milestone for milestone in returnable(view) if not milestone.version]


def can_give_back(milestone: Milestone) -> bool:
    """Whether its freelancer can give money back now."""
    return _is_held(milestone, milestone.project.payment_mode)


def can_be_refunded(milestone: Milestone) -> bool:
    """Whether its commissioner can ask for the money now."""
    return can_give_back(milestone) and not milestone.version


def latest_refund(milestone: Milestone) -> RefundRequest | None:
    """The last request for its money, which may wait for an answer."""
    return milestone.refund_requests.order_by("-number").first()


def _is_held(milestone: Milestone, mode: str) -> bool:
    following = MILESTONE_TRANSITIONS[MilestoneStatus(milestone.status)]
    return mode == PaymentMode.HELD and MilestoneStatus.CANCELLED in following
