"""Paying invoices from the funds that are held for their milestones."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import connection, transaction

from accounts.services.mail import TOPIC as MAIL
from common import context
from common.arrays import bigints, bigints_or_null, texts
from common.database import fetch_rows
from common.public_ids import format_public_id
from gigs.enums import PaymentMode
from gigs.models import Milestone, Project
from invoicing.enums import PAYABLE
from invoicing.models import Invoice
from invoicing.services import ISSUED, set_aside
from invoicing.services.states import columns_of
from outbox.services import enqueue_many, nudge_for
from wallets import ledger
from wallets.enums import (
    AccountKind,
    JournalKind,
    PaymentOutcome,
    PaymentPurpose,
    PaymentSource,
    PaymentStatus,
)
from wallets.ledger import AccountSpec, JournalDraft, Leg
from wallets.models import Payment
from wallets.models.payments import IN_FLIGHT
from wallets.services.parts import part_pay
from wallets.services.settlement import (
    Bill,
    Due,
    HeldPayment,
    available_on,
    begin_clearing,
    credit_of,
    finish,
    locked_bills,
    pay_debts,
    settlement_key,
)

# One statement for all rows: the ORM's bulk_create costs ten times as much.
PAY = """
INSERT INTO wallets_payment (
  uuid, purpose, provider, label, status, outcome, created_at, ended_at,
  invoice_id, payer_id, amount_minor, received_minor, currency, is_automatic, token, failure_code
)
SELECT gen_random_uuid(), %s, due.source, due.label, %s, %s, %s, %s,
  due.invoice_id, due.payer_id, due.amount, due.amount, due.currency, true, '', ''
FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::text[], %s::text[], %s::text[])
  AS due (invoice_id, payer_id, amount, currency, source, label)
RETURNING invoice_id, id, uuid
"""
HELD: Final = """
SELECT milestone_id, amount_minor + added_minor - returned_minor FROM wallets_milestonefunding
WHERE milestone_id = ANY(%s::bigint[]) AND status = 'held'
"""
PAY_EXACTLY: Final = """
SELECT wallets_pay_held(
  p_invoices => %s::bigint[], p_keys => %s::text[], p_numbers => %s::text[],
  p_statuses => %s::text[], p_written => false, p_milestones => %s::bigint[],
  p_projects => %s::bigint[], p_payers => %s::bigint[], p_sellers => %s::bigint[],
  p_currencies => %s::text[], p_subjects => %s::text[], p_credited => %s::text[],
  p_available_on => %s::date[], p_totals => %s::bigint[], p_nets => %s::bigint[],
  p_fees => %s::bigint[], p_lifetimes => %s::bigint[], p_label => %s, p_at => %s,
  p_request => %s, p_address => %s::inet
)
"""


@transaction.atomic
def held_settle(*, invoice_ids: Sequence[int], at: datetime) -> list[int]:
    """Pay the invoices among these whose projects hold funds, and that wait; the ids of those paid.

    Locks projects, milestones and invoices in primary-key order. One journal each:
    held -total, available +net, fees +fee. Where the tax of the day makes the total another one
    than was set aside, the difference is the buyer's credit: given back, or taken from it. Where
    that is too small, what is held pays its part, and the rest stays open. What is open of one
    that was paid in part, or corrects a paid one, is paid from that credit alone, once it covers
    it and nobody else is paying it.
    """
    if not invoice_ids:
        return []
    invoices = Invoice.objects.among(invoice_ids).filter(
        project__payment_mode=PaymentMode.HELD, status__in=PAYABLE
    )
    ids = list(invoices.values_list("pk", flat=True).order_by())
    if not ids:
        return []
    waiting = Invoice.objects.among(ids)
    for rows in (
        Project.objects.filter(pk__in=waiting.values("project")),
        Milestone.objects.filter(pk__in=waiting.values("milestone")),
    ):
        list(rows.locked().values_list("pk"))
    bills = _at_rest([bill for bill in locked_bills(waiting) if bill.invoice.status in PAYABLE])
    if not bills:
        return []
    held = held_for(bill.milestone_id for bill in bills)
    if all(not bill.is_corrected and held.get(bill.milestone_id) == bill.total for bill in bills):
        pay_exactly(bills, at=at)
        return [bill.invoice.pk for bill in bills]
    whole, parts = _by_what_is_there(bills, held)
    if whole:
        dues = [Due(*pair) for pair in zip(_write_payments(whole, at=at), whole, strict=True)]
        _post_differing(dues, held)
        finish(dues=dues, at=at)
        _wake_by_surplus(dues, held)
    for bill in parts:
        part_pay(bill, amount=held[bill.milestone_id], source=PaymentSource.HELD, at=at)
    return [bill.invoice.pk for bill in whole]


def _at_rest(bills: list[Bill]) -> list[Bill]:
    """Without those that their buyer is paying just now, as only what held funds left open can be."""
    settled = [bill.invoice.pk for bill in bills if bill.is_corrected]
    if not settled:
        return bills
    live = Payment.objects.filter(invoice__in=settled, status__in=IN_FLIGHT)
    busy = set(live.values_list("invoice", flat=True).order_by())
    return [bill for bill in bills if bill.invoice.pk not in busy]


def _by_what_is_there(
    bills: Sequence[Bill], held: dict[int | None, int]
) -> tuple[list[Bill], list[Bill]]:
    """The invoices that held funds and the buyer's credit pay, and those that the funds pay in part.

    All ordinary accounts of them are locked. One that nothing is held for waits for credit alone.
    """
    specs = {bill.invoice.pk: _accounts(bill) for bill in bills}
    ids = ledger.open_accounts(sorted({spec for row in specs.values() for spec in row}))
    free = ledger.lock(list(ids.values()))
    whole, parts = [], []
    for bill in bills:
        credit = ids[specs[bill.invoice.pk][0]]
        there = 0 if bill.is_corrected else held.get(bill.milestone_id, 0)
        missing = bill.total - there
        if missing <= max(free[credit], 0):
            free[credit] -= max(missing, 0)
            whole.append(bill)
        elif there:
            parts.append(bill)
    return whole, parts


def _accounts(bill: Bill) -> tuple[AccountSpec, ...]:
    """The ordinary accounts that paying it moves, the buyer's credit first."""
    return (
        AccountSpec(f"user:{bill.buyer_id}", AccountKind.CREDIT, bill.currency),
        AccountSpec(f"user:{bill.seller_id}", bill.credited_kind, bill.currency),
        AccountSpec(f"milestone:{bill.milestone_id}", AccountKind.HELD, bill.currency),
    )


