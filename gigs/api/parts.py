"""Approving a part of a milestone's price."""

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.base import idempotent
from accounts.enums import Scope
from common.api.fields import MoneyField, OptionField
from common.api.schema import Operation, operation
from common.api.serializers import Input
from common.exceptions import PermissionRefused
from gigs.api.serializers import MilestoneOutput
from gigs.api.work import WorkView
from gigs.enums import Remainder
from gigs.exceptions import (
    CreditShort,
    FundingUnderWay,
    MilestoneTransitionRefused,
    NoNextMilestone,
    PriceFixed,
)
from gigs.services import Part, milestone_approve_part

REFUSALS = [
    PermissionRefused,
    MilestoneTransitionRefused,
    NoNextMilestone,
    PriceFixed,
    CreditShort,
    FundingUnderWay,
]


class PartInput(Input):
    """How much of the price is approved, and where the rest goes."""

    example = {
        "amount": {"amount": "2500.00", "currency": "USD"},
        "remainder": "next_milestone",
    }

    amount = MoneyField()
    remainder = OptionField(Remainder.choices)


def part_of(given: dict[str, Any]) -> Part:
    """What the service takes, of a validated body."""
    return Part(amount=given["amount"], remainder=Remainder(given["remainder"]))


class MilestoneApprovePartView(WorkView):
    @operation(
        Operation(
            name="milestone_approve_part",
            tag="milestones",
            scope=Scope.GIGS_WRITE,
            request=PartInput,
            answers={200: MilestoneOutput},
            refusals=REFUSALS,
            takes_key=True,
        )
    )
    @idempotent
    def post(self, request: Request, milestone_id: str) -> Response:
        """Accept delivered work for a part of its price.

        The rest is added to the next open milestone, or taken off what is agreed. Where the money is
        held it moves with it: on to the next milestone if that is funded, else to one's credit. The
        invoice over the part follows by itself.
        """
        part = part_of(self.body(PartInput))
        found = self.named(milestone_id)
        return self.shown(
            milestone_approve_part(milestone_id=found.pk, part=part, by=self.user, at=self.at)
        )
