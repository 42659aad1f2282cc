"""What the payment and wallet endpoints take and give."""

from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError

from common.api.fields import (
    FlagField,
    LineField,
    MomentField,
    MoneyField,
    OptionField,
    PublicIdField,
    PublicIdFilter,
    SignedMoneyField,
)
from common.api.query import LimitField, ListQuery, Query
from common.api.serializers import Example, Input, Output
from common.currencies import EXPONENTS
from common.money import from_minor
from gigs.api.serializers import FIRST_PART, MILESTONE_ID, NOON
from invoicing.api.serializers import INVOICE_ID, INVOICE_NUMBER, NOTHING, InvoiceOutput
from wallets.enums import PaymentOutcome, PaymentPurpose, PaymentStatus, Provider
from wallets.models import Payment

METHOD = "test_payment_method_123"
METHOD_ID = "pm_8a9b0c1d2e3f4a5b8c7d6e5f4a3b2c1d"
PAYMENT_ID = "pay_2f3e4d5c6b7a4988a7b6c5d4e3f2a1b0"
FEE = {"amount": "166.67", "currency": "USD"}
NET = {"amount": "3166.67", "currency": "USD"}


class PayInput(Input):
    """What to pay with. `amount`, when given, must be what is due of the invoice."""

    example: ClassVar[Example | None] = {"payment_method": METHOD}

    payment_method = LineField(max_length=120)
    amount = MoneyField(required=False)


