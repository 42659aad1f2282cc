"""Payments, settlement and payment methods."""

from wallets.services.automatic import automatic_begin, automatic_conclude
from wallets.services.bank_matching import bank_line_match, hindrance
from wallets.services.bank_review import (
    bank_invoice_match,
    bank_line_set_aside,
    bank_match_confirm,
    bank_match_drop,
    bank_match_make,
)
from wallets.services.bank_statements import StatementImport, bank_statement_import
from wallets.services.billing import milestones_bill
from wallets.services.clearing import clearings_finish
from wallets.services.credit import (
    credit_top_up_begin,
    take_back_ask,
    take_back_begin,
    take_back_conclude,
)
from wallets.services.credit_requests import (
    credit_request_confirm,
    credit_request_drop,
    staff_credit,
)
from wallets.services.crediting import invoice_credit
from wallets.services.funding import funding_amounts, funding_begin
from wallets.services.held import held_settle
from wallets.services.holds import HoldTerms, hold_place, hold_release
from wallets.services.methods import (
    payment_method_add,
    payment_method_make_default,
    payment_method_remove,
)
from wallets.services.payments import (
    CREDIT,
    MethodChoice,
    payment_ask,
    payment_begin,
    payment_conclude,
    payments_conclude,
)
from wallets.services.payout_batches import payout_batch_export, payout_batch_open
from wallets.services.payout_methods import (
    BankDetails,
    payout_method_add,
    payout_method_remove,
)
from wallets.services.previews import (
    CreditPreview,
    FundingPreview,
    GiveBackPreview,
    NotePreview,
    Preview,
    approval_preview,
    funding_preview,
    give_back_preview,
    note_preview,
    payment_preview,
    refund_agree_preview,
    refund_preview,
    take_back_preview,
    top_up_preview,
)
from wallets.services.releases import (
    Returned,
    funds_give_back,
    refund_agree,
    refund_conclude,
)
from wallets.services.transfers_back import (
    TransferBackPreview,
    transfer_back_preview,
    transfer_back_request,
)
from wallets.services.verification import verification_request
from wallets.services.withdrawal_review import (
    quiet_after,
    withdrawal_approve,
    withdrawal_confirm,
    withdrawal_freeze,
    withdrawal_reject,
    withdrawal_resolve,
    withdrawal_unfreeze,
)
from wallets.services.withdrawal_sending import (
    provider_event_note,
    withdrawal_claim,
    withdrawal_conclude,
    withdrawal_look,
    withdrawal_poll_pause,
    withdrawal_send,
    withdrawals_claim,
    withdrawals_compare,
    withdrawals_conclude,
)
from wallets.services.withdrawals import (
    WithdrawalPreview,
    withdrawal_cancel,
    withdrawal_preview,
    withdrawal_request,
)

__all__ = [
    "CREDIT",
    "BankDetails",
    "CreditPreview",
    "FundingPreview",
    "GiveBackPreview",
    "HoldTerms",
    "MethodChoice",
    "NotePreview",
    "Preview",
    "Returned",
    "StatementImport",
    "TransferBackPreview",
    "WithdrawalPreview",
    "approval_preview",
    "automatic_begin",
    "automatic_conclude",
    "bank_invoice_match",
    "bank_line_match",
    "bank_line_set_aside",
    "bank_match_confirm",
    "bank_match_drop",
    "bank_match_make",
    "bank_statement_import",
    "clearings_finish",
    "credit_request_confirm",
    "credit_request_drop",
    "credit_top_up_begin",
    "funding_amounts",
    "funding_begin",
    "funding_preview",
    "funds_give_back",
    "give_back_preview",
    "held_settle",
    "hindrance",
    "hold_place",
    "hold_release",
    "invoice_credit",
    "milestones_bill",
    "note_preview",
    "payment_ask",
    "payment_begin",
    "payment_conclude",
    "payment_method_add",
    "payment_method_make_default",
    "payment_method_remove",
    "payment_preview",
    "payments_conclude",
    "payout_batch_export",
    "payout_batch_open",
    "payout_method_add",
    "payout_method_remove",
    "provider_event_note",
    "quiet_after",
    "refund_agree",
    "refund_agree_preview",
    "refund_conclude",
    "refund_preview",
    "staff_credit",
    "take_back_ask",
    "take_back_begin",
    "take_back_conclude",
    "take_back_preview",
    "top_up_preview",
    "transfer_back_preview",
    "transfer_back_request",
    "verification_request",
    "withdrawal_approve",
    "withdrawal_cancel",
    "withdrawal_claim",
    "withdrawal_conclude",
    "withdrawal_confirm",
    "withdrawal_freeze",
    "withdrawal_look",
    "withdrawal_poll_pause",
    "withdrawal_preview",
    "withdrawal_reject",
    "withdrawal_request",
    "withdrawal_resolve",
    "withdrawal_send",
    "withdrawal_unfreeze",
    "withdrawals_claim",
    "withdrawals_compare",
    "withdrawals_conclude",
]
