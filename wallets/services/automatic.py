"""Automatic payment with the stored method: three tries, two days apart, then by hand."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.urls import reverse

from accounts import audit
from accounts.models import User
from accounts.services.mail import Mail, mail_enqueue_many
from common.money import to_minor
from invoicing.enums import PAYABLE
from invoicing.models import Invoice
from invoicing.services import invoice_put_on_hold
from outbox.services import enqueue, enqueue_many
from wallets.enums import PaymentStatus
from wallets.models import Payment, PaymentMethod
from wallets.models.payments import IN_FLIGHT
from wallets.services.payments import RESOLVE, RESOLVE_AFTER, Answers, payments_conclude

AUTOMATIC: Final = "payment.auto"
TRIES: Final = 3
TRY_AGAIN_AFTER = timedelta(days=2)


def automatic_schedule(*, invoice_ids: Sequence[int]) -> None:
    """Ask for the first try of each invoice whose project pays automatically."""
    invoices = Invoice.objects.filter(pk__in=invoice_ids, project__is_auto_pay=True)
    enqueue_many(
        AUTOMATIC,
        [
            (f"{invoice.public_id}:1", {"invoice": invoice.pk})
            for invoice in invoices.order_by("pk")
        ],
    )


@transaction.atomic
def automatic_begin(*, invoice_ids: Sequence[int], at: datetime) -> list[Payment]:
    """Note down a payment with the default method for each invoice that waits for one.

    An invoice that has an automatic payment under way yields that one, so that a job cut short
    goes on where it stopped. Without a stored method the invoice stays as it is and both sides
    are told.
    """
    invoices = list(
        Invoice.objects.filter(pk__in=invoice_ids).select_related("buyer", "seller").locked()
    )
    under_way = {
        payment.invoice_id: payment
        for payment in Payment.objects.filter(invoice__in=invoices, status__in=IN_FLIGHT)
    }
    methods = {
        method.user_id: method
        for method in PaymentMethod.objects.filter(
            user__in={invoice.buyer_id for invoice in invoices},
            is_default=True,
            removed_at__isnull=True,
        )
    }
    fresh = []
    without_method = []
    for invoice in invoices:
        if invoice.status not in PAYABLE or invoice.pk in under_way:
            continue
        if method := methods.get(invoice.buyer_id):
            fresh.append(_payment_of(invoice, method, at=at))
        else:
            without_method.append(invoice)
    Payment.objects.bulk_create(fresh)
    _audit_started(fresh, at=at)
    _tell_both(Mail.PAYMENT_METHOD_MISSING, without_method)
    return [*fresh, *(payment for payment in under_way.values() if payment.is_automatic)]


@transaction.atomic
def automatic_conclude(*, answers: Answers, at: datetime) -> list[Payment]:
    """Conclude payments in the background: automatic ones that failed put their invoice on hold.

    The next try is a job two days later, at most three in all; an uncertain payment is resolved
    by a job of its own.
    """
    before = dict(Payment.objects.filter(pk__in=answers).values_list("pk", "status"))
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
    invoice = payment.invoice
    invoice_put_on_hold(invoice=invoice, at=at)
    tries = Payment.objects.filter(
        invoice=invoice, is_automatic=True, status=PaymentStatus.FAILED
    ).count()
    _tell_both(Mail.PAYMENT_ON_HOLD, [invoice], attempt=tries)
    if tries < TRIES:
        enqueue(
            AUTOMATIC,
            key=f"{invoice.public_id}:{tries + 1}",
            payload={"invoice": invoice.pk},
            due_at=at + TRY_AGAIN_AFTER,
        )


def _payment_of(invoice: Invoice, method: PaymentMethod, *, at: datetime) -> Payment:
    return Payment(
        invoice=invoice,
        payer=invoice.buyer,
        method=method,
        provider=method.provider,
        token=method.token,
        label=method.label,
        amount_minor=to_minor(invoice.total),
        currency=invoice.total.currency.code,
        is_automatic=True,
        status=PaymentStatus.PROCESSING,
        created_at=at,
    )


def _audit_started(payments: Sequence[Payment], *, at: datetime) -> None:
    audit.record_many(
        [
            audit.Record(
                event="payment.started",
                target=payment,
                after={
                    "invoice": payment.invoice.number,
                    "amount_minor": payment.amount_minor,
                    "is_automatic": True,
                },
            )
            for payment in payments
        ],
        by=None,
        at=at,
    )


def _tell_both(template: Mail, invoices: Sequence[Invoice], *, attempt: int = 0) -> None:
    people: list[tuple[User, Invoice]] = [
        (person, invoice) for invoice in invoices for person in (invoice.buyer, invoice.seller)
    ]
    mail_enqueue_many(
        template,
        [
            (
                person,
                f"{invoice.public_id}:{attempt}",
                {
                    "number": invoice.number,
                    "milestone": invoice.milestone.title,
                    "total": invoice.total,
                    "due_on": invoice.due_on,
                    "path": reverse("invoicing:detail", args=[invoice.public_id]),
                },
            )
            for person, invoice in people
        ],
    )
