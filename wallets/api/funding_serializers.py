"""What the endpoints that fund milestones take and give."""

from common.api.fields import ItemsField, MoneyField, PublicIdFilter
from common.api.serializers import Output
from gigs.api.serializers import FIRST_PART, MILESTONE_ID, PROJECT_ID, MilestoneOutput
from gigs.services.gigs import MAX_MILESTONES
from invoicing.api.serializers import NOTHING
from wallets.api.serializers import METHOD, PayInput, PaymentOutput


class FundInput(PayInput):
    """What to pay with: a stored method or `credit`. `amount`, when given, must be the sum."""

    example = {"payment_method": METHOD}


class ProjectFundInput(FundInput):
    """Which milestones to fund; without `milestone_ids` all that are not funded."""

    example = {"payment_method": METHOD, "milestone_ids": [MILESTONE_ID]}

    milestone_ids = ItemsField(
        child=PublicIdFilter("mst"), longest=MAX_MILESTONES, required=False, allow_empty=False
    )


class FundedOutput(Output):
    """What a funding payment did: the payment, and the milestones that it was for."""

    example = {
        "payment": {
            **PaymentOutput.example,
            "purpose": "funding",
            "project_id": PROJECT_ID,
            "invoice_id": None,
            "invoice_number": None,
        },
        "milestones": [{**MilestoneOutput.example, "status": "funded"}],
    }

    payment = PaymentOutput()
    milestones = MilestoneOutput(many=True)


class FundingPreviewOutput(Output):
    """What would be charged and set aside; nothing is."""

    example = {
        "amount": FIRST_PART,
        "held_after": FIRST_PART,
        "credit_after": NOTHING,
        "milestones": [{**MilestoneOutput.example, "status": "funded"}],
    }

    amount = MoneyField()
    held_after = MoneyField()
    credit_after = MoneyField()
    milestones = MilestoneOutput(many=True)
