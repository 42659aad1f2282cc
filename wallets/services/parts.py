"""Paying a part of an invoice from money that is there, while the rest of it stays open."""

from datetime import datetime

from accounts import audit
from accounts.services.mail import Mail, Page, Values, mail_enqueue_many
from common.money import decimal_of, from_minor
from gigs.services import milestones_settle, projects_complete
from invoicing.models import Invoice
from wallets import ledger
from wallets.enums import (
    JournalKind,
    PaymentOutcome,
    PaymentPurpose,
    PaymentSource,
    PaymentStatus,
)
from wallets.ledger import JournalDraft, Leg
from wallets.models import Clearing, Payment
from wallets.services.clearing import available_at, clearings_begin
from wallets.services.debts import debts_pay
from wallets.services.settlement import Bill, Due, Share, arrived, share_of


def part_pay(bill: Bill, *, amount: int, source: PaymentSource, at: datetime) -> Payment:
    """Pay so much, less than all, of a locked invoice; the rest stays open and is paid like any.

    One journal under the key part:<payment>: source -part, wallet +net, fees +fee. The milestone is
    settled: its price is credited. The caller holds the locks of project, milestone and invoice, and
    knows that the source can give it.
    """
    if not 0 < amount < bill.total:
        raise ValueError(f"{amount} is no part of {bill.total}")
    share = share_of(amount, total=bill.total, tax=bill.tax, fee=bill.fee)
    payment = _write(bill, amount, source, at=at)
    _post(payment, bill, share, at=at)
    invoice = Invoice.objects.select_related("project", "milestone", "buyer", "seller").get(
        pk=bill.invoice.pk
    )
    invoice.part_paid = decimal_of(amount, bill.currency)
    invoice.save(update_fields=["part_paid"])
    _begin_clearing(payment, bill, share, at=at)
    if bill.milestone_id is not None and not bill.is_corrected:
        milestones_settle(milestone_ids=[bill.milestone_id], at=at)
        projects_complete(project_ids=[bill.project_id], at=at)
    _tell(payment, invoice, share)
    if not bill.clearing_days:
        debts_pay([arrived(bill, key=payment.public_id)], at=at)
    return payment


def _write(bill: Bill, amount: int, source: PaymentSource, *, at: datetime) -> Payment:
    return Payment.objects.create(
        purpose=PaymentPurpose.INVOICE,
        invoice_id=bill.invoice.pk,
        payer_id=bill.buyer_id,
        provider=source,
        label=source.label,
        amount_minor=amount,
        received_minor=amount,
        currency=bill.currency,
        is_automatic=True,
        status=PaymentStatus.SUCCEEDED,
        outcome=PaymentOutcome.PART,
        created_at=at,
        ended_at=at,
    )


def _post(payment: Payment, bill: Bill, share: Share, *, at: datetime) -> None:
    specs = Due(payment, bill).accounts
    ids = ledger.open_accounts(sorted(specs))
    source, wallet, fees = (ids[spec] for spec in specs)
    legs = (
        Leg(source, -share.total),
        Leg(wallet, share.net, share.net - share.tax),
        Leg(fees, share.fee),
    )
    posted = ledger.post(
        JournalDraft(
            JournalKind.PART_PAYMENT,
            f"part:{payment.public_id}",
            "payment",
            payment.pk,
            tuple(leg for leg in legs if leg.amount),
        )
    )
    after: audit.Values = {
        "invoice": bill.invoice.number,
        "source": payment.provider,
        "part": share.total,
        "fee": share.fee,
        "net": share.net,
        "open": bill.total - share.total,
        "currency": bill.currency,
    }
    entry = audit.Record("payment.in_part", payment, after=after, journal_key=posted.key)
    audit.record(entry, by=None, at=at)


def _begin_clearing(payment: Payment, bill: Bill, share: Share, *, at: datetime) -> None:
    if not bill.clearing_days or not share.net:
        return
    clearing = Clearing(
        invoice_id=bill.invoice.pk,
        part=payment,
        user_id=bill.seller_id,
        amount_minor=share.net,
        currency=bill.currency,
        available_at=available_at(at, days=bill.clearing_days),
    )
    clearings_begin([clearing], keys={bill.invoice.pk: payment.public_id})


def _tell(payment: Payment, invoice: Invoice, share: Share) -> None:
    words: Values = {
        "number": invoice.number,
        "milestone": invoice.subject,
        "part": from_minor(share.total, payment.currency),
        "total": invoice.due,
        "due_on": invoice.due_on,
        "path": Page("invoicing:detail", (invoice.public_id,)),
    }
    parties = (invoice.buyer, invoice.seller)
    mail_enqueue_many(
        Mail.INVOICE_PART_PAID, [(person, payment.public_id, words) for person in parties]
    )
