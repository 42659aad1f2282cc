"""What the payout endpoints take and give."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from common.api.fields import LineField, MoneyField, OptionField, PublicIdField
from common.api.query import ListQuery
from common.api.serializers import Input, Output
from common.money import from_minor
from gigs.api.serializers import NOON
from wallets.enums import PayoutMethodKind, WithdrawalStatus
from wallets.models import Hold, Withdrawal

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


class WithdrawalInput(Input):
    """How much to withdraw, and where to."""

    example = {
        "payout_method": PAYOUT_METHOD_ID,
        "amount": {"amount": "1000.00", "currency": "USD"},
    }

    payout_method = PublicIdField("pom")
    amount = MoneyField()


WITHDRAWAL = {
    "id": "wd_5d4c3b2a1f0e4d9c8b7a6f5e4d3c2b1a",
    "status": "paid",
    "amount": {"amount": "1000.00", "currency": "USD"},
    "fee": {"amount": "1.00", "currency": "USD"},
    "net": {"amount": "999.00", "currency": "USD"},
    "payout_method": PAYOUT_METHOD_ID,
    "label": "Commerzbank, DE•• •••• 3000",
    "payment_id": None,
    "reason": "",
    "requested_at": NOON,
    "ended_at": NOON,
}


class WithdrawalOutput(Output):
    """Money on its way out. `net` is what arrives, `reason` says why it came back.

    With `payment_id` it is credit that goes back to where that bank transfer came from.
    """

    example = WITHDRAWAL

    id = serializers.CharField(source="public_id")
    status = serializers.ChoiceField(WithdrawalStatus.choices)
    amount = serializers.SerializerMethodField()
    fee = serializers.SerializerMethodField()
    net = serializers.SerializerMethodField()
    payout_method = serializers.CharField(source="method.public_id")
    label = serializers.CharField(source="method.label")  # type: ignore[assignment]
    payment_id = serializers.SerializerMethodField()
    reason = serializers.CharField()
    requested_at = serializers.DateTimeField()
    ended_at = serializers.DateTimeField(allow_null=True)

    @extend_schema_field(serializers.CharField(allow_null=True))
    def get_payment_id(self, withdrawal: Withdrawal) -> str | None:
        return withdrawal.payment.public_id if withdrawal.payment else None

    @extend_schema_field(MoneyField)
    def get_amount(self, withdrawal: Withdrawal) -> Any:
        return _money(withdrawal.amount_minor, withdrawal.currency)

    @extend_schema_field(MoneyField)
    def get_fee(self, withdrawal: Withdrawal) -> Any:
        return _money(withdrawal.fee_minor, withdrawal.currency)

    @extend_schema_field(MoneyField)
    def get_net(self, withdrawal: Withdrawal) -> Any:
        return _money(withdrawal.net_minor, withdrawal.currency)


class WithdrawalPreviewOutput(Output):
    """What a withdrawal would do; nothing has."""

    example = {
        "amount": {"amount": "1000.00", "currency": "USD"},
        "fee": {"amount": "1.00", "currency": "USD"},
        "net": {"amount": "999.00", "currency": "USD"},
        "available_after": {"amount": "2166.67", "currency": "USD"},
        "needs_approval": False,
    }

    amount = MoneyField()
    fee = MoneyField()
    net = MoneyField()
    available_after = MoneyField()
    needs_approval = serializers.BooleanField()


class ReceivedOutput(Output):
    """An event was taken in; `is_new` is false for one that came before."""

    example = {"is_new": True}

    is_new = serializers.BooleanField()


class WithdrawalQuery(ListQuery):
    orderings = {"requested_at": "requested_at"}
    default_ordering = "-requested_at"

    status = OptionField(WithdrawalStatus.choices, required=False)


def _money(minor: int, currency: str) -> dict[str, str]:
    return MoneyField().to_representation(from_minor(minor, currency))


class HoldOutput(Output):
    """An amount that is kept back until staff release it; they look again on `review_on`."""

    example = {
        "id": "hld_7c6b5a4f3e2d4c1b8a9f0e1d2c3b4a59",
        "amount": {"amount": "250.00", "currency": "USD"},
        "reason": "A card payment was disputed.",
        "clause": "Terms 7.2",
        "review_on": "2026-12-07",
        "placed_at": NOON,
        "released_at": None,
    }

    id = serializers.CharField(source="public_id")
    amount = serializers.SerializerMethodField()
    reason = serializers.CharField()
    clause = serializers.CharField()
    review_on = serializers.DateField()
    placed_at = serializers.DateTimeField()
    released_at = serializers.DateTimeField(allow_null=True)

    @extend_schema_field(MoneyField)
    def get_amount(self, hold: Hold) -> Any:
        return _money(hold.amount_minor, hold.currency)


class HoldQuery(ListQuery):
    orderings = {"placed_at": "placed_at"}
    default_ordering = "-placed_at"
