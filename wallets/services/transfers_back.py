"""Credit that came by bank transfer, on its way back to the account that it came from.

It is a withdrawal of credit, without a fee and by the bank file: it is approved, exported, matched,
frozen and resolved as any other.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db import transaction
from djmoney.money import Money

from accounts.models import User
from accounts.policies import require
from common.encryption import unseal
from common.money import from_minor
from wallets import policies
from wallets.enums import PaymentSource, Rail, WithdrawalStatus
from wallets.exceptions import (
    CameByProvider,
    TakeBackInProgress,
    TransferAccountUnknown,
    WithdrawalsClosed,
)
from wallets.models import BankStatementLine, Payment, PayoutMethod, Withdrawal
from wallets.selectors import credit_balance
from wallets.services.credit import refuse_more_than_is_left, wanted_of
from wallets.services.payout_methods import payout_method_for
from wallets.services.withdrawals import begin, reserve, save_once

LONGEST_HOLDER = 70


@dataclass(frozen=True, slots=True)
class TransferBackPreview:
    """What a transfer back would do; nothing has."""

    amount: Money
    method: str
    credit_after: Money
    needs_approval: bool


@transaction.atomic
def transfer_back_request(
    *,
    payment_id: int,
    amount: Money | None = None,
    request_key: UUID | None = None,
    by: User,
    at: datetime,
) -> Withdrawal:
    """Reserve credit and ask for it to go back where a bank transfer came from.

    Without an amount all that this payment brought and that is still credit. Up to the limit it is
    approved at once. A second call with the same `request_key` gives the first. CameByProvider,
    InsufficientFunds for more than is left, Invalid, NothingToTakeBack, PermissionRefused,
    TakeBackInProgress, TransferAccountUnknown, WithdrawalsClosed.
    """
    payment = Payment.objects.select_related("payer").locked().get(pk=payment_id)
    require(policies.may_take_back(by, payment), "This is not your payment.")
    known = Withdrawal.objects.of(by).filter(payment=payment, request_key=request_key).first()
    if request_key is not None and known is not None:
        return known
    if payment.provider != PaymentSource.BANK:
        raise CameByProvider
    if not (settings.PAYOUT_ACCOUNT_HOLDER and settings.PAYOUT_ACCOUNT_IBAN):
        raise WithdrawalsClosed
    withdrawal = Withdrawal(
        user=by,
        method=_origin(payment, at=at),
        payment=payment,
        rail=Rail.BANK_FILE,
        currency=payment.currency,
        amount_minor=wanted_of(payment, amount),
        fee_minor=0,
        status=WithdrawalStatus.REQUESTED,
        request_key=request_key,
        requested_at=at,
    )
    reserve(withdrawal)
    refuse_more_than_is_left(payment, withdrawal.amount_minor)
    if save_once(withdrawal) is not None:
        raise TakeBackInProgress
    begin(withdrawal, by=by, at=at)
    return withdrawal


def transfer_back_preview(
    *, payment_id: int, amount: Money | None = None, by: User, at: datetime
) -> TransferBackPreview:
    """What it would do; changes nothing. The refusals of `transfer_back_request`."""
    with transaction.atomic():
        try:
            made = transfer_back_request(payment_id=payment_id, amount=amount, by=by, at=at)
            return TransferBackPreview(
                amount=from_minor(made.amount_minor, made.currency),
                method=made.method.label,
                credit_after=credit_balance(by.pk, made.currency),
                needs_approval=made.status == WithdrawalStatus.REQUESTED,
            )
        finally:
            transaction.set_rollback(True)


def _origin(payment: Payment, *, at: datetime) -> PayoutMethod:
    """The account that the payment came from, as the bank's statement named it."""
    line = BankStatementLine.objects.filter(matches__payment=payment).exclude(sealed="").first()
    if line is None:
        raise TransferAccountUnknown
    holder = line.name.strip() or payment.payer.legal_name or payment.payer.name
    return payout_method_for(
        holder=holder[:LONGEST_HOLDER], iban=unseal(line.sealed), user=payment.payer, at=at
    )
