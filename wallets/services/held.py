"""Paying invoices from the funds that are held for their milestones."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import F

from gigs.enums import PaymentMode
from gigs.models import Milestone, Project
from invoicing.enums import PAYABLE
from invoicing.models import Invoice
from invoicing.services import ISSUED
from outbox.services import enqueue_many
from wallets import ledger
from wallets.enums import (
    FundingStatus,
    JournalKind,
    PaymentOutcome,
    PaymentPurpose,
    PaymentSource,
    PaymentStatus,
)
from wallets.ledger import JournalDraft, Leg, Posted
from wallets.models import MilestoneFunding, Payment
from wallets.services.settlement import (
    Bill,
    Due,
    credit_of,
    finish,
    locked_bills,
    settle,
    settlement_key,
)


@transaction.atomic
def held_settle(*, invoice_ids: Sequence[int], at: datetime) -> list[int]:
    """Pay the invoices among these whose projects hold funds, and that wait; their ids.

    Locks projects, milestones and invoices in primary-key order. One journal each:
    held -total, available +net, fees +fee. Where the tax of the day makes the total another one
    than was set aside, the difference is the buyer's credit: given back, or taken from it. All or
    nothing. InsufficientFunds when that credit is too small.
    """
    invoices = Invoice.objects.filter(
        pk__in=invoice_ids, project__payment_mode=PaymentMode.HELD, status__in=PAYABLE
    )
    ids = list(invoices.values_list("pk", flat=True).order_by())
    if not ids:
        return []
    waiting = Invoice.objects.filter(pk__in=ids)
    for rows in (
        Project.objects.filter(pk__in=waiting.values("project")),
        Milestone.objects.filter(pk__in=waiting.values("milestone")),
    ):
        list(rows.locked().values_list("pk"))
    bills = [bill for bill in locked_bills(waiting) if bill.invoice.status in PAYABLE]
    payments = Payment.objects.bulk_create(_payment(bill, at=at) for bill in bills)
    dues = [Due(*pair) for pair in zip(payments, bills, strict=True)]
    held = dict(
        MilestoneFunding.objects.filter(
            milestone__in=[bill.milestone_id for bill in bills], status=FundingStatus.HELD
        ).values_list("milestone", F("amount_minor") - F("returned_minor"))
    )
    if all(held.get(bill.milestone_id) == bill.total for bill in bills):
        settle(dues=dues, at=at)
    else:
        finish(dues=dues, posted=_post_differing(dues, held), at=at)
    return [bill.invoice.pk for bill in bills]


def wake_waiting(*, buyer_id: int, currency: str, key: str) -> None:
    """Try again to pay invoices from held funds that lacked some of the buyer's credit."""
    waiting = Invoice.objects.filter(
        buyer=buyer_id,
        currency=currency,
        status__in=PAYABLE,
        project__payment_mode=PaymentMode.HELD,
    )
    enqueue_many(
        ISSUED,
        [
            (f"{invoice.public_id}:{key}", {"invoice": invoice.pk})
            for invoice in waiting.only("pk", "uuid").order_by("pk")
        ],
    )


def _post_differing(dues: Sequence[Due], held: dict[int, int]) -> list[Posted]:
    specs = {spec for due in dues for spec in (*due.accounts, credit_of(due.payment))}
    ids = ledger.open_accounts(sorted(specs))
    drafts = []
    for due in dues:
        bill = due.bill
        source, available, fees = (ids[spec] for spec in due.accounts)
        set_aside = held.get(bill.milestone_id, 0)
        legs = (
            Leg(source, -set_aside),
            Leg(available, bill.net, bill.net - bill.tax),
            Leg(fees, bill.fee),
            Leg(ids[credit_of(due.payment)], set_aside - bill.total),
        )
        drafts.append(
            JournalDraft(
                JournalKind.SETTLEMENT,
                settlement_key(bill),
                "invoice",
                bill.invoice.pk,
                tuple(leg for leg in legs if leg.amount),
            )
        )
    return ledger.post_many(drafts)


def _payment(bill: Bill, *, at: datetime) -> Payment:
    return Payment(
        purpose=PaymentPurpose.INVOICE,
        invoice_id=bill.invoice.pk,
        payer_id=bill.buyer_id,
        provider=PaymentSource.HELD,
        label=PaymentSource.HELD.label,
        amount_minor=bill.total,
        received_minor=bill.total,
        currency=bill.currency,
        status=PaymentStatus.SUCCEEDED,
        outcome=PaymentOutcome.EXACT,
        is_automatic=True,
        created_at=at,
        ended_at=at,
    )
