"""Payments: note one down, ask the provider outside any transaction, then conclude.

The payment's public id is the key that the provider knows it by and never changes, so that
whoever finishes a payment (the request, or the job after a crash) charges and settles once.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import IntegrityError, transaction
from djmoney.money import Money

from accounts import audit
from accounts.models import User
from accounts.policies import require
from common.failpoints import failpoint
from common.formats import money_for_people
from common.money import to_minor
from gigs.enums import PaymentMode
from invoicing import policies as invoice_policies
from invoicing.enums import InvoiceKind, InvoiceStatus
from invoicing.exceptions import NotAnInvoice
from invoicing.models import Invoice
from outbox.services import enqueue
from wallets.enums import (
    ChargeResult,
    FundingStatus,
    PaymentPurpose,
    PaymentSource,
    PaymentStatus,
)
from wallets.exceptions import (
    AlreadyPaid,
    AmountMismatch,
    InvoiceCredited,
    PaidFromHeldFunds,
    PaymentInProgress,
    PaymentMethodUnknown,
)
from wallets.models import MilestoneFunding, Payment, PaymentMethod
from wallets.models.payments import IN_FLIGHT
from wallets.providers import Answer, Charge, ProviderTimeout, provider_of
from wallets.services.receiving import receive
from wallets.services.settlement import locked_invoice, locked_payments

RESOLVE: Final = "payment.resolve"
RESOLVE_AFTER = timedelta(seconds=8)
"""Longer than a request waits for its provider: by then nobody else asks."""
TAKEN: Final = Answer(ChargeResult.SUCCEEDED)
Answers = Mapping[int, Answer | None]
"""What the provider said of each payment, by payment id; None while that is not known."""


@dataclass(frozen=True, slots=True)
class MethodChoice:
    """What to pay with: a stored method, a token that the provider takes directly, or CREDIT."""

    provider: str
    token: str
    stored: PaymentMethod | None = None

    @property
    def is_credit(self) -> bool:
        return self.provider == PaymentSource.CREDIT


CREDIT: Final = MethodChoice(provider=PaymentSource.CREDIT, token="credit")  # noqa: S106 - no secret


@transaction.atomic
def payment_begin(
    *,
    invoice_id: int,
    method: MethodChoice,
    amount: Money | None = None,
    by: User,
    at: datetime,
) -> Payment:
    """Note down that the invoice is about to be paid; the caller commits, then asks.

    AmountMismatch, PaymentMethodUnknown, PermissionRefused, and the refusals of
    `refuse_unless_payable`. A job finishes the payment if the caller does not. From credit it is
    concluded at once: InsufficientFunds.
    """
    invoice = locked_invoice(invoice_id)
    require(invoice_policies.may_pay(by, invoice), "Only the invoice's buyer can pay it.")
    refuse_unless_payable(invoice)
    due = invoice.open_left
    if amount is not None and amount != due:
        raise AmountMismatch(f"Exactly {money_for_people(due)} of this invoice are due.")
    payment = payment_of(method, due, by=by, at=at)
    payment.purpose, payment.invoice = PaymentPurpose.INVOICE, invoice
    return note_down(payment, about={"invoice": invoice.number}, by=by, at=at)


def refuse_unless_payable(invoice: Invoice) -> None:
    """Why the locked invoice cannot be paid.

    AlreadyPaid, InvoiceCredited, NotAnInvoice, PaidFromHeldFunds, PaymentInProgress.
    """
    if invoice.kind == InvoiceKind.CREDIT_NOTE:
        raise NotAnInvoice
    if invoice.status == InvoiceStatus.CREDITED:
        raise InvoiceCredited
    if invoice.status == InvoiceStatus.PAID:
        raise AlreadyPaid
    if invoice.project.payment_mode == PaymentMode.HELD and not invoice.part_paid:
        raise PaidFromHeldFunds
    if Payment.objects.filter(invoice=invoice, status__in=IN_FLIGHT).exists():
        raise PaymentInProgress


def payment_of(method: MethodChoice, amount: Money, *, by: User, at: datetime) -> Payment:
    """A payment that is not saved yet, for the caller to say what it is for.

    PaymentMethodUnknown when the method is not theirs or not switched on.
    """
    stored = method.stored
    if stored is not None and (stored.user_id != by.pk or stored.removed_at is not None):
        raise PaymentMethodUnknown
    if method.is_credit:
        label = PaymentSource.CREDIT.label
    else:
        label = provider_of(method.provider).label_of(method.token)
    return Payment(
        payer=by,
        method=stored,
        provider=method.provider,
        token=method.token,
        label=str(label),
        amount_minor=to_minor(amount),
        currency=amount.currency.code,
        status=PaymentStatus.PROCESSING,
        created_at=at,
    )


def note_down(
    payment: Payment,
    *,
    fundings: Sequence[MilestoneFunding] = (),
    about: audit.Values,
    by: User,
    at: datetime,
) -> Payment:
    """Write a new payment, what it funds, and the job that finishes it if nobody does.

    Two at once: the unique constraints let one through, PaymentInProgress for the other. What is
    paid from credit is concluded here, for there is nobody to ask.
    """
    try:
        with transaction.atomic():
            payment.save()
            MilestoneFunding.objects.bulk_create(fundings)
    except IntegrityError as error:
        raise PaymentInProgress from error
    failpoint("payment.saved")
    audit.record(
        audit.Record(
            event="payment.started",
            target=payment,
            after={**about, "amount_minor": payment.amount_minor},
        ),
        by=by,
        at=at,
    )
    if payment.provider == PaymentSource.CREDIT:
        [concluded] = payments_conclude(answers={payment.pk: TAKEN}, at=at)
        return concluded
    enqueue(
        RESOLVE,
        key=payment.public_id,
        payload={"payment": payment.pk},
        due_at=at + RESOLVE_AFTER,
    )
    failpoint("payment.job_written")
    return payment


def payment_ask(payment: Payment) -> Answer | None:
    """Ask the provider to charge; None while the outcome is not known. No transaction is open.

    Asking again, by whoever, repeats the key and so charges nothing twice.
    """
    charge = Charge(
        key=payment.public_id,
        token=payment.token,
        amount_minor=payment.amount_minor,
        currency=payment.currency,
    )
    failpoint("payment.begun")
    try:
        answer = provider_of(payment.provider).charge(charge)
    except ProviderTimeout:
        return None
    failpoint("payment.charged")
    return answer


def payment_conclude(*, payment_id: int, answer: Answer | None, at: datetime) -> Payment:
    """Act on the provider's word about one payment; what somebody concluded earlier stands."""
    return payments_conclude(answers={payment_id: answer}, at=at)[0]


