"""How refund requests end: what every way out of one shares."""

from collections.abc import Sequence
from datetime import datetime

from accounts import audit
from accounts.models import User
from accounts.services.mail import Mail, Page, mail_enqueue
from gigs.enums import RefundStatus
from gigs.models import Milestone, RefundRequest


def open_request(milestone: Milestone) -> RefundRequest | None:
    """The request that waits for an answer, locked; the caller holds the milestone's lock."""
    return (
        RefundRequest.objects.filter(milestone=milestone, status=RefundStatus.OPEN).locked().first()
    )


def refund_end(
    request: RefundRequest,
    status: RefundStatus,
    *,
    answer: str = "",
    by: User | None,
    at: datetime,
) -> None:
    """End a locked request. RefundTransitionRefused when it has ended."""
    request.move_to(status)
    request.answer, request.ended_at, request.ended_by = answer, at, by
    request.save(update_fields=["status", "answer", "ended_at", "ended_by"])
    audit.record(
        audit.Record(
            event=f"refund.{status}",
            target=request.milestone,
            before={"refund": RefundStatus.OPEN},
            after={"refund": status, "number": request.number},
        ),
        by=by,
        at=at,
    )


def refund_end_open(
    milestone: Milestone, status: RefundStatus, *, by: User, at: datetime
) -> RefundRequest | None:
    """End the request that waits for an answer, if there is one; it."""
    request = open_request(milestone)
    if request is not None:
        request.milestone = milestone
        refund_end(request, status, by=by, at=at)
    return request


def refund_lapse(milestone: Milestone, *, by: User, at: datetime) -> None:
    """End the request on a locked milestone because work was submitted; tell the commissioner."""
    request = refund_end_open(milestone, RefundStatus.LAPSED, by=by, at=at)
    if request is not None:
        words = f"{by.name} has submitted work, which ends your request: review it."
        refund_tell(request, [milestone.project.commissioner], words)


def refund_tell(request: RefundRequest, people: Sequence[User], words: str) -> None:
    """Say how a request ended."""
    milestone = request.milestone
    for person in people:
        mail_enqueue(
            Mail.REFUND_ENDED,
            to=person,
            key=f"{milestone.public_id}:{request.number}",
            context={
                "milestone": milestone.title,
                "project": milestone.project.title,
                "words": words,
                "path": Page("projects:detail", (milestone.project.public_id,)),
            },
        )
