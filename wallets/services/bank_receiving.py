"""Money that somebody sent to the operator's bank account: it pays the invoice that it names."""

import re
from datetime import datetime
from typing import Final

from common.models import LockableQuerySet
from common.money import to_minor
from gigs.enums import PaymentMode
from invoicing.enums import PAYABLE, InvoiceKind
from invoicing.models import Invoice
from wallets.enums import PaymentOutcome, PaymentPurpose, PaymentSource, PaymentStatus
from wallets.models import BankStatementLine, Payment
from wallets.models.payments import IN_FLIGHT
from wallets.services.receiving import receive
from wallets.services.settlement import locked_payments

_NUMBER: Final = re.compile(
    r"(?<![0-9A-Z])([0-9A-Z]{4})[\s./-]?([0-9]{4})[\s./-]?([0-9]{5,9})(?![0-9A-Z])", re.ASCII
)


def named_invoice(line: BankStatementLine) -> Invoice | None:
    """The one invoice that money in names in its text or end-to-end id, however it is spelt."""
    if line.is_out or line.return_code:
        return None
    texts = f"{line.text} | {line.end_to_end_id}".upper()
    numbers = {"-".join(found) for found in _NUMBER.findall(texts)}
    known = list(invoices_to_pay().filter(number__in=numbers)[:2]) if numbers else []
    return known[0] if len(known) == 1 else None


def invoices_to_pay() -> LockableQuerySet[Invoice]:
    """What money can be for: credit notes are paid by nobody."""
    return Invoice.objects.exclude(kind=InvoiceKind.CREDIT_NOTE)


def is_being_paid(invoice: Invoice) -> bool:
    """Whether another payment of the locked invoice has no outcome yet."""
    return Payment.objects.filter(invoice=invoice, status__in=IN_FLIGHT).exists()


def receive_transfer(invoice: Invoice, *, received_minor: int, at: datetime) -> Payment:
    """Post money that arrived for a locked invoice; nobody else is paying it.

    What is over, short or double is the buyer's credit. An invoice that held funds are about
    to pay takes nothing from outside: all of it is credit. What they have left open is paid like any.
    """
    payment = Payment(
        purpose=PaymentPurpose.INVOICE,
        invoice=invoice,
        payer=invoice.buyer,
        provider=PaymentSource.BANK,
        label=PaymentSource.BANK.label,
        amount_minor=to_minor(invoice.due if invoice.status in PAYABLE else invoice.total),
        currency=invoice.total.currency.code,
        status=PaymentStatus.PROCESSING,
        created_at=at,
    )
    if invoice.status not in PAYABLE:
        payment.status, payment.outcome = PaymentStatus.SUCCEEDED, PaymentOutcome.DOUBLE
        payment.received_minor, payment.ended_at = received_minor, at
    elif invoice.project.payment_mode == PaymentMode.HELD and not invoice.part_paid:
        payment.purpose, payment.invoice = PaymentPurpose.CREDIT, None
        payment.amount_minor = received_minor
    payment.save()
    receive(locked=locked_payments([payment.pk]), received={payment.pk: received_minor}, at=at)
    payment.refresh_from_db()
    return payment