class ExecuteInput(PayInput):
    """Which invoice to pay, by id or by number, and what with."""

    example = {"invoice_id": INVOICE_ID, "payment_method": METHOD}

    invoice_id = PublicIdField("inv", required=False)
    invoice_number = LineField(max_length=40, required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        named = attrs.keys() & {"invoice_id", "invoice_number"}
        if not named:
            raise ValidationError(
                {"invoice_id": ErrorDetail("Name the invoice by id or number.", "required")}
            )
        if len(named) > 1:
            words = "Name the invoice once: by id or by number."
            raise ValidationError({"invoice_number": ErrorDetail(words, "ambiguous")})
        return attrs


class PaymentMethodInput(Input):
    """A method as the provider knows it."""

    example = {"provider": "sandbox", "token": "test_ok", "is_default": True}

    provider = OptionField(Provider.choices)
    token = LineField(max_length=120)
    is_default = FlagField(default=False)


class PaymentMethodOutput(Output):
    """A stored way to pay."""

    example = {
        "id": METHOD_ID,
        "provider": "sandbox",
        "label": "Sandbox card",
        "is_default": True,
        "created_at": NOON,
    }

    id = serializers.CharField(source="public_id")
    provider = serializers.ChoiceField(Provider.choices)
    label = serializers.CharField()  # type: ignore[assignment]
    is_default = serializers.BooleanField()
    created_at = serializers.DateTimeField()


class PaymentOutput(Output):
    """One attempt to pay an invoice, to fund milestones or to top up credit.

    `outcome` says how what was received compares with the amount: `exact`, `over` (the rest is
    credit), `short`, `late` or `double` (what could not be used is credit).
    """

    example = {
        "id": PAYMENT_ID,
        "purpose": "invoice",
        "status": "succeeded",
        "outcome": "exact",
        "method": METHOD,
        "amount": FIRST_PART,
        "received": FIRST_PART,
        "project_id": None,
        "invoice_id": INVOICE_ID,
        "invoice_number": INVOICE_NUMBER,
        "is_automatic": False,
        "failure_code": "",
        "created_at": NOON,
        "ended_at": NOON,
    }

    id = serializers.CharField(source="public_id")
    purpose = serializers.ChoiceField(PaymentPurpose.choices)
    status = serializers.ChoiceField(PaymentStatus.choices)
    outcome = serializers.ChoiceField(PaymentOutcome.choices, allow_blank=True)
    method = serializers.SerializerMethodField()
    amount = serializers.SerializerMethodField()
    received = serializers.SerializerMethodField()
    project_id = serializers.CharField(source="project.public_id", allow_null=True, default=None)
    invoice_id = serializers.CharField(source="invoice.public_id", allow_null=True, default=None)
    invoice_number = serializers.CharField(source="invoice.number", allow_null=True, default=None)
    is_automatic = serializers.BooleanField()
    failure_code = serializers.CharField()
    created_at = serializers.DateTimeField()
    ended_at = serializers.DateTimeField(allow_null=True)

    def get_method(self, payment: Payment) -> str:
        return payment.method.public_id if payment.method else payment.token or payment.provider

    @extend_schema_field(MoneyField)
    def get_amount(self, payment: Payment) -> Any:
        money = from_minor(payment.amount_minor, payment.currency)
        return MoneyField().to_representation(money)

    @extend_schema_field(MoneyField(allow_null=True))
    def get_received(self, payment: Payment) -> Any:
        if payment.received_minor is None:
            return None
        money = from_minor(payment.received_minor, payment.currency)
        return MoneyField().to_representation(money)


class CreditedOutput(Output):
    """How the payment fell to the freelancer's wallet and the platform.

    Of an invoice that was paid in part before, only what this payment paid.
    """

    gross = MoneyField(source="open_left")
    fee = MoneyField(source="fee_open")
    net = MoneyField(source="net_open")


class PaidOutput(Output):
    """What a payment did.

    `credited` is null while the provider's answer is not known, and when the payment did not pay
    the invoice.
    """

    example = {
        "payment": PaymentOutput.example,
        "invoice": {**InvoiceOutput.example, "status": "paid", "paid_at": NOON},
        "credited": {"gross": FIRST_PART, "fee": FEE, "net": NET},
    }

    payment = PaymentOutput()
    invoice = InvoiceOutput()
    credited = CreditedOutput(allow_null=True)


class FeeFormulaOutput(Output):
    """fee = round(rate x (gross_before + gross)) - fees_before."""

    rate = serializers.DecimalField(max_digits=5, decimal_places=4, source="fee_rate")
    gross_before = MoneyField()
    fees_before = MoneyField()
    gross = MoneyField(source="subtotal")
    fee = MoneyField()


class PreviewOutput(Output):
    """What would happen; nothing has.

    `charged` is what is paid of the invoice now, and `credited` what of it the freelancer gets: less
    than `total` and `net` where a part was paid before, or stays open.
    `from_credit` and `to_credit` are what the commissioner's credit loses or gains where funds are held;
    `left_open` is what neither of them covers: it is due like any invoice.
    `by_hand` where no invoice follows by itself: then it is the one that the freelancer may make.
    """

    example = {
        "milestone_title": "Architecture",
        "bonus": NOTHING,
        "subtotal": FIRST_PART,
        "tax": NOTHING,
        "total": FIRST_PART,
        "fee": FEE,
        "net": NET,
        "charged": FIRST_PART,
        "credited": NET,
        "fee_formula": {
            "rate": "0.0500",
            "gross_before": NOTHING,
            "fees_before": NOTHING,
            "gross": FIRST_PART,
            "fee": FEE,
        },
        "clearing_days": 0,
        "completes_project": False,
        "from_credit": NOTHING,
        "to_credit": NOTHING,
        "left_open": NOTHING,
        "by_hand": False,
    }

    milestone_title = serializers.CharField()
    bonus = MoneyField()
    subtotal = MoneyField()
    tax = MoneyField()
    total = MoneyField()
    fee = MoneyField()
    net = MoneyField()
    charged = MoneyField()
    credited = MoneyField()
    fee_formula = FeeFormulaOutput(source="*")
    clearing_days = serializers.IntegerField()
    completes_project = serializers.BooleanField()
    from_credit = MoneyField()
    to_credit = MoneyField()
    left_open = MoneyField()
    by_hand = serializers.BooleanField(source="is_by_hand")


class BalanceOutput(Output):
    """Money in one currency. available = posted - reserved.

    `debt` is what one owes because a credit note took back more than there was; what one earns
    next pays it first.
    """

    currency = serializers.CharField()
    available = MoneyField()
    pending = MoneyField()
    held = MoneyField()
    debt = MoneyField()
    withdrawn = MoneyField()
    lifetime_earnings = MoneyField()


class WalletOutput(Output):
    """One's money, a balance for each currency."""

    example = {
        "balances": [
            {
                "currency": "USD",
                "available": NET,
                "pending": NOTHING,
                "held": NOTHING,
                "debt": NOTHING,
                "withdrawn": NOTHING,
                "lifetime_earnings": NET,
            }
        ]
    }

    balances = BalanceOutput(many=True)


class PastQuery(Query):
    at = MomentField(help_text="The moment, in UTC, such as 2026-11-24T12:00:00Z.")


class PastBalanceOutput(Output):
    """Money in one currency at a moment, what withdrawals reserved included."""

    currency = serializers.CharField()
    available = MoneyField()
    pending = MoneyField()


class PastWalletOutput(Output):
    """One's money as the ledger had it at a moment."""

    example = {
        "at": NOON,
        "balances": [{"currency": "USD", "available": NET, "pending": NOTHING}],
    }

    at = serializers.DateTimeField()
    balances = PastBalanceOutput(many=True)


class ClearingOutput(Output):
    """The net amount of a paid invoice that can be spent from `available_at`."""

    example = {
        "invoice_id": "inv_4b5c6d7e8f9041a2b3c4d5e6f7081920",
        "invoice_number": INVOICE_NUMBER,
        "milestone_id": MILESTONE_ID,
        "amount": NET,
        "available_at": "2026-11-28T12:00:00Z",
    }

    invoice_id = serializers.CharField(source="invoice.public_id")
    invoice_number = serializers.CharField(source="invoice.number")
    milestone_id = serializers.CharField(
        source="invoice.milestone.public_id", default=None, allow_null=True
    )
    amount = MoneyField()
    available_at = serializers.DateTimeField()


class ClearingQuery(ListQuery):
    orderings = {"available_at": "available_at"}
    default_ordering = "available_at"

    currency = OptionField(list(EXPONENTS), required=False)


class StatementLineOutput(Output):
    """One movement on one's available money."""

    example = {
        "id": "txn_6f1e2d3c4b5a49788a9b0c1d2e3f4a5b",
        "kind": "milestone_payment",
        "amount": NET,
        "balance_after": NET,
        "invoice_number": INVOICE_NUMBER,
        "milestone_id": MILESTONE_ID,
        "line": 1,
        "withdrawal_id": None,
        "created_at": NOON,
    }

    id = serializers.CharField(source="public_id")
    kind = serializers.ChoiceField(
        [
            "milestone_payment",
            "clearing",
            "withdrawal",
            "reversal",
            "credit_note",
            "debt_payment",
            "part_payment",
            "part_return",
        ]
    )
    amount = SignedMoneyField()
    balance_after = SignedMoneyField()
    invoice_number = serializers.CharField(allow_null=True)
    milestone_id = serializers.CharField(allow_null=True)
    line = serializers.IntegerField(
        help_text="Counts the lines of one currency; names the receipt."
    )
    withdrawal_id = serializers.CharField(allow_null=True)
    created_at = serializers.DateTimeField()


class PaymentQuery(ListQuery):
    status = OptionField(PaymentStatus.choices, required=False)
    invoice_id = PublicIdFilter("inv", required=False)


class StatementQuery(Query):
    currency = OptionField(list(EXPONENTS), required=False)
    until = MomentField(required=False, help_text="Only what was posted by then, in UTC.")
    limit = LimitField(required=False, help_text="Rows a page, 1 to 100; 50 without it.")
    cursor = serializers.CharField(
        required=False, help_text="From `next` or `previous` of another page; opaque."
    )
