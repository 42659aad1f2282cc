"""Funding milestones: one, some or all of a project."""

from collections.abc import Sequence
from uuid import UUID

from django.http import HttpResponseBase
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.enums import Scope
from common.api.schema import Operation, operation
from common.exceptions import Missing
from gigs.api.reads import milestones_for
from gigs.exceptions import MilestoneTransitionRefused
from gigs.models import Milestone, Project
from wallets.api.funding_serializers import (
    FundedOutput,
    FundingPreviewOutput,
    FundInput,
    ProjectFundInput,
)
from wallets.api.paying import REFUSALS, PayingView
from wallets.exceptions import NotHeld, NothingToFund, PaymentDeclined
from wallets.models import Payment
from wallets.services import funding_begin, funding_preview

FUND_REFUSALS = [*REFUSALS, NotHeld, MilestoneTransitionRefused]
PROJECT_REFUSALS = [*FUND_REFUSALS, NothingToFund, Missing]


class FundingView(PayingView):
    """What both ways to fund share."""

    def shown(self, payment: Payment) -> Response:
        milestones = milestones_for(self.user).filter(fundings__payment=payment)
        shown = {"payment": payment, "milestones": milestones.order_by("position")}
        return Response(FundedOutput(shown).data, status=202 if payment.ended_at is None else 200)

    def one(self, milestone_id: str) -> Milestone:
        return Milestone.objects.for_user(self.user).by_public_id(milestone_id)

    def some(self, project: Project, names: Sequence[UUID] | None) -> list[int] | None:
        """The milestones of the project by their identifiers; Missing for one that it has not."""
        if names is None:
            return None
        found = project.milestones.filter(uuid__in=names).values_list("pk", flat=True)
        if len(found) != len(set(names)):
            raise Missing
        return list(found)


class MilestoneFundView(FundingView):
    @operation(
        Operation(
            name="milestone_fund",
            tag="milestones",
            scope=Scope.MONEY_WRITE,
            request=FundInput,
            answers={200: FundedOutput, 202: FundedOutput},
            refusals=FUND_REFUSALS,
            takes_key=True,
            needs_key=True,
        )
    )
    def post(self, request: Request, milestone_id: str) -> HttpResponseBase:
        """Set the money of a milestone aside, from a payment method or from credit.

        When it answers 200 with the milestone `funded`, work can begin. 202 says that the
        provider did not answer in time; a job finds out.
        """

        def begin() -> Payment:
            given = self.body(FundInput)
            milestone = self.one(milestone_id)
            return funding_begin(
                project_id=milestone.project_id,
                milestone_ids=[milestone.pk],
                method=self.method_choice(given["payment_method"]),
                amount=given.get("amount"),
                by=self.user,
                at=self.at,
            )

        return self.execute(begin)


class ProjectFundView(FundingView):
    @operation(
        Operation(
            name="project_fund",
            tag="projects",
            scope=Scope.MONEY_WRITE,
            request=ProjectFundInput,
            answers={200: FundedOutput, 202: FundedOutput},
            refusals=PROJECT_REFUSALS,
            takes_key=True,
            needs_key=True,
        )
    )
    def post(self, request: Request, project_id: str) -> HttpResponseBase:
        """Set the money of several milestones aside with one payment, or of all.

        If less arrives than was asked for, the first milestones are funded as far as it goes; what
        is left over is credit.
        """

        def begin() -> Payment:
            given = self.body(ProjectFundInput)
            project = Project.objects.for_user(self.user).by_public_id(project_id)
            return funding_begin(
                project_id=project.pk,
                milestone_ids=self.some(project, given.get("milestone_ids")),
                method=self.method_choice(given["payment_method"]),
                amount=given.get("amount"),
                by=self.user,
                at=self.at,
            )

        return self.execute(begin)


class MilestoneFundPreviewView(FundingView):
    @operation(
        Operation(
            name="milestone_fund_preview",
            tag="milestones",
            scope=Scope.MONEY_READ,
            request=FundInput,
            answers={200: FundingPreviewOutput},
            refusals=[refusal for refusal in FUND_REFUSALS if refusal is not PaymentDeclined],
        )
    )
    def post(self, request: Request, milestone_id: str) -> Response:
        """See what funding a milestone would do; nothing is changed and nobody is charged."""
        given = self.body(FundInput)
        milestone = self.one(milestone_id)
        preview = funding_preview(
            project_id=milestone.project_id,
            milestone_ids=[milestone.pk],
            method=self.method_choice(given["payment_method"]),
            by=self.user,
            at=self.at,
        )
        return Response(FundingPreviewOutput(preview).data)


class ProjectFundPreviewView(FundingView):
    @operation(
        Operation(
            name="project_fund_preview",
            tag="projects",
            scope=Scope.MONEY_READ,
            request=ProjectFundInput,
            answers={200: FundingPreviewOutput},
            refusals=[refusal for refusal in PROJECT_REFUSALS if refusal is not PaymentDeclined],
        )
    )
    def post(self, request: Request, project_id: str) -> Response:
        """See what funding milestones would do; nothing is changed and nobody is charged."""
        given = self.body(ProjectFundInput)
        project = Project.objects.for_user(self.user).by_public_id(project_id)
        preview = funding_preview(
            project_id=project.pk,
            milestone_ids=self.some(project, given.get("milestone_ids")),
            method=self.method_choice(given["payment_method"]),
            by=self.user,
            at=self.at,
        )
        return Response(FundingPreviewOutput(preview).data)
