"""Credit notes: what takes back an invoice, or a part of it, and what is left of it."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db import transaction

from accounts import audit
from accounts.models import User
from common.formats import money_for_people
from common.money import (
    FeeSplit,
    decimal_of,
    fee_given_back,
    from_minor,
    minor_of,
    tax_of_part,
    to_minor,
)
from gigs.models import Project
from gigs.services import extra_note_invoiced, projects_note_invoiced
from invoicing import numbering
from invoicing.enums import InvoiceKind, InvoiceStatus, SeriesFamily
from invoicing.exceptions import AlreadyCredited, CreditTooHigh, NotAnInvoice
from invoicing.models import LUMP_SUM, Invoice, InvoiceLine, InvoiceTax
from invoicing.services.issuing import DOCUMENT
from outbox.services import enqueue


@transaction.atomic
def credit_note_issue(
    *,
    invoice_id: int,
    amount: int | None,
    reason: str,
    request_key: UUID | None = None,
    by: User,
    at: datetime,
) -> Invoice:
    """Issue the note that credits so many minor units of an invoice before tax, or all that is left.

    Only invoicing's part: whoever calls moves the money in the same transaction. Locks the
    project, the invoice and the series of notes. The fee of the part goes back by the formula on
    the project's reduced sum, its tax at the rate frozen on the invoice. AlreadyCredited,
    CreditTooHigh, NotAnInvoice.
    """
    project = Project.objects.locked().get(invoices=invoice_id)
    invoice = Invoice.objects.select_related("milestone").locked().get(pk=invoice_id)
    gross = _gross(invoice, amount)
    split = fee_given_back(
        rate=invoice.fee_rate,
        gross_before=project.invoiced_minor,
        fees_before=project.fees_minor,
        gross=gross,
    )
    projects_note_invoiced(
        {project.pk: (project.invoiced_minor - gross, project.fees_minor - split.fee)}
    )
    taxes = list(invoice.taxes.order_by("pk"))
    tax = _tax(invoice, taxes, gross)
    note = _note(invoice, split, tax, reason=reason, key=request_key, at=at)
    _write_lines(note, invoice, taxes)
    _take_off(invoice, note)
    _announce(invoice, note, by=by, at=at)
    return note


def _gross(invoice: Invoice, amount: int | None) -> int:
    if invoice.kind == InvoiceKind.CREDIT_NOTE:
        raise NotAnInvoice
    if invoice.status == InvoiceStatus.CREDITED:
        raise AlreadyCredited
    left = to_minor(invoice.subtotal_left)
    gross = left if amount is None else amount
    if not 0 < gross <= left:
        raise CreditTooHigh(
            f"Up to {money_for_people(invoice.subtotal_left)} before tax can be credited."
        )
    return gross


def _tax(invoice: Invoice, taxes: Sequence[InvoiceTax], gross: int) -> int:
    """An invoice has one decision, and so one rate for all that it is about."""
    currency = invoice.total.currency.code
    [rate] = {tax.rate for tax in taxes} or {None}
    if not rate:
        return 0
    return tax_of_part(rate, basis_before=minor_of(invoice.credited, currency), basis=gross)


def _note(
    invoice: Invoice, split: FeeSplit, tax: int, *, reason: str, key: UUID | None, at: datetime
) -> Invoice:
    currency = invoice.total.currency.code
    seller, family = invoice.seller_id, SeriesFamily.CREDIT_NOTE
    counter = numbering.counters_for([seller], year=at.year, family=family)[seller]
    position, number = counter.take()
    note = Invoice.objects.create(
        series_id=counter.series_id,
        position=position,
        number=number,
        kind=InvoiceKind.CREDIT_NOTE,
        status=InvoiceStatus.ISSUED,
        project_id=invoice.project_id,
        milestone=invoice.milestone,
        credits=invoice,
        reason=reason,
        request_key=key,
        seller_id=invoice.seller_id,
        buyer_id=invoice.buyer_id,
        seller_copy=invoice.seller_copy,
        buyer_copy=invoice.buyer_copy,
        subtotal=from_minor(split.gross, currency),
        tax=from_minor(tax, currency),
        total=from_minor(split.gross + tax, currency),
        fee=from_minor(split.fee, currency),
        net=from_minor(split.net + tax, currency),
        fee_rate=invoice.fee_rate,
        issued_at=at,
        issued_on=at.date(),
        due_on=at.date(),
        paid_at=at if invoice.paid_at else None,
    )
    numbering.advance([counter])
    return note


def _write_lines(note: Invoice, invoice: Invoice, taxes: Sequence[InvoiceTax]) -> None:
    """All lines of the invoice, or one line for a part of it; and its tax."""
    lines = list(invoice.lines.order_by("position"))
    if note.subtotal != invoice.subtotal:
        [first, *_] = lines
        first.quantity, first.unit = Decimal(1), LUMP_SUM
        first.unit_price = first.amount = note.subtotal
        lines = [first]
    InvoiceLine.objects.bulk_create(
        InvoiceLine(
            invoice=note,
            position=position,
            description=line.description,
            quantity=line.quantity,
            unit=line.unit,
            unit_price=line.unit_price,
            amount=line.amount,
            tax_category=line.tax_category,
            tax_rate=line.tax_rate,
        )
        for position, line in enumerate(lines, start=1)
    )
    InvoiceTax.objects.bulk_create(
        InvoiceTax(
            invoice=note,
            category=tax.category,
            rate=tax.rate,
            name=tax.name,
            basis=note.subtotal,
            amount=note.tax,
            legend=tax.legend,
            vatex_code=tax.vatex_code,
            rule=tax.rule,
        )
        for tax in taxes
    )


def _take_off(invoice: Invoice, note: Invoice) -> None:
    """What the note takes off the locked invoice; nothing left of it ends it."""
    invoice.credited += note.subtotal.amount
    invoice.credited_tax += note.tax.amount
    invoice.credited_fee += note.fee.amount
    if invoice.credited == invoice.subtotal.amount:
        invoice.move_to(InvoiceStatus.CREDITED)
        if invoice.kind == InvoiceKind.MANUAL and invoice.milestone_id is None:
            extra_note_invoiced(project_id=invoice.project_id, amount=-to_minor(invoice.subtotal))
    invoice.save(update_fields=["status", "credited", "credited_tax", "credited_fee"])


def _announce(invoice: Invoice, note: Invoice, *, by: User, at: datetime) -> None:
    audit.record(
        audit.Record(
            event="invoice.credited",
            target=invoice,
            after={
                "status": invoice.status,
                "note": note.number,
                "subtotal": str(decimal_of(to_minor(note.subtotal), note.total.currency.code)),
                "tax": str(decimal_of(to_minor(note.tax), note.total.currency.code)),
                "fee": str(decimal_of(to_minor(note.fee), note.total.currency.code)),
                "currency": note.total.currency.code,
                "reason": note.reason,
            },
        ),
        by=by,
        at=at,
    )
    enqueue(DOCUMENT, key=note.public_id, payload={"invoice": note.pk})
