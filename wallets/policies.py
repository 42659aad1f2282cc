"""Who may do what to payment methods and wallets, and on which terms money leaves."""

from dataclasses import dataclass

from django.conf import settings

from accounts.models import User
from accounts.policies import may_administer
from common.money import parse_amount, to_minor
from invoicing.models import Invoice
from wallets.models import CreditRequest, Payment, PaymentMethod, PayoutMethod, Withdrawal


def may_store_method(user: User) -> bool:
    return user.is_commissioner


def may_remove_method(user: User, method: PaymentMethod) -> bool:
    return method.user_id == user.pk


def may_take_back(user: User, payment: Payment) -> bool:
    return payment.payer_id == user.pk


def may_withdraw(user: User) -> bool:
    return user.is_active and user.is_freelancer


def may_remove_payout_method(user: User, method: PayoutMethod) -> bool:
    return method.user_id == user.pk


def may_cancel_withdrawal(user: User, withdrawal: Withdrawal) -> bool:
    return withdrawal.user_id == user.pk


def may_review_withdrawal(user: User, withdrawal: Withdrawal) -> bool:
    """Staff, and never the person whose money it is."""
    return may_administer(user) and withdrawal.user_id != user.pk


@dataclass(frozen=True, slots=True)
class PayoutTerms:
    """Minor units of one currency; an amount above `approval_above` waits for staff."""

    minimum: int
    fee: int
    approval_above: int


def payout_terms(currency: str) -> PayoutTerms:
    """On which terms money of that currency leaves today."""
    texts: tuple[str, str, str] = settings.PAYOUT_TERMS[currency]
    minimum, fee, above = (to_minor(parse_amount(text, currency)) for text in texts)
    return PayoutTerms(minimum=minimum, fee=fee, approval_above=above)


def may_hold(user: User, owner: User) -> bool:
    """Staff, and never the person whose money it is."""
    return may_administer(user) and user.pk != owner.pk


def may_open_batch(user: User) -> bool:
    return may_administer(user)


def may_confirm_credit(user: User, request: CreditRequest) -> bool:
    """Other staff than who proposed it, and neither of the two whose money it is."""
    is_another = user.pk != request.proposed_by_id
    return is_another and may_match_invoice(user, request.invoice)


def may_drop_credit(user: User, request: CreditRequest) -> bool:
    """Staff who are no party of it, whoever proposed it."""
    return may_match_invoice(user, request.invoice)


def may_match_invoice(user: User, invoice: Invoice) -> bool:
    """Staff, and neither of the two whose money it is."""
    is_party = user.pk in (invoice.buyer_id, invoice.seller_id)
    return may_administer(user) and not is_party


def may_read_the_bank(user: User) -> bool:
    """Staff import statements and say what their lines are."""
    return may_administer(user)
