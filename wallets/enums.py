"""Kinds of accounts and journals, states of payments."""

from django.db import models


class AccountKind(models.TextChoices):
    """What the money on an account is. The database knows owner, limits and shards of each."""

    AVAILABLE = "available", "Available"
    PENDING = "pending", "Pending"
    DEBT = "debt", "Debt"
    CREDIT = "credit", "Credit"
    HELD = "held", "Held"
    FEES = "fees", "Fees"
    TAX = "tax", "Tax"
    ROUNDING = "rounding", "Rounding"
    OUTSIDE = "outside", "Outside"


class JournalKind(models.TextChoices):
    """Why money moved."""

    SETTLEMENT = "settlement", "Settlement"
    CLEARING = "clearing", "Clearing"
    WITHDRAWAL = "withdrawal", "Withdrawal"
    REVERSAL = "reversal", "Reversal"
    FUNDING = "funding", "Funding"
    TOP_UP = "top_up", "Top-up"
    RELEASE = "release", "Release"
    TAKE_BACK = "take_back", "Credit taken back"
    CREDIT_NOTE = "credit_note", "Credit note"
    DEBT_PAYMENT = "debt_payment", "Debt paid"
    ADDITION = "addition", "More set aside"
    PART_PAYMENT = "part_payment", "Paid in part"
    PART_RETURN = "part_return", "Part payment taken back"


class PaymentStatus(models.TextChoices):
    """A payment; PROCESSING until the provider's answer is known."""

    PROCESSING = "processing", "Processing"
    UNCERTAIN = "uncertain", "Waiting for the provider"
    SUCCEEDED = "succeeded", "Succeeded"
    FAILED = "failed", "Failed"


class PaymentPurpose(models.TextChoices):
    """What a payment is for."""

    INVOICE = "invoice", "Invoice"
    FUNDING = "funding", "Funding"
    CREDIT = "credit", "Credit"


class PaymentOutcome(models.TextChoices):
    """How what arrived compares with what was asked for, once a payment has succeeded."""

    EXACT = "exact", "As asked"
    OVER = "over", "Too much"
    SHORT = "short", "Too little"
    LATE = "late", "Too late"
    DOUBLE = "double", "Paid already"
    PART = "part", "A part, the rest is open"


class FundingStatus(models.TextChoices):
    """What became of a milestone's part of a payment."""

    PENDING = "pending", "On its way"
    HELD = "held", "Held"
    MISSED = "missed", "Not funded"
    RETURNED = "returned", "Given back"


class ReleaseCause(models.TextChoices):
    """Why held money became its commissioner's credit again."""

    GIVEN_BACK = "given_back", "Given back by the freelancer"
    REFUND_AGREED = "refund_agreed", "Refund agreed"
    REFUND_UNANSWERED = "refund_unanswered", "Refund request not answered"
    CREDITED = "credited", "Invoice credited before it was paid"
    APPROVED_IN_PART = "approved_in_part", "A part was approved"


class AdditionCause(models.TextChoices):
    """Why more was set aside for a funded milestone."""

    BONUS = "bonus", "Bonus"
    REMAINDER = "remainder", "Remainder of an earlier milestone"


class PaymentSource(models.TextChoices):
    """Where the money of a payment comes from: a provider, the payer's credit, held funds, a bank."""

    SANDBOX = "sandbox", "Sandbox"
    CREDIT = "credit", "Credit"
    HELD = "held", "Held funds"
    BANK = "bank", "Bank transfer"


class Provider(models.TextChoices):
    """Who moves the money in."""

    SANDBOX = "sandbox", "Sandbox"


class PayoutMethodKind(models.TextChoices):
    """How a bank account is named."""

    IBAN = "iban", "IBAN"
    ACCOUNT = "account", "Account and routing number"


class ChargeResult(models.TextChoices):
    """What a provider says of one charge."""

    SUCCEEDED = "succeeded"
    DECLINED = "declined"


class VerificationMode(models.TextChoices):
    """How much of the books a run of verify_money proves."""

    FULL = "full", "Everything"
    RECENT = "recent", "Since the last green run"


PAYMENT_TRANSITIONS: dict[PaymentStatus, frozenset[PaymentStatus]] = {
    PaymentStatus.PROCESSING: frozenset(
        {PaymentStatus.UNCERTAIN, PaymentStatus.SUCCEEDED, PaymentStatus.FAILED}
    ),
    PaymentStatus.UNCERTAIN: frozenset({PaymentStatus.SUCCEEDED, PaymentStatus.FAILED}),
    PaymentStatus.SUCCEEDED: frozenset(),
    PaymentStatus.FAILED: frozenset(),
}


class TakeBackStatus(models.TextChoices):
    """Credit on its way back to the method that brought it."""

    PROCESSING = "processing", "On its way"
    UNCERTAIN = "uncertain", "Waiting for the provider"
    SUCCEEDED = "succeeded", "Taken back"
    FAILED = "failed", "Refused"


