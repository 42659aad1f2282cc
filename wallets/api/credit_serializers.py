"""What the endpoints of credit take and give."""

from rest_framework import serializers

from common.api.fields import LineField, MoneyField, PublicIdField, SignedMoneyField
from common.api.query import ListQuery
from common.api.serializers import Input, Output
from gigs.api.serializers import FIRST_PART, MILESTONE_ID, NOON
from invoicing.api.serializers import INVOICE_NUMBER, NOTHING
from wallets.api.serializers import METHOD, PAYMENT_ID, PaymentOutput
from wallets.enums import TakeBackStatus

TAKE_BACK_ID = "tbk_7d6c5b4a39281706f5e4d3c2b1a09f8e"
KINDS = [
    "top_up",
    "funding",
    "milestone_payment",
    "release",
    "take_back",
    "credit_note",
    "addition",
    "part_payment",
    "part_return",
    "reversal",
    "withdrawal",
]


class TopUpInput(Input):
    """How much, and what to pay with."""

    example = {"amount": FIRST_PART, "payment_method": METHOD}

    amount = MoneyField()
    payment_method = LineField(max_length=120)


class TakeBackInput(Input):
    """Along which payment, and how much; without `amount` all of it that is still credit."""

    example = {"payment_id": PAYMENT_ID, "amount": FIRST_PART}

    payment_id = PublicIdField("pay")
    amount = MoneyField(required=False)


class CreditBalanceOutput(Output):
    currency = serializers.CharField()
    available = MoneyField()
    reserved = MoneyField()
    bound = MoneyField()


class CreditSourceOutput(Output):
    """What of one payment's money is still credit and can go back.

    With `is_by_transfer` it goes back to the account that a bank transfer came from.
    """

    payment_id = serializers.CharField(source="public_id")
    method = serializers.CharField(source="label")
    amount = MoneyField()
    is_by_transfer = serializers.BooleanField()


class CreditOutput(Output):
    """One's credit by currency; `reserved` is on its way back. `sources` can go back.

    `bound` came by bank transfer from an account that the bank did not name: it pays invoices and
    funds milestones, and cannot go back.
    """

    example = {
        "balances": [
            {"currency": "USD", "available": FIRST_PART, "reserved": NOTHING, "bound": NOTHING}
        ],
        "sources": [
            {
                "payment_id": PAYMENT_ID,
                "method": "Sandbox card",
                "amount": FIRST_PART,
                "is_by_transfer": False,
            }
        ],
    }

    balances = CreditBalanceOutput(many=True)
    sources = CreditSourceOutput(many=True)


class CreditLineOutput(Output):
    """One movement on one's credit."""

    example = {
        "id": "txn_6f1e2d3c4b5a49788a9b0c1d2e3f4a5b",
        "kind": "top_up",
        "amount": FIRST_PART,
        "balance_after": FIRST_PART,
        "payment_id": PAYMENT_ID,
        "milestone_id": MILESTONE_ID,
        "invoice_number": INVOICE_NUMBER,
        "withdrawal_id": None,
        "created_at": NOON,
    }

    id = serializers.CharField(source="public_id")
    kind = serializers.ChoiceField(KINDS)
    amount = SignedMoneyField()
    balance_after = SignedMoneyField()
    payment_id = serializers.CharField(allow_null=True)
    milestone_id = serializers.CharField(allow_null=True)
    invoice_number = serializers.CharField(allow_null=True)
    withdrawal_id = serializers.CharField(allow_null=True)
    created_at = serializers.DateTimeField()


class ToppedUpOutput(Output):
    """The payment, and the credit in its currency afterwards."""

    example = {
        "payment": {
            **PaymentOutput.example,
            "purpose": "credit",
            "invoice_id": None,
            "invoice_number": None,
        },
        "credit": FIRST_PART,
    }

    payment = PaymentOutput()
    credit = MoneyField()


class TakeBackOutput(Output):
    """Credit on its way back to the method that brought it."""

    example = {
        "id": TAKE_BACK_ID,
        "payment_id": PAYMENT_ID,
        "method": "Sandbox card",
        "amount": FIRST_PART,
        "status": "succeeded",
        "failure_code": "",
        "requested_at": NOON,
        "ended_at": NOON,
    }

    id = serializers.CharField(source="public_id")
    payment_id = serializers.CharField(source="payment.public_id")
    method = serializers.CharField(source="payment.label")
    amount = MoneyField()
    status = serializers.ChoiceField(TakeBackStatus.choices)
    failure_code = serializers.CharField()
    requested_at = serializers.DateTimeField()
    ended_at = serializers.DateTimeField(allow_null=True)


class CreditPreviewOutput(Output):
    """What would be charged or given back, and the credit afterwards; nothing is."""

    example = {"amount": FIRST_PART, "method": "Sandbox card", "credit_after": FIRST_PART}

    amount = MoneyField()
    method = serializers.CharField()
    credit_after = MoneyField()


class TransferBackPreviewOutput(Output):
    """What would go back, to which account, and the credit meanwhile; nothing does."""

    example = {
        "amount": FIRST_PART,
        "method": "Commerzbank, DE•• •••• 3000",
        "credit_after": FIRST_PART,
        "needs_approval": False,
    }

    amount = MoneyField()
    method = serializers.CharField()
    credit_after = MoneyField()
    needs_approval = serializers.BooleanField()


class TakeBackQuery(ListQuery):
    orderings = {"requested_at": "requested_at"}
    default_ordering = "-requested_at"
