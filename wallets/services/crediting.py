"""Crediting invoices: the note, the money that goes back with it, and what is left to do."""

from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import transaction
from djmoney.money import Money

from accounts import audit
from accounts.models import AuditEvent, User
from accounts.policies import require
from common.exceptions import FieldError, Invalid
from common.failpoints import failpoint
from common.formats import money_for_people
from common.money import from_minor, to_minor
from gigs.enums import MilestoneStatus, PaymentMode
from gigs.models import Milestone, Project
from gigs.services import GivenUp, milestones_settle, projects_complete
from invoicing import policies as invoice_policies
from invoicing.enums import PAYABLE
from invoicing.models import Invoice
from invoicing.selectors import has_objection
from invoicing.services import credit_note_issue, invoice_issue_anew
from wallets import ledger, policies
from wallets.enums import (
    AccountKind,
    FundingStatus,
    PaymentPurpose,
    PaymentSource,
    PaymentStatus,
    ReleaseCause,
)
from wallets.exceptions import (
    CompletionNotOver,
    NotCovered,
    PaymentInProgress,
    SecondPersonRequired,
)
from wallets.ledger import AccountSpec
from wallets.models import MilestoneFunding, Payment
from wallets.models.payments import IN_FLIGHT
from wallets.services.credit_journals import (
    PartBack,
    post_paid_note,
    post_part_back,
    post_rounding,
    take_part_off,
    uncovered,
)
from wallets.services.held import held_settle
from wallets.services.parts import part_pay
from wallets.services.payments import TAKEN, payments_conclude
from wallets.services.releases import funds_release
from wallets.services.settlement import Bill, locked_bills

LONGEST_REASON: Final = 500


@transaction.atomic
def invoice_credit(  # noqa: PLR0913 - what a form says, and who agreed
    *,
    invoice_id: int,
    amount: Money | None = None,
    reason: str,
    is_seconded: bool = False,
    request_key: UUID | None = None,
    by: User,
    at: datetime,
) -> Invoice:
    """Credit an invoice by a note, in full or an amount before tax; the note.

    For its freelancer, or for staff, above the limit once a second of them agrees. What was paid
    goes back to the commissioner's credit at once: from what the freelancer has pending, then
    available, then as debt, which staff alone let arise, unless what is pending pays it. What was
    not paid is not due any more; a milestone whose invoice is gone is settled with nothing, and what was held for it is credit
    again; what is left of one that waits for held funds is paid if they suffice now. An invoice that
    the freelancer objected to is issued anew once all of it is credited, and paid from the money of
    its notes, as far as that goes: the rest of it stays open. A second call with the same `request_key` gives the first note.

    Locks project, milestone, invoice, series of notes, series of invoices, balances. One journal
    each under the key credit:<note>. AlreadyCredited, CreditTooHigh, Invalid, NotAnInvoice,
    CompletionNotOver, NotCovered, PaymentInProgress, PermissionRefused,
    SecondPersonRequired.
    """
    invoice = _locked(invoice_id)
    require(invoice_policies.may_credit(by, invoice), "Only the freelancer can credit the invoice.")
    if known := _sent_before(invoice, request_key):
        return known
    words = _words(reason)
    wanted = _minor(invoice, amount)
    is_replaced = wanted in (None, to_minor(invoice.subtotal_left)) and has_objection(invoice)
    _refuse_unless_at_rest(invoice, is_replaced=is_replaced)
    is_seller = invoice_policies.is_seller(by, invoice)
    taken_off = take_part_off(invoice)
    note = credit_note_issue(
        invoice_id=invoice.pk, amount=wanted, reason=words, request_key=request_key, by=by, at=at
    )
    if not (is_seconded or is_seller):
        _refuse_one_person(invoice)
    corrected = _issue_anew(invoice, at=at) if is_replaced else None
    failpoint("credit.issued")
    part = taken_off.given.credit if taken_off is not None else 0
    owed = _post(note, taken_off, by=by, at=at)
    failpoint("credit.posted")
    if corrected is None:
        _conclude(invoice, part=part, by=by, at=at)
    elif note.paid_at or part:
        _pay_from(_paid_back(invoice) + part, corrected, at=at)
    if is_seller and owed is not None:
        _refuse_new_debt(note, owed)
    return note


def _post(note: Invoice, taken_off: PartBack | None, *, by: User, at: datetime) -> int | None:
    """Move the money of a note; what was owed before it, read once the wallet is locked.

    None where nothing is posted, and so nothing taken.
    """
    owed = post_part_back(taken_off, by=by, at=at) if taken_off is not None else None
    post = post_paid_note if note.paid_at else post_rounding
    later = post(note, by=by, at=at)
    return later if owed is None else owed


def _words(reason: str) -> str:
    words = " ".join(reason.split())[:LONGEST_REASON]
    if not words:
        raise Invalid([FieldError("reason", "required", "Say why it is credited.")])
    return words


def _sent_before(invoice: Invoice, request_key: UUID | None) -> Invoice | None:
    """The note of the locked invoice that the same form made before."""
    if request_key is None:
        return None
    return invoice.credit_notes.filter(request_key=request_key).first()


def _locked(invoice_id: int) -> Invoice:
    """The invoice, locked after its project and all milestones: a final one is about several."""
    project = Project.objects.select_related("commissioner").locked().get(invoices=invoice_id)
    list(Milestone.objects.filter(project=project).locked())
    invoice = Invoice.objects.select_related("milestone").locked().get(pk=invoice_id)
    invoice.project = project
    return invoice


def _minor(invoice: Invoice, amount: Money | None) -> int | None:
    if amount is None:
        return None
    currency = invoice.total.currency.code
    if amount.currency.code != currency:
        words = f"The invoice is in {currency}."
        raise Invalid([FieldError("amount", "currency_mismatch", words)])
    return to_minor(amount)