TAKE_BACK_TRANSITIONS: dict[TakeBackStatus, frozenset[TakeBackStatus]] = {
    TakeBackStatus.PROCESSING: frozenset(
        {TakeBackStatus.UNCERTAIN, TakeBackStatus.SUCCEEDED, TakeBackStatus.FAILED}
    ),
    TakeBackStatus.UNCERTAIN: frozenset({TakeBackStatus.SUCCEEDED, TakeBackStatus.FAILED}),
    TakeBackStatus.SUCCEEDED: frozenset(),
    TakeBackStatus.FAILED: frozenset(),
}
OPEN_TAKE_BACKS = (TakeBackStatus.PROCESSING, TakeBackStatus.UNCERTAIN)
"""States whose amount is reserved."""


class WithdrawalStatus(models.TextChoices):
    """A withdrawal; what is reserved for it stays reserved until it is paid or has come back."""

    REQUESTED = "requested", "Waiting for approval"
    APPROVED = "approved", "Approved"
    SENDING = "sending", "On its way"
    UNCERTAIN = "uncertain", "Waiting for the bank"
    PAID = "paid", "Paid"
    RETURNED = "returned", "Returned"
    REJECTED = "rejected", "Rejected"
    CANCELLED = "cancelled", "Cancelled"


class Rail(models.TextChoices):
    """How money leaves."""

    SANDBOX = "sandbox", "Sandbox"
    BANK_FILE = "bank_file", "Bank file"


class StatementFormat(models.TextChoices):
    """How a bank's statement was written."""

    CAMT_053 = "camt_053", "camt.053"
    CSV = "csv", "CSV"


class BankMatchKind(models.TextChoices):
    """What a line of a bank's statement turned out to be."""

    PAID = "paid", "Withdrawal paid"
    RETURNED = "returned", "Withdrawal returned"
    RECEIVED = "received", "Money for an invoice"
    NOT_OURS = "not_ours", "Not ours"


class BankMatchStatus(models.TextChoices):
    """A match; a large one by hand waits for a second person."""

    PROPOSED = "proposed", "Waiting for a second person"
    DONE = "done", "Done"
    DROPPED = "dropped", "Dropped"


class CreditRequestStatus(models.TextChoices):
    """A credit note that staff want above the limit."""

    PROPOSED = "proposed", "Waiting for a second person"
    DONE = "done", "Done"
    DROPPED = "dropped", "Dropped"


class PayoutResult(models.TextChoices):
    """What a provider says of one payout."""

    PENDING = "pending"
    PAID = "paid"
    DECLINED = "declined"
    RETURNED = "returned"


WITHDRAWAL_TRANSITIONS: dict[WithdrawalStatus, frozenset[WithdrawalStatus]] = {
    WithdrawalStatus.REQUESTED: frozenset(
        {WithdrawalStatus.APPROVED, WithdrawalStatus.REJECTED, WithdrawalStatus.CANCELLED}
    ),
    WithdrawalStatus.APPROVED: frozenset(
        {WithdrawalStatus.SENDING, WithdrawalStatus.REJECTED, WithdrawalStatus.CANCELLED}
    ),
    WithdrawalStatus.SENDING: frozenset(
        {WithdrawalStatus.UNCERTAIN, WithdrawalStatus.PAID, WithdrawalStatus.RETURNED}
    ),
    WithdrawalStatus.UNCERTAIN: frozenset({WithdrawalStatus.PAID, WithdrawalStatus.RETURNED}),
    WithdrawalStatus.PAID: frozenset({WithdrawalStatus.RETURNED}),
    WithdrawalStatus.RETURNED: frozenset({WithdrawalStatus.PAID}),
    WithdrawalStatus.REJECTED: frozenset(),
    WithdrawalStatus.CANCELLED: frozenset(),
}


class Resolution(models.TextChoices):
    """What staff say became of a frozen withdrawal."""

    PAID = "paid", "Paid"
    RETURNED = "returned", "Returned"


OPEN_WITHDRAWALS = (
    WithdrawalStatus.REQUESTED,
    WithdrawalStatus.APPROVED,
    WithdrawalStatus.SENDING,
    WithdrawalStatus.UNCERTAIN,
)
"""States whose amount is reserved."""


BANK_MATCH_TRANSITIONS: dict[BankMatchStatus, frozenset[BankMatchStatus]] = {
    BankMatchStatus.PROPOSED: frozenset({BankMatchStatus.DONE, BankMatchStatus.DROPPED}),
    BankMatchStatus.DONE: frozenset({BankMatchStatus.DROPPED}),
    BankMatchStatus.DROPPED: frozenset(),
}


CREDIT_REQUEST_TRANSITIONS: dict[CreditRequestStatus, frozenset[CreditRequestStatus]] = {
    CreditRequestStatus.PROPOSED: frozenset(
        {CreditRequestStatus.DONE, CreditRequestStatus.DROPPED}
    ),
    CreditRequestStatus.DONE: frozenset(),
    CreditRequestStatus.DROPPED: frozenset(),
}
