"""What was paid of invoices while something of them stayed open, and until when it stood."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from djmoney.money import Money

from common.money import from_minor
from invoicing.models import Invoice

PART: Final = "part"
"""How payments call it that they paid less than all. They belong to an app above."""


@dataclass(frozen=True, slots=True)
class PartPayment:
    """A payment of a part, the notes before it, and the one that undid it, if one did."""

    amount: Money
    paid_at: datetime
    notes_before: Sequence[Invoice]
    undone_by: Invoice | None


def part_payments(invoice: Invoice, notes: Sequence[Invoice]) -> list[PartPayment]:
    """All of an invoice, in their order; `notes` are those before it was paid in full, in theirs.

    Reads the invoice's payments. Each note on what is paid in part undoes the part, and pays it
    again for what is left: so the last notes are those that undid one part each.
    """
    amounts = _amounts(invoice)
    undone = len(amounts) - (1 if invoice.part_paid else 0)
    first = len(notes) - undone
    return [
        PartPayment(
            amount=amount,
            paid_at=paid_at,
            notes_before=notes[:place],
            undone_by=notes[place] if place < len(notes) else None,
        )
        for place, (paid_at, amount) in enumerate(amounts, start=first)
    ]


@dataclass(frozen=True, slots=True)
class Received:
    """One of the two payments of an invoice, as its page names it."""

    label: str
    amount: Money
    paid_at: datetime


def received(invoice: Invoice, notes: Sequence[Invoice]) -> list[Received]:
    """The part that stands and, once it is paid, the rest; nothing where there is no part.

    `notes` are all on the invoice, in their order. Reads its payments.
    """
    if not invoice.part_paid:
        return []
    before = [note for note in notes if note.paid_at is None]
    part = part_payments(invoice, before)[-1]
    found = [Received("Paid in part", part.amount, part.paid_at)]
    if invoice.paid_at:
        rest = invoice.total - part.amount
        for note in before:
            rest -= note.total
        found.append(Received("Rest paid", rest, invoice.paid_at))
    return found


def undoes_part(note: Invoice, invoice: Invoice) -> bool:
    """Whether a note took back what was paid in part; reads its invoice's payments and notes."""
    every = sorted(invoice.credit_notes.all(), key=lambda one: one.pk)
    before = [one for one in every if one.paid_at is None]
    return any(part.undone_by == note for part in part_payments(invoice, before))


def first_part(invoice: Invoice) -> Money | None:
    """What was paid in part when the invoice was issued, whatever became of it; reads its payments."""
    amounts = [amount for _, amount in _amounts(invoice)]
    return amounts[0] if amounts else None


def _amounts(invoice: Invoice) -> list[tuple[datetime, Money]]:
    payments = sorted(invoice.payments.all(), key=lambda payment: payment.pk)
    return [
        (payment.created_at, from_minor(payment.amount_minor, payment.currency))
        for payment in payments
        if payment.outcome == PART
    ]
