"""Refusals around payments and the ledger."""

from common.exceptions import DomainError, Missing, TransitionRefused


class PaymentTransitionRefused(TransitionRefused):
    """The payment's state does not allow the move."""


class AlreadyPaid(DomainError):
    code = "already_paid"
    default_message = "This invoice has been paid already."


class InvoiceCredited(DomainError):
    code = "invoice_credited"
    default_message = "This invoice has been credited in full: nothing is due."


class CompletionNotOver(DomainError):
    code = "completion_not_over"
    default_message = (
        "An invoice of a project that is invoiced on completion is credited once that is completed."
    )


class SecondPersonRequired(DomainError):
    code = "second_person_required"
    default_message = "Above the limit a second person has to agree."


class NotCovered(DomainError):
    """Says how much is missing."""

    code = "not_covered"
    default_message = "Your wallet does not cover this. Credit less, or ask staff to credit it."


class CreditProposed(DomainError):
    code = "credit_proposed"
    default_message = "Crediting this invoice has been proposed already; a second person decides."


class CreditRequestTransitionRefused(TransitionRefused):
    """The request's state does not allow the move."""


class PaymentInProgress(DomainError):
    code = "payment_in_progress"
    default_message = "A payment of this invoice is on its way; wait for its outcome."
    retry_after = 2


class PaidFromHeldFunds(DomainError):
    code = "paid_from_held_funds"
    default_message = "This invoice is paid by itself, from the funds held for its milestone."


class NotHeld(DomainError):
    code = "funds_not_held"
    default_message = "This project pays on invoice: there is nothing to fund."


class NothingToFund(DomainError):
    code = "nothing_to_fund"
    default_message = "Every milestone of this project is funded."


class PaymentDeclined(DomainError):
    code = "payment_declined"
    status = 402
    default_message = "The payment was declined. Try another payment method."


class AmountMismatch(DomainError):
    code = "amount_mismatch"
    status = 400
    default_message = "The amount must be exactly what is due of the invoice."


class PaymentMethodUnknown(DomainError):
    code = "payment_method_unknown"
    status = 400
    default_message = "There is no such payment method."


class TakeBackTransitionRefused(TransitionRefused):
    """The take-back's state does not allow the move."""


class NothingToTakeBack(DomainError):
    code = "nothing_to_take_back"
    default_message = "Nothing of what this payment brought is still your credit."


class CameByTransfer(DomainError):
    code = "came_by_transfer"
    default_message = (
        "This came by bank transfer and goes back by one, to the account that it came from: ask for"
        " a transfer back."
    )


class CameByProvider(DomainError):
    code = "came_by_provider"
    default_message = "This did not come by bank transfer; take it back along the payment instead."


class TransferAccountUnknown(DomainError):
    code = "transfer_account_unknown"
    default_message = (
        "The bank did not name the account that this came from, so it cannot go back there. It pays"
        " your invoices and funds your milestones."
    )


class TakeBackInProgress(DomainError):
    code = "take_back_in_progress"
    default_message = "Money of this payment is on its way back; wait for its outcome."
    retry_after = 2


class TakeBackRefused(DomainError):
    code = "take_back_refused"
    status = 402
    default_message = "The provider takes nothing back on this payment. It stays your credit."


class StatementLineUnknown(Missing):
    """The statement has no such line."""

    default_message = "There is no such line in your statement."


class NotAnchoredYet(DomainError):
    """The next anchor covers the line within a minute."""

    code = "not_anchored_yet"
    retry_after = 60
    default_message = "This line is not anchored yet; its receipt is ready within two minutes."


class VerificationPending(DomainError):
    """One proof that waits is as good as two."""

    code = "verification_pending"
    default_message = "A proof of the books is waiting or running already; look again in a minute."


class InsufficientFunds(DomainError):
    code = "insufficient_funds"
    default_message = "There is not enough money for this."


class JournalKeyReused(DomainError):
    code = "journal_key_reused"
    default_message = "This movement of money has been posted already, with other figures."


class AlreadyReversed(DomainError):
    code = "already_reversed"
    default_message = "This movement of money has been reversed already."


class TooManyPayoutMethods(DomainError):
    code = "too_many_payout_methods"
    default_message = "You have twenty payout methods; remove one before you add another."


class WithdrawalTransitionRefused(TransitionRefused):
    """The withdrawal's state does not allow the move."""


class PayoutMethodUnknown(DomainError):
    code = "payout_method_unknown"
    status = 400
    default_message = "There is no such payout method."


class PayoutMethodCoolingOff(DomainError):
    code = "payout_method_cooling_off"
    default_message = "This payout method is new; money can go to it once it has cooled off."


class WithdrawalTooSmall(DomainError):
    code = "withdrawal_too_small"
    status = 400
    default_message = "The amount is less than what can be withdrawn at a time."


class WithdrawalsClosed(DomainError):
    code = "withdrawals_closed"
    default_message = "This installation pays nothing out yet. Ask its operator."


class ReasonRequired(DomainError):
    code = "reason_required"
    status = 400
    default_message = "Give a reason."


class SignatureInvalid(DomainError):
    code = "signature_invalid"
    status = 401
    default_message = "The signature does not fit, or is older than five minutes."


class HoldReleased(DomainError):
    code = "hold_released"
    default_message = "This money has been released already."


class BatchMixed(DomainError):
    code = "batch_mixed"
    default_message = "A payment file takes withdrawals of one currency, all for the bank file."


class PayerMissing(DomainError):
    code = "payer_missing"
    default_message = "Set PAYOUT_ACCOUNT_HOLDER and PAYOUT_ACCOUNT_IBAN first."


class StatementRefused(DomainError):
    """A bank's statement that cannot be read, does not add up, or is of somebody else's account."""

    code = "statement_refused"
    status = 400
    default_message = "This bank statement cannot be taken."


class BankLineMatched(DomainError):
    code = "bank_line_matched"
    default_message = "This line has been matched already; look at it again."


class BankMatchUnfit(DomainError):
    code = "bank_match_unfit"
    default_message = "The line and the withdrawal do not fit together."


class BankMatchTransitionRefused(TransitionRefused):
    """The match's state does not allow the move."""
