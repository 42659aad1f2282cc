"""Asking for held money, and answering."""

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.base import ApiView, idempotent
from accounts.enums import Scope
from common.api.fields import TextField
from common.api.schema import Operation, operation
from common.api.serializers import Input, Output
from common.exceptions import Missing, PermissionRefused
from gigs.api.reads import milestone_of
from gigs.api.serializers import NOON
from gigs.enums import RefundStatus
from gigs.exceptions import (
    GiveBackTooLate,
    NoRefundRequest,
    NothingHeld,
    RefundAlreadyRequested,
    WorkSubmitted,
)
from gigs.models import Milestone
from gigs.selectors import latest_refund
from gigs.services import refund_decline, refund_request, refund_withdraw
from wallets.api.giving_back import GiveBackPreviewOutput, ReturnedOutput
from wallets.services import refund_agree, refund_agree_preview, refund_preview

ASKING = [PermissionRefused, NothingHeld, GiveBackTooLate, WorkSubmitted, RefundAlreadyRequested]
ANSWERING = [PermissionRefused, NoRefundRequest]


class RefundInput(Input):
    """Why the money should come back."""

    example = {"reason": "We have changed our plans."}

    reason = TextField(max_length=2000)


class RefundAnswerInput(Input):
    """Why it does not."""

    example = {"answer": "I deliver on Friday."}

    answer = TextField(max_length=2000)


class RefundOutput(Output):
    """A request for the money of a milestone; `unanswered` and `agreed` mean that it went back."""

    example = {
        "status": "open",
        "reason": "We have changed our plans.",
        "asked_at": NOON,
        "ends_at": "2026-11-30T12:00:00Z",
        "answer": "",
        "ended_at": None,
    }

    status = serializers.ChoiceField(RefundStatus.choices)
    reason = serializers.CharField()
    asked_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()
    answer = serializers.CharField()
    ended_at = serializers.DateTimeField(allow_null=True)


class RefundPreviewOutput(Output):
    """When the money would come back without an answer, and what would come back then."""

    example = {"ends_at": "2026-11-30T12:00:00Z", "outcome": GiveBackPreviewOutput.example}

    ends_at = serializers.DateTimeField()
    outcome = GiveBackPreviewOutput()


class RefundingView(ApiView):
    """What all calls about refund requests share."""

    def named(self, milestone_id: str) -> Milestone:
        return Milestone.objects.for_user(self.user).only("pk").by_public_id(milestone_id)


class MilestoneRefundView(RefundingView):
    @operation(
        Operation(
            name="milestone_refund_read",
            tag="milestones",
            scope=Scope.MONEY_READ,
            answers={200: RefundOutput},
            refusals=[Missing],
        )
    )
    def get(self, request: Request, milestone_id: str) -> Response:
        """Read the last request for the money of a milestone."""
        latest = latest_refund(self.named(milestone_id))
        if latest is None:
            raise Missing
        return Response(RefundOutput(latest).data)

    @operation(
        Operation(
            name="milestone_refund",
            tag="milestones",
            scope=Scope.MONEY_WRITE,
            request=RefundInput,
            answers={201: RefundOutput},
            refusals=ASKING,
            takes_key=True,
            needs_key=True,
        )
    )
    @idempotent
    def post(self, request: Request, milestone_id: str) -> Response:
        """Ask for the money of a milestone back, as its commissioner, before work is submitted.

        The freelancer agrees, declines, or submits work, which ends the request (`lapsed`). Without
        an answer until `ends_at` the milestone is cancelled and the money is credit.
        """
        asked = refund_request(
            milestone_id=self.named(milestone_id).pk,
            **self.body(RefundInput),
            by=self.user,
            at=self.at,
        )
        return Response(RefundOutput(asked).data, status=201)


class RefundPreviewView(RefundingView):
    @operation(
        Operation(
            name="milestone_refund_preview",
            tag="milestones",
            scope=Scope.MONEY_READ,
            request=RefundInput,
            answers={200: RefundPreviewOutput},
            refusals=ASKING,
        )
    )
    def post(self, request: Request, milestone_id: str) -> Response:
        """See what would come back, and when, if nobody answers; nothing is changed."""
        asked, outcome = refund_preview(
            milestone_id=self.named(milestone_id).pk,
            **self.body(RefundInput),
            by=self.user,
            at=self.at,
        )
        return Response(RefundPreviewOutput({"ends_at": asked.ends_at, "outcome": outcome}).data)


class RefundAgreeView(RefundingView):
    @operation(
        Operation(
            name="milestone_refund_agree",
            tag="milestones",
            scope=Scope.MONEY_WRITE,
            answers={200: ReturnedOutput},
            refusals=ANSWERING,
            takes_key=True,
            needs_key=True,
        )
    )
    @idempotent
    def post(self, request: Request, milestone_id: str) -> Response:
        """Agree to a refund request, as the freelancer: the money is credit, the milestone cancelled."""
        self.empty_body()
        named = self.named(milestone_id)
        returned = refund_agree(milestone_id=named.pk, by=self.user, at=self.at)
        milestone = milestone_of(self.user, milestone_id)
        return Response(ReturnedOutput({"returned": returned.amount, "milestone": milestone}).data)


class RefundAgreePreviewView(RefundingView):
    @operation(
        Operation(
            name="milestone_refund_agree_preview",
            tag="milestones",
            scope=Scope.MONEY_READ,
            answers={200: GiveBackPreviewOutput},
            refusals=ANSWERING,
        )
    )
    def post(self, request: Request, milestone_id: str) -> Response:
        """See what agreeing to a refund request would do; nothing is changed."""
        self.empty_body()
        named = self.named(milestone_id)
        preview = refund_agree_preview(milestone_id=named.pk, by=self.user, at=self.at)
        return Response(GiveBackPreviewOutput(preview).data)


class RefundDeclineView(RefundingView):
    @operation(
        Operation(
            name="milestone_refund_decline",
            tag="milestones",
            scope=Scope.MONEY_WRITE,
            request=RefundAnswerInput,
            answers={200: RefundOutput},
            refusals=ANSWERING,
            takes_key=True,
        )
    )
    @idempotent
    def post(self, request: Request, milestone_id: str) -> Response:
        """Decline a refund request with a word, as the freelancer; the money stays held."""
        declined = refund_decline(
            milestone_id=self.named(milestone_id).pk,
            **self.body(RefundAnswerInput),
            by=self.user,
            at=self.at,
        )
        return Response(RefundOutput(declined).data)


class RefundWithdrawView(RefundingView):
    @operation(
        Operation(
            name="milestone_refund_withdraw",
            tag="milestones",
            scope=Scope.MONEY_WRITE,
            answers={200: RefundOutput},
            refusals=ANSWERING,
            takes_key=True,
        )
    )
    @idempotent
    def post(self, request: Request, milestone_id: str) -> Response:
        """Take one's own refund request back."""
        self.empty_body()
        named = self.named(milestone_id)
        withdrawn = refund_withdraw(milestone_id=named.pk, by=self.user, at=self.at)
        return Response(RefundOutput(withdrawn).data)