@transaction.atomic
def payments_conclude(*, answers: Answers, at: datetime) -> list[Payment]:
    """Act on the provider's word about payments: receive the money, fail, or note that it is
    uncertain.

    Locks projects, milestones, invoices and payments in this order, each in primary-key order.
    Payments that have ended stay as they are.
    """
    locked = locked_payments(list(answers))
    received: dict[int, int] = {}
    for payment in locked.payments:
        if payment.status not in IN_FLIGHT:
            continue
        answer = answers[payment.pk]
        if answer is None:
            _note_uncertain(payment, at=at)
        elif answer.result == ChargeResult.SUCCEEDED:
            received[payment.pk] = answer.received_minor or payment.amount_minor
        else:
            _fail(payment, answer.failure_code, at=at)
    if received:
        receive(locked=locked, received=received, at=at)
    return locked.payments


def _note_uncertain(payment: Payment, *, at: datetime) -> None:
    if payment.status == PaymentStatus.UNCERTAIN:
        return
    payment.move_to(PaymentStatus.UNCERTAIN)
    payment.save(update_fields=["status"])
    _audit(payment, "payment.uncertain", at=at)


def _fail(payment: Payment, failure_code: str, *, at: datetime) -> None:
    payment.move_to(PaymentStatus.FAILED)
    payment.failure_code, payment.ended_at = failure_code, at
    payment.save(update_fields=["status", "failure_code", "ended_at"])
    payment.fundings.update(status=FundingStatus.MISSED)
    _audit(payment, "payment.failed", at=at)


def _audit(payment: Payment, event: str, *, at: datetime) -> None:
    audit.record(
        audit.Record(
            event=event,
            target=payment,
            after={"status": payment.status, "failure_code": payment.failure_code},
        ),
        by=None,
        at=at,
    )