def held_for(milestone_ids: Iterable[int | None]) -> dict[int | None, int]:
    """What is set aside for these milestones, locked by the caller, in minor units."""
    return dict(fetch_rows(HELD, [bigints(pk for pk in milestone_ids if pk is not None)]))


def pay_exactly(bills: Sequence[Bill], *, at: datetime) -> None:
    """Pay from what is held for their milestones, which is what they come to, in one statement.

    All or nothing.
    """
    arguments = [
        *columns_of([bill.invoice for bill in bills]),
        bigints_or_null([bill.milestone_id for bill in bills]),
        bigints({bill.project_id for bill in bills}),
        bigints([bill.buyer_id for bill in bills]),
        bigints([bill.seller_id for bill in bills]),
        texts([bill.currency for bill in bills]),
        *owed(bills, at=at),
        at,
        *context.served(),
    ]
    ((is_owing,),) = ledger.call(PAY_EXACTLY, *arguments)
    paid_exactly(bills, is_owing=is_owing, at=at)


def owed(bills: Sequence[Bill], *, at: datetime) -> list[str]:
    """What is said of a settlement and posted by it, in columns for the statements that pay."""
    return [
        texts([bill.subject for bill in bills]),
        texts([bill.credited_kind.value for bill in bills]),
        texts([available_on(bill, at=at) for bill in bills]),
        bigints([bill.total for bill in bills]),
        bigints([bill.net for bill in bills]),
        bigints([bill.fee for bill in bills]),
        bigints([bill.net - bill.tax for bill in bills]),
        str(PaymentSource.HELD.label),
    ]


def paid_exactly(bills: Sequence[Bill], *, is_owing: bool, at: datetime) -> None:
    """What follows where money has to clear first, or is owed, in the transaction that paid."""
    begin_clearing(bills, at=at)
    if is_owing:
        pay_debts([bill for bill in bills if not bill.clearing_days], at=at)
    nudge_for({MAIL})


def wake_waiting(*, buyer_id: int, currency: str, key: str) -> None:
    """Try again to pay what held funds left open of invoices, from the buyer's credit."""
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


def _post_differing(dues: Sequence[Due], held: dict[int | None, int]) -> None:
    specs = {spec for due in dues for spec in (*due.accounts, credit_of(due.payment))}
    ids = ledger.open_accounts(sorted(specs))
    drafts = []
    for due in dues:
        bill = due.bill
        source, available, fees = (ids[spec] for spec in due.accounts)
        set_aside = _set_aside(bill, held)
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
    ledger.post_many(drafts)


def _set_aside(bill: Bill, held: dict[int | None, int]) -> int:
    return bill.total if bill.is_corrected else held.get(bill.milestone_id, 0)


def _wake_by_surplus(dues: Sequence[Due], held: dict[int | None, int]) -> None:
    for due in dues:
        bill = due.bill
        if _set_aside(bill, held) > bill.total:
            key = bill.invoice.public_id
            wake_waiting(buyer_id=bill.buyer_id, currency=bill.currency, key=key)


def _write_payments(bills: Sequence[Bill], *, at: datetime) -> list[HeldPayment]:
    with connection.cursor() as cursor:
        cursor.execute(
            PAY,
            [
                PaymentPurpose.INVOICE,
                PaymentStatus.SUCCEEDED,
                PaymentOutcome.EXACT,
                at,
                at,
                bigints([bill.invoice.pk for bill in bills]),
                bigints([bill.buyer_id for bill in bills]),
                bigints([bill.total for bill in bills]),
                [bill.currency for bill in bills],
                [_source(bill).value for bill in bills],
                [str(_source(bill).label) for bill in bills],
            ],
        )
        written = {invoice_id: (pk, uuid) for invoice_id, pk, uuid in cursor.fetchall()}
    return [_held_payment(bill, *written[bill.invoice.pk]) for bill in bills]


def _source(bill: Bill) -> PaymentSource:
    """What was held for the milestone of a corrected invoice is spent: its note gave it back."""
    return PaymentSource.CREDIT if bill.is_corrected else PaymentSource.HELD


def _held_payment(bill: Bill, pk: int, uuid: UUID) -> HeldPayment:
    return HeldPayment(
        public_id=format_public_id(Payment.PREFIX, uuid),
        label=f"#{pk} {PaymentStatus.SUCCEEDED}",
        pk=pk,
        payer_id=bill.buyer_id,
        currency=bill.currency,
        provider=_source(bill),
    )


def register() -> None:
    """Let invoices that somebody asks for be paid as they are issued."""
    set_aside.register(held_settle)
