"""What the payout endpoints take and give."""

from rest_framework import serializers

from common.api.fields import LineField
from common.api.serializers import Input, Output
from gigs.api.serializers import NOON
from wallets.enums import PayoutMethodKind

PAYOUT_METHOD_ID = "pom_3c2b1a0f9e8d4c7b8a6f5e4d3c2b1a09"


class PayoutMethodInput(Input):
    """A bank account: `iban`, or `account_number` with `routing_number`."""

    example = {"holder": "Ada Nwosu", "iban": "DE89 3704 0044 0532 0130 00"}

    holder = LineField(max_length=70)
    iban = LineField(max_length=50, required=False)
    account_number = LineField(max_length=30, required=False)
    routing_number = LineField(max_length=20, required=False)


class PayoutMethodOutput(Output):
    """A bank account to withdraw to, masked."""

    example = {
        "id": PAYOUT_METHOD_ID,
        "kind": "iban",
        "holder": "Ada Nwosu",
        "label": "Commerzbank, DE•• •••• 3000",
        "created_at": NOON,
        "usable_at": NOON,
    }

    id = serializers.CharField(source="public_id")
    kind = serializers.ChoiceField(PayoutMethodKind.choices)
    holder = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    created_at = serializers.DateTimeField()
    usable_at = serializers.DateTimeField()
