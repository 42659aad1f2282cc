"""Giving held money back."""

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.base import ApiView, idempotent
from accounts.enums import Scope
from common.api.fields import MoneyField
from common.api.schema import Operation, operation
from common.api.serializers import Input, Output
from common.exceptions import PermissionRefused
from gigs.api.reads import milestone_of
from gigs.api.serializers import FIRST_PART, MilestoneOutput
from gigs.exceptions import GiveBackTooLate, NothingHeld
from gigs.models import Milestone
from invoicing.api.serializers import NOTHING
from wallets.services import funds_give_back, give_back_preview

REFUSALS = [PermissionRefused, NothingHeld, GiveBackTooLate]
CANCELLED = {**MilestoneOutput.example, "status": "cancelled", "review_ends_at": None}


class GiveBackInput(Input):
    """A part of the price, before tax; without `amount` all of it."""

    example = {"amount": FIRST_PART}

    amount = MoneyField(required=False)


class ReturnedOutput(Output):
    """What became the commissioner's credit, and the milestone afterwards."""

    example = {"returned": FIRST_PART, "milestone": CANCELLED}

    returned = MoneyField()
    milestone = MilestoneOutput()


class GiveBackPreviewOutput(Output):
    """What would become credit; nothing is changed. `held_after` is about the whole project."""

    example = {
        "returned": FIRST_PART,
        "held_after": NOTHING,
        "agreed_after": NOTHING,
        "completes_project": True,
        "milestone": CANCELLED,
    }

    returned = MoneyField()
    held_after = MoneyField()
    agreed_after = MoneyField()
    completes_project = serializers.BooleanField()
    milestone = MilestoneOutput()


class GivingBackView(ApiView):
    """What giving back and its preview share."""

    def wish(self, milestone_id: str) -> dict[str, Any]:
        """Milestone and amount, as the service takes them."""
        given = self.body(GiveBackInput)
        milestone = Milestone.objects.for_user(self.user).only("pk").by_public_id(milestone_id)
        return {"milestone_id": milestone.pk, "amount": given.get("amount")}


class MilestoneGiveBackView(GivingBackView):
    @operation(
        Operation(
            name="milestone_give_back",
            tag="milestones",
            scope=Scope.MONEY_WRITE,
            request=GiveBackInput,
            answers={200: ReturnedOutput},
            refusals=REFUSALS,
            takes_key=True,
            needs_key=True,
        )
    )
    @idempotent
    def post(self, request: Request, milestone_id: str) -> Response:
        """Give money back that is held for a milestone, as its freelancer, before the approval.

        Without `amount`, or with the whole price, the milestone is `cancelled`; otherwise its price
        goes down by the amount. What was set aside for it, tax included, is the commissioner's
        credit.
        """
        returned = funds_give_back(**self.wish(milestone_id), by=self.user, at=self.at)
        milestone = milestone_of(self.user, milestone_id)
        return Response(ReturnedOutput({"returned": returned.amount, "milestone": milestone}).data)


class GiveBackPreviewView(GivingBackView):
    @operation(
        Operation(
            name="milestone_give_back_preview",
            tag="milestones",
            scope=Scope.MONEY_READ,
            request=GiveBackInput,
            answers={200: GiveBackPreviewOutput},
            refusals=REFUSALS,
        )
    )
    def post(self, request: Request, milestone_id: str) -> Response:
        """See what giving money back would do; nothing is changed."""
        preview = give_back_preview(**self.wish(milestone_id), by=self.user, at=self.at)
        return Response(GiveBackPreviewOutput(preview).data)
