"""Short ways to bank accounts and withdrawals in tests."""

import time
from datetime import datetime, timedelta

from djmoney.money import Money

from accounts.models import User
from tests.builders import active_project, paid_invoice
from tests.factories import AT
from wallets.enums import PayoutResult
from wallets.models import PayoutMethod, Withdrawal
from wallets.providers import PayoutAnswer
from wallets.selectors import wallet_balances
from wallets.services import (
    BankDetails,
    payout_method_add,
    withdrawal_claim,
    withdrawal_conclude,
    withdrawal_freeze,
    withdrawal_request,
    withdrawal_resolve,
    withdrawal_send,
)

IBAN = "DE89370400440532013000"
LABEL = "Commerzbank, DE•• •••• 3000"
ROUTING = "021000021"


def bank_account(
    user: User, *, iban: str = IBAN, number: str = "", at: datetime = AT
) -> PayoutMethod:
    """A payout method by IBAN, or by the US account number that is given."""
    details = BankDetails(
        holder=user.name,
        iban="" if number else iban,
        account_number=number,
        routing_number=ROUTING if number else "",
    )
    return payout_method_add(details=details, by=user, at=at)


DECLINED, ANSWER_LOST, REQUEST_LOST, SLOW, ERROR_AFTER, WRONG, LATER, TWICE, RETURNED, SILENT = (
    f"0001111111{number:02d}" for number in range(1, 11)
)
"""Accounts of the simulator, by what goes wrong with them."""


def funded(freelancer: User | None = None, **draft) -> User:
    """A freelancer with 3,166.67 in the wallet, or the part of another budget."""
    project = active_project(freelancer=freelancer, **draft)
    paid_invoice(project)
    return project.freelancer


def request(
    user: User,
    *,
    amount: str = "1000.00",
    currency: str = "USD",
    number: str = "",
    at: datetime = AT,
    **changes,
) -> Withdrawal:
    """A withdrawal to a new bank account of the user."""
    if "method_id" not in changes:
        changes["method_id"] = bank_account(user, number=number, at=at).pk
    values = {
        "amount": Money(amount, currency),
        "by": user,
        "at": at,
    }
    return withdrawal_request(**{**values, **changes})


def send(withdrawal: Withdrawal, *, at: datetime = AT) -> Withdrawal:
    """Claim, ask, conclude, as the job does."""
    claimed = withdrawal_claim(withdrawal_id=withdrawal.pk, at=at)
    answer = withdrawal_send(claimed)
    return withdrawal_conclude(withdrawal_id=withdrawal.pk, answer=answer, at=at)


def resolve(
    withdrawal: Withdrawal, *, is_paid: bool, by: User, reason: str = "Seen.", at: datetime = AT
) -> Withdrawal:
    """Staff freeze it, unless it is frozen, and say a minute later what became of it."""
    withdrawal.refresh_from_db()
    if withdrawal.frozen_at is None:
        withdrawal_freeze(withdrawal_id=withdrawal.pk, reason=reason, by=by, at=at)
    return withdrawal_resolve(
        withdrawal_id=withdrawal.pk,
        is_paid=is_paid,
        reason=reason,
        by=by,
        at=at + timedelta(minutes=1),
    )


def answer_of(
    withdrawal: Withdrawal, result: PayoutResult = PayoutResult.PAID, **changes
) -> PayoutAnswer:
    """What a provider could say about it."""
    values = {
        "result": result,
        "amount_minor": withdrawal.net_minor,
        "currency": withdrawal.currency,
        "reference": "SIM1",
    }
    return PayoutAnswer(**{**values, **changes})


def wallet(user: User) -> tuple[int, int, int]:
    """Available, held and withdrawn of a user's one currency."""
    [balance] = wallet_balances(user.pk)
    return balance.available, balance.held, balance.withdrawn


def eventually(check, *, seconds: float = 60.0) -> None:
    """Wait for what the simulator does after its answer."""
    deadline = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < deadline
        time.sleep(0.02)
