"""Crediting invoices: the note, the money that goes back with it, and what is left to do."""

from datetime import datetime
from typing import Final

from django.db import transaction
from djmoney.money import Money

from accounts import audit
from accounts.models import User
from accounts.policies import require
from common.exceptions import FieldError, Invalid
from common.failpoints import failpoint
from common.formats import money_for_people
from common.money import from_minor, minor_of, to_minor
from gigs.enums import MilestoneStatus, PaymentMode
from gigs.models import Milestone, Project
from gigs.services import milestones_settle, projects_complete
from invoicing import policies as invoice_policies
from invoicing.enums import PAYABLE, InvoiceKind, InvoiceStatus
from invoicing.models import Invoice, InvoiceObjection
from invoicing.services import credit_note_issue, invoices_issue
from wallets import policies
from wallets.enums import PaymentPurpose, PaymentSource, PaymentStatus
from wallets.exceptions import (
    CompletionNotOver,
    PaidFromHeldFunds,
    PaymentInProgress,
    SecondPersonRequired,
)
from wallets.models import Payment
from wallets.models.payments import IN_FLIGHT
from wallets.services.credit_journals import post_paid_note, post_rounding
from wallets.services.payments import TAKEN, payments_conclude

LONGEST_REASON: Final = 500


@transaction.atomic
def invoice_credit(
    *, invoice_id: int, amount: Money | None = None, reason: str, by: User, at: datetime
) -> Invoice:
    """Credit an invoice by a note, in full or an amount before tax; the note.

    For its freelancer, or for staff. What was paid goes back to the commissioner's credit at once:
    from what the freelancer has pending, then available, then as debt. What was not paid is not
    due any more; a milestone whose invoice is gone is settled with nothing. An invoice that the
    freelancer objected to is issued anew once all of it is credited, and paid from the money of
    its note where that covers it.

    Locks project, milestone, invoice, series of notes, series of invoices, balances. One journal
    each under the key credit:<note>. AlreadyCredited, CreditTooHigh, Invalid, NotAnInvoice,
    CompletionNotOver, PaidFromHeldFunds, PaymentInProgress, PermissionRefused,
    SecondPersonRequired.
    """
    invoice = _locked(invoice_id)
    require(invoice_policies.may_credit(by, invoice), "Only the freelancer can credit the invoice.")
    words = " ".join(reason.split())[:LONGEST_REASON]
    if not words:
        raise Invalid([FieldError("reason", "required", "Say why it is credited.")])
    _refuse_unless_at_rest(invoice)
    note = credit_note_issue(
        invoice_id=invoice.pk, amount=_minor(invoice, amount), reason=words, by=by, at=at
    )
    if not invoice_policies.is_seller(by, invoice):
        _refuse_one_person(invoice, note)
    corrected = _issue_anew(note, at=at)
    failpoint("credit.issued")
    if note.paid_at:
        post_paid_note(note, by=by, at=at)
    else:
        post_rounding(note, by=by, at=at)
    failpoint("credit.posted")
    if corrected is None:
        _settle_with_nothing(invoice, at=at)
    elif note.paid_at and corrected.total <= note.total:
        _pay_from_credit(corrected, at=at)
    return note


def _locked(invoice_id: int) -> Invoice:
    """The invoice, locked after its project and milestone."""
    of_invoice = {"invoices": invoice_id}
    project = Project.objects.locked().get(**of_invoice)
    list(Milestone.objects.filter(pk__in=Milestone.objects.filter(**of_invoice)).locked())
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


def _refuse_unless_at_rest(invoice: Invoice) -> None:
    if Payment.objects.filter(invoice=invoice, status__in=IN_FLIGHT).exists():
        raise PaymentInProgress
    if invoice.status in PAYABLE and invoice.project.payment_mode == PaymentMode.HELD:
        raise PaidFromHeldFunds("It is being paid from held funds; credit it once it is paid.")
    if invoice.project.is_by_completion and invoice.project.completed_at is None:
        raise CompletionNotOver


def _refuse_one_person(invoice: Invoice, note: Invoice) -> None:
    """Above the limit staff act on the freelancer's word alone: their objection to the invoice."""
    currency = note.total.currency.code
    limit = policies.payout_terms(currency).approval_above
    if to_minor(note.total) <= limit or InvoiceObjection.objects.filter(invoice=invoice).exists():
        return
    above = money_for_people(from_minor(limit, currency))
    raise SecondPersonRequired(
        f"Above {above} the freelancer has to object to the invoice first, or to credit it."
    )


def _issue_anew(note: Invoice, *, at: datetime) -> Invoice | None:
    """The corrected invoice, where nothing is left of one that its freelancer objected to."""
    invoice = note.credits
    if invoice is None or invoice.milestone is None or invoice.kind != InvoiceKind.MILESTONE:
        return None
    has_objection = InvoiceObjection.objects.filter(invoice=invoice).exists()
    if invoice.status != InvoiceStatus.CREDITED or not has_objection:
        return None
    [corrected] = invoices_issue(milestone_ids=[invoice.milestone.pk], anew=True, at=at)
    return Invoice.objects.get(pk=corrected)


def _settle_with_nothing(invoice: Invoice, *, at: datetime) -> None:
    """Settle the approved milestone of which no invoice is left to be paid."""
    milestone = invoice.milestone
    if milestone is None or milestone.status != MilestoneStatus.APPROVED:
        return
    if not Invoice.objects.filter(milestone=milestone, status__in=PAYABLE).exists():
        milestones_settle(milestone_ids=[milestone.pk], at=at)
        projects_complete(project_ids=[invoice.project_id], at=at)


def _pay_from_credit(corrected: Invoice, *, at: datetime) -> None:
    payment = Payment.objects.create(
        purpose=PaymentPurpose.INVOICE,
        invoice=corrected,
        payer_id=corrected.buyer_id,
        provider=PaymentSource.CREDIT,
        label=PaymentSource.CREDIT.label,
        amount_minor=minor_of(corrected.total.amount, corrected.total.currency.code),
        currency=corrected.total.currency.code,
        is_automatic=True,
        status=PaymentStatus.PROCESSING,
        created_at=at,
    )
    audit.record(
        audit.Record(
            event="payment.started",
            target=payment,
            after={"invoice": corrected.number, "amount_minor": payment.amount_minor},
        ),
        by=None,
        at=at,
    )
    payments_conclude(answers={payment.pk: TAKEN}, at=at)