def _refuse_unless_at_rest(invoice: Invoice, *, is_replaced: bool) -> None:
    if Payment.objects.filter(invoice=invoice, status__in=IN_FLIGHT).exists():
        raise PaymentInProgress
    is_running = invoice.project.is_by_completion and invoice.project.completed_at is None
    if is_running and not is_replaced:
        raise CompletionNotOver


def _refuse_one_person(invoice: Invoice) -> None:
    """Above the limit staff act in twos, or on the freelancer's word: their objection to it.

    What they have credited of the invoice counts together.
    """
    currency = invoice.total.currency.code
    limit = policies.payout_terms(currency).approval_above
    if _credited_by_staff(invoice) <= limit or has_objection(invoice):
        return
    above = money_for_people(from_minor(limit, currency))
    raise SecondPersonRequired(
        f"Above {above} a second person has to agree, unless the freelancer objected to the invoice."
    )


def _credited_by_staff(invoice: Invoice) -> int:
    events = AuditEvent.objects.filter(target=invoice.public_id, event="invoice.credited")
    others = events.exclude(actor=invoice.seller.public_id).values_list("after", flat=True)
    notes = invoice.credit_notes.filter(number__in=[after["note"] for after in others])
    return sum(to_minor(note.total) for note in notes)


def _refuse_new_debt(note: Invoice, owed: int) -> None:
    """What the wallet lacks would be the platform's risk: the freelancer alone cannot take it.

    What clears later pays what they owe by then, so only what is owed beyond it counts. All that
    is owed counts, not what this note adds: else what clears would cover one note after another.
    """
    currency = note.total.currency.code
    lacks = uncovered(note.seller_id, currency) - owed
    if lacks > 0:
        missing = money_for_people(from_minor(lacks, currency))
        raise NotCovered(
            f"Your wallet lacks {missing} of what this takes back. Credit less, or ask staff to credit it."
        )


def _issue_anew(invoice: Invoice, *, at: datetime) -> Invoice:
    """The corrected invoice of one that its freelancer objected to, and of which nothing is left."""
    return Invoice.objects.get(pk=invoice_issue_anew(invoice_id=invoice.pk, at=at))


def _conclude(invoice: Invoice, *, part: int, by: User, at: datetime) -> None:
    """What there is to do about an invoice that has a note and is not issued anew.

    What was paid of it in part is paid again, for what is left of it. One that waits for held funds
    may be small enough for them now. An approved milestone of which
    no invoice is left to be paid is settled with nothing.
    """
    invoice.refresh_from_db(fields=["status"])
    if invoice.status in PAYABLE and part:
        _pay_from(part, invoice, at=at)
        return
    if invoice.status in PAYABLE and invoice.project.payment_mode == PaymentMode.HELD:
        held_settle(invoice_ids=[invoice.pk], at=at)
        return
    milestone = invoice.milestone
    if milestone is None or milestone.status != MilestoneStatus.APPROVED:
        return
    if not Invoice.objects.filter(milestone=milestone, status__in=PAYABLE).exists():
        _release(invoice, milestone, by=by, at=at)
        milestones_settle(milestone_ids=[milestone.pk], at=at)
        projects_complete(project_ids=[invoice.project_id], at=at)


def _release(invoice: Invoice, milestone: Milestone, *, by: User, at: datetime) -> None:
    """Give back what is held for a milestone that nothing is to be paid for."""
    milestone.project = invoice.project
    held = MilestoneFunding.objects.filter(milestone=milestone, status=FundingStatus.HELD)
    if held.exists():
        given = GivenUp(milestone, before=milestone.billed_minor, after=0)
        funds_release(given, cause=ReleaseCause.CREDITED, by=by, at=at)


def _paid_back(invoice: Invoice) -> int:
    """What the notes of an invoice that was paid gave back."""
    notes = invoice.credit_notes.filter(paid_at__isnull=False)
    return sum(to_minor(one.total) for one in notes)


def _pay_from(back: int, invoice: Invoice, *, at: datetime) -> None:
    """Pay an invoice from money that was paid for its work before and is credit again.

    In full where that covers it; where the project holds funds, with more of the buyer's credit.
    Else in part, and the rest stays open.
    """
    [bill] = locked_bills(Invoice.objects.among([invoice.pk]))
    spec = AccountSpec(f"user:{bill.buyer_id}", AccountKind.CREDIT, bill.currency)
    ids = ledger.open_accounts([spec])
    free = ledger.lock([ids[spec]])[ids[spec]]
    part = min(back, free)
    is_held = invoice.project.payment_mode == PaymentMode.HELD
    if bill.total <= (free if is_held else part):
        _pay_from_credit(bill, at=at)
    elif part > 0:
        part_pay(bill, amount=part, source=PaymentSource.CREDIT, at=at)


def _pay_from_credit(bill: Bill, *, at: datetime) -> None:
    payment = Payment.objects.create(
        purpose=PaymentPurpose.INVOICE,
        invoice_id=bill.invoice.pk,
        payer_id=bill.buyer_id,
        provider=PaymentSource.CREDIT,
        label=PaymentSource.CREDIT.label,
        amount_minor=bill.total,
        currency=bill.currency,
        is_automatic=True,
        status=PaymentStatus.PROCESSING,
        created_at=at,
    )
    audit.record(
        audit.Record(
            event="payment.started",
            target=payment,
            after={"invoice": bill.invoice.number, "amount_minor": payment.amount_minor},
        ),
        by=None,
        at=at,
    )
    payments_conclude(answers={payment.pk: TAKEN}, at=at)
