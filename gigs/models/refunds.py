"""Requests for held money, and how each ended."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from accounts.models import User
from common.constraints import one_of, set_iff
from common.models import LockableQuerySet
from gigs.enums import REFUND_TRANSITIONS, RefundStatus
from gigs.exceptions import RefundTransitionRefused
from gigs.models.projects import Milestone


class RefundRequest(models.Model):
    """The commissioner's wish to have the money of a milestone back, on which no work was submitted.

    Without an answer until `ends_at` the money goes back: the request then ends by nobody.
    """

    milestone = models.ForeignKey(
        Milestone, on_delete=models.PROTECT, related_name="refund_requests"
    )
    number = models.PositiveSmallIntegerField()
    reason = models.TextField(max_length=2000)
    status = models.CharField(max_length=12, choices=RefundStatus.choices)
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    answer = models.TextField(max_length=2000, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    objects: ClassVar[LockableQuerySet["RefundRequest"]] = LockableQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["milestone", "number"], name="gigs_refund_request_number_unique"
            ),
            models.UniqueConstraint(
                fields=["milestone"],
                condition=Q(status="open"),
                name="gigs_refund_request_one_open_per_milestone",
            ),
            one_of("status", RefundStatus, name="gigs_refund_request_status_valid"),
            models.CheckConstraint(
                condition=~Q(reason=""), name="gigs_refund_request_reason_not_empty"
            ),
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("asked_at")),
                name="gigs_refund_request_ends_after_it_began",
            ),
            models.CheckConstraint(
                condition=(Q(status="open", ended_at__isnull=True))
                | (~Q(status="open") & Q(ended_at__isnull=False)),
                name="gigs_refund_request_ended_at_iff_ended",
            ),
            set_iff(
                "status",
                ["agreed", "declined", "lapsed", "withdrawn"],
                ["ended_by"],
                name="gigs_refund_request_ended_by_iff_by_somebody",
            ),
            models.CheckConstraint(
                condition=(Q(status="declined") & ~Q(answer=""))
                | (~Q(status="declined") & Q(answer="")),
                name="gigs_refund_request_declined_with_words",
            ),
            models.CheckConstraint(
                condition=~Q(status="unanswered") | Q(ended_at__gte=F("ends_at")),
                name="gigs_refund_request_silence_waits_for_the_end",
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.pk} refund request {self.number}"

    def move_to(self, status: RefundStatus) -> None:
        """Change the state in memory. RefundTransitionRefused for a move not in the table."""
        if status not in REFUND_TRANSITIONS[RefundStatus(self.status)]:
            raise RefundTransitionRefused("This refund request has ended already.")
        self.status = status
