"""Automatic payment with the stored method: three tries, two days apart, then by hand."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from django.db import transaction

from accounts import audit
from accounts.models import User
from accounts.services.mail import Addressee, Mail, Page, Values, mail_enqueue_many
from common.money import from_minor, minor_of
from common.public_ids import format_public_id
from gigs.enums import PaymentMode
from invoicing.enums import PAYABLE, InvoiceKind, InvoiceStatus
from invoicing.models import Invoice
from invoicing.services import invoice_put_on_hold
from outbox.services import enqueue, enqueue_many
from wallets.enums import PaymentPurpose, PaymentStatus
from wallets.models import Payment, PaymentMethod
from wallets.models.payments import IN_FLIGHT
from wallets.services.payments import RESOLVE, RESOLVE_AFTER, Answers, payments_conclude

AUTOMATIC: Final = "payment.auto"
TRIES: Final = 3
TRY_AGAIN_AFTER = timedelta(days=2)
COLUMNS = (
    "pk",
    "uuid",
    "number",
    "kind",
    "status",
    "buyer",
    "total",
    "credited",
    "credited_tax",
    "part_paid",
    "currency",
    "due_on",
    "milestone__title",
    "buyer__email",
    "buyer__name",
    "buyer__uuid",
    "seller__email",
    "seller__name",
    "seller__uuid",
)


@dataclass(frozen=True, slots=True)
class Bill:
    """A locked invoice that pays itself, and whom to tell about it."""

    pk: int
    public_id: str
    number: str
    status: InvoiceStatus
    buyer_id: int
    total: int
    currency: str
    due_on: date
    subject: str
    parties: tuple[Addressee, Addressee]


@transaction.atomic
def automatic_begin(*, invoice_ids: Sequence[int], at: datetime) -> list[Payment]:
    """Note down a payment with the default method for each invoice that pays itself and waits.

    An invoice that has an automatic payment under way yields that one, so that a job cut short
    goes on where it stopped. Without a stored method the invoice stays as it is and both sides
    are told.
    """
    bills = _locked(invoice_ids)
    if not bills:
        return []
    under_way = {
        payment.invoice_id: payment
        for payment in Payment.objects.filter(
            invoice_id__any_of=frozenset(invoice_ids), status__in=IN_FLIGHT
        )
    }
    methods = {
        method.user_id: method
        for method in PaymentMethod.objects.filter(
            user_id__any_of=frozenset(bill.buyer_id for bill in bills),
            is_default=True,
            removed_at__isnull=True,
        )
    }
    waiting = [bill for bill in bills if bill.status in PAYABLE and bill.pk not in under_way]
    charged = [(bill, methods[bill.buyer_id]) for bill in waiting if bill.buyer_id in methods]
    fresh = Payment.objects.bulk_create(_payment_of(*pair, at=at) for pair in charged)
    _audit_started(fresh, [bill for bill, _ in charged], at=at)
    _tell_both(
        Mail.PAYMENT_METHOD_MISSING, [bill for bill in waiting if bill.buyer_id not in methods]
    )
    return [*fresh, *(payment for payment in under_way.values() if payment.is_automatic)]


@transaction.atomic
def automatic_conclude(*, answers: Answers, at: datetime) -> list[Payment]:
    """Conclude payments in the background: automatic ones that failed put their invoice on hold.

    The next try is a job two days later, at most three in all; an uncertain payment is resolved
    by a job of its own.
    """
    if not answers:
        return []
    before = dict(Payment.objects.among(answers).values_list("pk", "status"))
    payments = payments_conclude(answers=answers, at=at)
    uncertain = [payment for payment in payments if payment.status == PaymentStatus.UNCERTAIN]
    enqueue_many(
        RESOLVE,
        [(payment.public_id, {"payment": payment.pk}) for payment in uncertain],
        due_at=at + RESOLVE_AFTER,
    )
    for payment in payments:
        has_failed = payment.status == PaymentStatus.FAILED and before[payment.pk] in IN_FLIGHT
        if has_failed and payment.is_automatic:
            _plan_next_try(payment, at=at)
    return payments


def _plan_next_try(payment: Payment, *, at: datetime) -> None:
    invoice = Invoice.objects.get(payments=payment)
    invoice_put_on_hold(invoice=invoice, at=at)
    tries = Payment.objects.filter(
        invoice=invoice, is_automatic=True, status=PaymentStatus.FAILED
    ).count()
    _tell_both(Mail.PAYMENT_ON_HOLD, _locked([invoice.pk]), attempt=tries)
    if tries < TRIES:
        enqueue(
            AUTOMATIC,
            key=f"{invoice.public_id}:{tries + 1}",
            payload={"invoice": invoice.pk},
            due_at=at + TRY_AGAIN_AFTER,
        )


def _locked(invoice_ids: Sequence[int]) -> list[Bill]:
    invoices = Invoice.objects.among(invoice_ids).filter(
        project__is_auto_pay=True,
        project__payment_mode=PaymentMode.ON_INVOICE,
    )
    return [_bill(*row) for row in invoices.locked().values_list(*COLUMNS)]


def _bill(pk: int, uuid: Any, number: str, kind: str, status: str, *rest: Any) -> Bill:
    buyer_id, total, credited, credited_tax, part_paid, currency, due_on, title, *people = rest
    buyer, seller = people[:3], people[3:]
    return Bill(
        pk=pk,
        public_id=format_public_id(Invoice.PREFIX, uuid),
        number=number,
        status=InvoiceStatus(status),
        buyer_id=buyer_id,
        total=minor_of(total - credited - credited_tax - part_paid, currency),
        currency=currency,
        due_on=due_on,
        subject=title or InvoiceKind(kind).label,
        parties=(_addressee(*buyer), _addressee(*seller)),
    )


def _addressee(email: str, name: str, uuid: Any) -> Addressee:
    return Addressee(email, name, format_public_id(User.PREFIX, uuid))


def _payment_of(bill: Bill, method: PaymentMethod, *, at: datetime) -> Payment:
    return Payment(
        invoice_id=bill.pk,
        purpose=PaymentPurpose.INVOICE,
        payer_id=bill.buyer_id,
        method=method,
        provider=method.provider,
        token=method.token,
        label=method.label,
        amount_minor=bill.total,
        currency=bill.currency,
        is_automatic=True,
        status=PaymentStatus.PROCESSING,
        created_at=at,
    )


def _audit_started(payments: Sequence[Payment], bills: Sequence[Bill], *, at: datetime) -> None:
    audit.record_many(
        [
            audit.Record(
                event="payment.started",
                target=payment,
                after={
                    "invoice": bill.number,
                    "amount_minor": payment.amount_minor,
                    "is_automatic": True,
                },
            )
            for payment, bill in zip(payments, bills, strict=True)
        ],
        by=None,
        at=at,
    )


def _tell_both(template: Mail, bills: Sequence[Bill], *, attempt: int = 0) -> None:
    mail_enqueue_many(
        template,
        [
            (person, f"{bill.public_id}:{attempt}", _words(bill))
            for bill in bills
            for person in bill.parties
        ],
    )


def _words(bill: Bill) -> Values:
    return {
        "number": bill.number,
        "milestone": bill.subject,
        "total": from_minor(bill.total, bill.currency),
        "due_on": bill.due_on,
        "path": Page("invoicing:detail", (bill.public_id,)),
    }
