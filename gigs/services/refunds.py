"""Refund requests: the commissioner asks for held money, and the freelancer answers or is silent.

Nothing that moves money is here: who agrees, or is silent too long, gives up the milestone, and the
caller moves the money in the same transaction.
"""

from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db import IntegrityError, transaction

from accounts import audit
from accounts.models import User
from accounts.policies import require
from accounts.services.mail import Mail, Page, Values, mail_enqueue
from gigs import policies
from gigs.enums import RefundStatus
from gigs.exceptions import NoRefundRequest, RefundAlreadyRequested, WorkSubmitted
from gigs.models import Milestone, RefundRequest
from gigs.services.giving_back import (
    GivenUp,
    locked_with_project,
    milestone_cancel,
    refuse_unless_held,
)
from gigs.services.refund_requests import open_request, refund_end, refund_tell
from outbox.services import Entry, enqueue_all

ENDED: Final = "refund.ended"
WARNING: Final = "refund.warning"
WARNED_BEFORE: Final = (3, 1)
"""Days before the end at which the freelancer is reminded."""


@transaction.atomic
def refund_request(*, milestone_id: int, reason: str, by: User, at: datetime) -> RefundRequest:
    """Ask for the money of a milestone on which no work was submitted.

    Without an answer within REFUND_DAYS it goes back by a job. NothingHeld, GiveBackTooLate,
    WorkSubmitted, RefundAlreadyRequested, PermissionRefused.
    """
    milestone = locked_with_project(milestone_id)
    require(
        policies.may_fund(by, milestone.project),
        "Only the project's commissioner can ask for the money back.",
    )
    refuse_unless_held(milestone)
    if milestone.version:
        raise WorkSubmitted
    if open_request(milestone) is not None:
        raise RefundAlreadyRequested
    request = _write(
        RefundRequest(
            milestone=milestone,
            number=milestone.refund_requests.count() + 1,
            reason=reason,
            status=RefundStatus.OPEN,
            asked_by=by,
            asked_at=at,
            ends_at=at + timedelta(days=settings.REFUND_DAYS),
        )
    )
    audit.record(
        audit.Record(
            event="refund.requested",
            target=milestone,
            after={"number": request.number, "ends_at": request.ends_at.isoformat()},
        ),
        by=by,
        at=at,
    )
    _watch(request)
    mail_enqueue(
        Mail.REFUND_REQUESTED,
        to=milestone.project.freelancer,
        key=f"{milestone.public_id}:{request.number}",
        context={**_words(request), "reason": reason},
    )
    return request


@transaction.atomic
def refund_decline(*, milestone_id: int, answer: str, by: User, at: datetime) -> RefundRequest:
    """Say no, and why; the money stays held. NoRefundRequest, PermissionRefused."""
    request = _to_answer(milestone_id, by=by)
    refund_end(request, RefundStatus.DECLINED, answer=answer, by=by, at=at)
    project = request.milestone.project
    refund_tell(request, [project.commissioner], f"{by.name} says no: {answer}")
    return request


@transaction.atomic
def refund_withdraw(*, milestone_id: int, by: User, at: datetime) -> RefundRequest:
    """Take one's own request back. NoRefundRequest, PermissionRefused."""
    milestone = locked_with_project(milestone_id)
    require(
        policies.may_fund(by, milestone.project),
        "Only the project's commissioner can withdraw the request.",
    )
    request = _open(milestone)
    refund_end(request, RefundStatus.WITHDRAWN, by=by, at=at)
    words = f"{by.name} does not ask for the money back any more."
    refund_tell(request, [milestone.project.freelancer], words)
    return request


@transaction.atomic
def refund_grant(*, milestone_id: int, by: User, at: datetime) -> GivenUp:
    """Agree to a request: the milestone is cancelled, and its money the caller's to move.

    NoRefundRequest, PermissionRefused.
    """
    request = _to_answer(milestone_id, by=by)
    refund_end(request, RefundStatus.AGREED, by=by, at=at)
    words = f"{by.name} has agreed: the money is your credit, and the milestone is cancelled."
    refund_tell(request, [request.milestone.project.commissioner], words)
    return milestone_cancel(request.milestone, by=by, at=at)


@transaction.atomic
def refund_time_out(*, request_id: int, at: datetime) -> GivenUp | None:
    """Give a milestone up whose refund request nobody answered in time; None for any other.

    Whether it still waits is read under the milestone's lock.
    """
    milestone = locked_with_project(RefundRequest.objects.get(pk=request_id).milestone_id)
    request = open_request(milestone)
    if request is None or request.pk != request_id or request.ends_at > at:
        return None
    request.milestone = milestone
    refund_end(request, RefundStatus.UNANSWERED, by=None, at=at)
    project = milestone.project
    words = (
        "Nobody answered in time: the money is the commissioner's credit, and the milestone is"
        " cancelled."
    )
    refund_tell(request, [project.commissioner, project.freelancer], words)
    return milestone_cancel(milestone, by=None, at=at)


@transaction.atomic
def refund_remind(*, request_id: int, days: int, at: datetime) -> None:
    """Remind the freelancer of a request that still waits, so many days before its end."""
    request = (
        RefundRequest.objects.select_related(
            "milestone__project__freelancer", "milestone__project__commissioner"
        )
        .filter(pk=request_id, status=RefundStatus.OPEN, ends_at__gt=at)
        .first()
    )
    if request is not None:
        mail_enqueue(
            Mail.REFUND_WARNING,
            to=request.milestone.project.freelancer,
            key=f"{request.milestone.public_id}:{request.number}:{days}",
            context={
                **_words(request),
                "left": "1 day" if days == 1 else f"{days} days",
            },
        )


def _to_answer(milestone_id: int, *, by: User) -> RefundRequest:
    milestone = locked_with_project(milestone_id)
    require(
        policies.may_deliver(by, milestone),
        "Only the project's freelancer can answer the request.",
    )
    return _open(milestone)


def _open(milestone: Milestone) -> RefundRequest:
    request = open_request(milestone)
    if request is None:
        raise NoRefundRequest
    request.milestone = milestone
    return request


def _write(request: RefundRequest) -> RefundRequest:
    try:
        with transaction.atomic():
            request.save()
    except IntegrityError as error:
        raise RefundAlreadyRequested from error
    return request


def _watch(request: RefundRequest) -> None:
    key = f"{request.milestone.public_id}:{request.number}"
    payload = {"request": request.pk}
    warnings = [
        Entry(WARNING, f"{key}:{days}", {**payload, "days": days}, due_at)
        for days in WARNED_BEFORE
        if (due_at := request.ends_at - timedelta(days=days)) > request.asked_at
    ]
    enqueue_all([*warnings, Entry(ENDED, key, payload, request.ends_at)])


def _words(request: RefundRequest) -> Values:
    project = request.milestone.project
    return {
        "milestone": request.milestone.title,
        "project": project.title,
        "commissioner": project.commissioner.name,
        "amount": request.milestone.amount,
        "ends_on": request.ends_at.date(),
        "path": Page("wallets:refund", (request.milestone.public_id,)),
    }
