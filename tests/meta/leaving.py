"""Take-backs, withdrawals, bank matches and credit requests in the states that services reach."""

from tests.builders import active_project, sent_invoice
from tests.factories import AT, UserFactory
from tests.wallets.banking import match_by_hand
from tests.wallets.paying import topped_up
from tests.wallets.withdrawing import answer_of, funded, request, resolve
from wallets.enums import ChargeResult, PayoutResult
from wallets.providers import Answer
from wallets.services import (
    bank_match_confirm,
    bank_match_drop,
    credit_request_confirm,
    credit_request_drop,
    staff_credit,
    take_back_begin,
    take_back_conclude,
    withdrawal_approve,
    withdrawal_cancel,
    withdrawal_claim,
    withdrawal_conclude,
    withdrawal_reject,
)

OK = Answer(ChargeResult.SUCCEEDED)
NO = Answer(ChargeResult.DECLINED, "card_declined")


def taken_back(*answers):
    def reach():
        payment = topped_up()
        taken = take_back_begin(payment_id=payment.pk, by=payment.payer, at=AT)
        for answer in answers:
            take_back_conclude(take_back_id=taken.pk, answer=answer, at=AT)
        return taken

    return reach


def waiting_withdrawal():
    """One above the limit."""
    return request(funded(budget="1000000.00"), amount="6000.00")


def approved_withdrawal():
    return request(funded())


def large_approved():
    withdrawal, staff = waiting_withdrawal(), UserFactory(is_staff=True)
    return withdrawal_approve(withdrawal_id=withdrawal.pk, note="Fine.", by=staff, at=AT)


def rejected_withdrawal(reach):
    withdrawal, staff = reach(), UserFactory(is_staff=True)
    return withdrawal_reject(withdrawal_id=withdrawal.pk, reason="No.", by=staff, at=AT)


def cancelled_withdrawal(reach):
    withdrawal = reach()
    return withdrawal_cancel(withdrawal_id=withdrawal.pk, by=withdrawal.user, at=AT)


def sent_withdrawal(*results):
    """Claimed, and concluded with each of the provider's words; None is no word."""
    withdrawal = approved_withdrawal()
    withdrawal_claim(withdrawal_id=withdrawal.pk, at=AT)
    for result in results:
        answer = answer_of(withdrawal, result) if result else None
        withdrawal_conclude(withdrawal_id=withdrawal.pk, answer=answer, at=AT)
    return withdrawal


def paid_after_all():
    """Declined, says the provider, and then that it paid; staff have seen that it did."""
    withdrawal = sent_withdrawal(PayoutResult.DECLINED, PayoutResult.PAID)
    return resolve(withdrawal, is_paid=True, by=UserFactory(is_staff=True))


def dropped_match(amount):
    match = match_by_hand(amount)
    return bank_match_drop(match_id=match.pk, reason="No.", by=match.made_by, at=AT)


def confirmed_match():
    match, second = match_by_hand("6000.00"), UserFactory(is_staff=True)
    return bank_match_confirm(match_id=match.pk, by=second, at=AT)


def proposed_credit():
    """Of an invoice above the limit."""
    invoice, staff = sent_invoice(active_project(tasks=1)), UserFactory(is_staff=True)
    return staff_credit(invoice_id=invoice.pk, reason="Not delivered.", by=staff, at=AT)


def confirmed_credit():
    request = proposed_credit()
    about = {"request_id": request.pk, "reason": "I agree.", "by": UserFactory(is_staff=True)}
    credit_request_confirm(**about, at=AT)
    return request


def dropped_credit():
    request = proposed_credit()
    about = {"request_id": request.pk, "reason": "A mistake.", "by": request.proposed_by}
    return credit_request_drop(**about, at=AT)
