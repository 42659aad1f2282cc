"""Crediting invoices: the note, its fee and tax, and where the money comes from."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from djmoney.money import Money

from accounts.models import AuditEvent, User
from gigs.models import Milestone, Project
from invoicing.exceptions import AlreadyCredited
from invoicing.models import Invoice
from invoicing.services import invoice_object
from outbox.models import Job
from tests.builders import (
    SANDBOX_OK,
    active_project,
    credit,
    fund,
    held_project,
    milestone_of,
    paid_invoice,
    pay,
    run_jobs,
    sent_invoice,
)
from tests.factories import AT, UserFactory
from tests.parties import buyer, seller
from tests.wallets.withdrawing import request
from wallets import integrity
from wallets.exceptions import (
    AmountMismatch,
    InsufficientFunds,
    InvoiceCredited,
    NotCovered,
)
from wallets.models import Clearing, Journal, Payment
from wallets.selectors import credit_balance, platform_fees_total, wallet_balances
from wallets.services import (
    HoldTerms,
    clearings_finish,
    hold_place,
    hold_release,
    note_preview,
    payment_begin,
    withdrawal_cancel,
)

pytestmark = pytest.mark.django_db


def wallet(user) -> tuple[int, int, int, int]:
    """Pending, available, debt and lifetime earnings."""
    [row] = wallet_balances(user.pk)
    return row.pending, row.available, row.debt, row.lifetime_earnings


def credit_by_staff(invoice: Invoice, amount: str = "", *, at=AT) -> Invoice:
    """Staff alone let a debt arise."""
    return credit(invoice, amount, by=UserFactory(is_staff=True), at=at)


def figures(invoice: Invoice) -> tuple[str, ...]:
    amounts = (invoice.subtotal, invoice.tax, invoice.total, invoice.fee, invoice.net)
    return tuple(f"{amount.amount:.2f}" for amount in amounts)


def test_a_paid_invoice_goes_back_in_full():
    invoice = paid_invoice()

    note = credit(invoice)

    invoice.refresh_from_db()
    assert (note.kind, note.status, note.credits, note.paid_at) == (
        "credit_note",
        "issued",
        invoice,
        AT,
    )
    assert note.number == invoice.number.replace("-2026-", "C-2026-")
    assert figures(note) == figures(invoice) == ("3333.34", "0.00", "3333.34", "166.67", "3166.67")
    assert [line.description for line in note.lines.all()] == [
        line.description for line in invoice.lines.all()
    ]
    assert (invoice.status, invoice.paid_at, invoice.due.amount) == ("credited", AT, 0)
    assert wallet(invoice.seller) == (0, 0, 0, 0)
    assert credit_balance(invoice.buyer_id, "USD") == Money("3333.34", "USD")
    project = Project.objects.get()
    assert (project.invoiced_minor, project.fees_minor) == (0, 0)
    assert Milestone.objects.get(position=1).status == "settled"
    journal = Journal.objects.get(key=f"credit:{note.public_id}")
    assert journal.reverses.key == f"settle:{invoice.public_id}"
    assert AuditEvent.objects.get(event="invoice.credited").after["note"] == note.number
    assert integrity.differences() == []


def test_a_part_of_a_paid_invoice_goes_back_and_then_the_rest():
    project = active_project()
    invoice = paid_invoice(project)

    part = credit(invoice, "1000.00")

    invoice.refresh_from_db()
    assert figures(part) == ("1000.00", "0.00", "1000.00", "50.00", "950.00")
    assert (invoice.status, invoice.subtotal_left) == ("paid", Money("2333.34", "USD"))
    assert wallet(invoice.seller) == (0, 221667, 0, 221667)
    assert credit_balance(invoice.buyer_id, "USD") == Money("1000.00", "USD")
    assert Journal.objects.get(key=f"credit:{part.public_id}").reverses is None
    assert integrity.differences() == []

    rest = credit(invoice)

    assert figures(rest) == ("2333.34", "0.00", "2333.34", "116.67", "2216.67")
    assert wallet(invoice.seller) == (0, 0, 0, 0)
    assert integrity.differences() == []


def test_a_part_of_an_unpaid_invoice_lowers_what_is_due():
    invoice = sent_invoice()

    part = credit(invoice, "333.34")

    invoice.refresh_from_db()
    assert (part.paid_at, invoice.status, invoice.due) == (None, "sent", Money("3000.00", "USD"))
    assert credit_balance(invoice.buyer_id, "USD").amount == 0
    assert not Journal.objects.exists()
    with pytest.raises(AmountMismatch, match=r"^Exactly 3,000\.00 USD of this invoice are due\.$"):
        payment_begin(
            invoice_id=invoice.pk, method=SANDBOX_OK, amount=invoice.total, by=invoice.buyer, at=AT
        )
    payment = pay(invoice)
    invoice.refresh_from_db()
    assert (payment.amount_minor, payment.outcome, invoice.status) == (300000, "exact", "paid")
    assert wallet(invoice.seller) == (0, 285000, 0, 285000)
    assert integrity.differences() == []

    after = credit(invoice, "1000.00")

    assert (after.paid_at, wallet(invoice.seller)) == (AT, (0, 190000, 0, 190000))
    assert integrity.differences() == []


def test_an_unpaid_invoice_credited_in_full_settles_its_milestone_with_nothing():
    project = active_project(tasks=1)
    invoice = sent_invoice(project)

    credit(invoice)

    invoice.refresh_from_db()
    project.refresh_from_db()
    assert (invoice.status, invoice.due.amount, project.invoiced_minor) == ("credited", 0, 0)
    assert (milestone_of(project).status, project.status) == ("settled", "completed")
    assert not Journal.objects.exists()
    assert integrity.differences() == []
    with pytest.raises(InvoiceCredited):
        pay(invoice)
    with pytest.raises(AlreadyCredited):
        credit(invoice)


def test_fees_of_a_project_stay_exact_to_the_cent_when_rounding_gives_more_back():
    """333.34, then 166.67 of the formula, where the second invoice has 166.66."""
    project = active_project()
    first = paid_invoice(project)
    second = sent_invoice(project, position=2)
    third = paid_invoice(project, position=3)

    note = credit(second)

    assert (second.fee.amount, note.fee.amount) == (Decimal("166.66"), Decimal("166.67"))
    project.refresh_from_db()
    assert (project.invoiced_minor, project.fees_minor) == (666667, 33333)
    assert wallet(first.seller) == (0, 316667 + 316666 + 1, 0, 316667 + 316666)
    assert platform_fees_total("USD") == 33333
    assert third.fee.amount == Decimal("166.67")
    assert integrity.differences() == []


def test_tax_goes_back_at_the_rate_of_the_invoice_and_parts_add_up():
    project = active_project(
        commissioner=buyer(), freelancer=seller(), budget="100.00", currency="EUR", tasks=1
    )
    invoice = paid_invoice(project)

    notes = [credit(invoice, amount) for amount in ("33.33", "33.33", "")]

    assert [figures(note)[:3] for note in notes] == [
        ("33.33", "6.33", "39.66"),
        ("33.33", "6.34", "39.67"),
        ("33.34", "6.33", "39.67"),
    ]
    assert sum(note.fee.amount for note in notes) == Decimal("5.00")
    assert [note.taxes.get().legend for note in notes] == [invoice.taxes.get().legend] * 3
    assert wallet(invoice.seller) == (0, 0, 0, 0)
    assert credit_balance(invoice.buyer_id, "EUR") == Money("119.00", "EUR")
    assert integrity.differences() == []


def test_what_is_pending_goes_back_before_what_is_available_and_the_rest_is_debt(settings):
    project = active_project()
    available = paid_invoice(project)
    settings.CLEARING_DAYS = 5
    other = active_project(
        freelancer=available.seller, commissioner=available.buyer, title="Another"
    )
    pending = paid_invoice(other)
    request(available.seller, amount="3000.00")

    credit(available)

    assert wallet(available.seller) == (0, 16667, 0, 316667)
    clearing = Clearing.objects.get()
    assert (clearing.amount_minor, clearing.taken_minor) == (316667, 316667)
    assert integrity.differences() == []

    credit_by_staff(pending)

    assert wallet(available.seller) == (0, 0, 300000, 0)
    assert clearings_finish(invoice_ids=[pending.pk], at=AT + timedelta(days=6)) == []
    assert integrity.differences() == []


def test_what_is_earned_next_pays_the_debt_first():
    project = active_project()
    invoice = paid_invoice(project)
    request(invoice.seller, amount="3000.00")
    credit_by_staff(invoice)
    assert wallet(invoice.seller) == (0, 0, 300000, 0)

    second = paid_invoice(project, position=2)

    assert wallet(invoice.seller) == (0, 16666, 0, 316666)
    journal = Journal.objects.get(kind="debt_payment")
    assert journal.key == f"debt:{second.public_id}"
    assert integrity.differences() == []


def test_what_clears_pays_the_debt_first(settings):
    settings.CLEARING_DAYS = 5
    project = active_project()
    first = paid_invoice(project)
    clearings_finish(invoice_ids=[first.pk], at=AT + timedelta(days=5))
    request(first.seller, amount="3166.67")
    credit_by_staff(first, at=AT + timedelta(days=6))
    assert wallet(first.seller) == (0, 0, 316667, 0)

    second = paid_invoice(project, position=2, at=AT + timedelta(days=6))
    assert wallet(first.seller) == (316666, 0, 316667, 316666)
    clearings_finish(invoice_ids=[second.pk], at=AT + timedelta(days=11))

    assert wallet(first.seller) == (0, 0, 1, 316666)
    assert integrity.differences() == []


def test_money_of_a_withdrawal_that_is_cancelled_pays_a_debt_first():
    project = active_project()
    invoice = paid_invoice(project)
    reserved = request(invoice.seller, amount="3000.00")
    credit_by_staff(invoice)
    assert wallet(invoice.seller) == (0, 0, 300000, 0)

    withdrawal_cancel(withdrawal_id=reserved.pk, by=invoice.seller, at=AT)

    assert wallet(invoice.seller) == (0, 0, 0, 0)
    journal = Journal.objects.get(kind="debt_payment")
    assert journal.key == f"debt:{reserved.public_id}:cancelled"
    assert integrity.differences() == []
    with pytest.raises(InsufficientFunds):
        request(invoice.seller, amount="100.00")


def test_money_that_staff_let_go_pays_a_debt_first(staff):
    project = active_project()
    invoice = paid_invoice(project)
    terms = HoldTerms(
        amount=Money("3000.00", "USD"), reason="Check.", clause="7.2", review_on=date(2026, 12, 1)
    )
    hold = hold_place(user_id=invoice.seller_id, terms=terms, by=staff, at=AT)
    credit_by_staff(invoice, "2000.00")
    assert wallet(invoice.seller) == (0, 0, 173333, 126667)

    hold_release(hold_id=hold.pk, note="All is well.", by=staff, at=AT)

    assert wallet(invoice.seller) == (0, 126667, 0, 126667)
    assert Journal.objects.get(kind="debt_payment").key == f"debt:{hold.public_id}"
    assert integrity.differences() == []


def test_an_invoice_that_was_objected_to_is_issued_anew(commissioner):
    project = active_project(commissioner=commissioner, tasks=1)
    invoice = sent_invoice(project)
    invoice_object(invoice_id=invoice.pk, reason="Wrong name.", by=invoice.seller, at=AT)
    User.objects.filter(pk=commissioner.pk).update(legal_name="The Museum Ltd")

    credit(invoice)

    corrected = Invoice.objects.get(kind="milestone", status="sent")
    assert corrected.buyer_copy["legal_name"] == "The Museum Ltd"
    assert figures(corrected) == figures(invoice)
    assert milestone_of(project).status == "approved"
    assert milestone_of(project).invoice == corrected
    assert integrity.differences() == []
    pay(corrected)
    project.refresh_from_db()
    assert (milestone_of(project).status, project.status) == ("settled", "completed")
    assert wallet(invoice.seller) == (0, 950000, 0, 950000)
    assert integrity.differences() == []


@pytest.mark.parametrize("mode", ["held", "on_invoice"])
def test_a_paid_one_that_is_issued_anew_is_paid_from_the_money_of_its_note(mode):
    project = held_project(tasks=1) if mode == "held" else active_project(tasks=1)
    if mode == "held":
        fund(project)
    invoice = sent_invoice(project)
    if mode == "held":
        run_jobs("invoice.issued")
    else:
        pay(invoice)
    invoice_object(invoice_id=invoice.pk, reason="Wrong name.", by=invoice.seller, at=AT)

    credit(invoice)

    corrected = Invoice.objects.get(kind="milestone", status="paid")
    assert corrected.number.endswith("-00002")
    assert Payment.objects.get(invoice=corrected).provider == "credit"
    assert wallet(invoice.seller) == (0, 950000, 0, 950000)
    assert credit_balance(invoice.buyer_id, "USD").amount == 0
    run_jobs("invoice.issued")
    assert integrity.differences() == []


def test_one_that_is_credited_in_parts_is_paid_from_all_its_notes(commissioner):
    project = held_project(commissioner=commissioner, tasks=1)
    fund(project)
    invoice = sent_invoice(project)
    run_jobs("invoice.issued")
    invoice_object(invoice_id=invoice.pk, reason="No tax.", by=invoice.seller, at=AT)
    credit(invoice, "5000.00")

    credit(invoice)

    corrected = Invoice.objects.get(kind="milestone", status="paid")
    assert Payment.objects.get(invoice=corrected).provider == "credit"
    assert credit_balance(invoice.buyer_id, "USD").amount == 0
    assert wallet(invoice.seller) == (0, 950000, 0, 950000)
    assert integrity.differences() == []


def test_the_freelancer_alone_makes_no_debt():
    invoice = paid_invoice()
    request(invoice.seller, amount="3000.00")

    with pytest.raises(NotCovered, match=r"lacks 783\.33 USD"):
        credit(invoice, "1000.00")

    assert Invoice.objects.count() == 1
    assert wallet(invoice.seller) == (0, 16667, 0, 316667)
    assert credit_balance(invoice.buyer_id, "USD").amount == 0
    credit(invoice, "175.44")
    assert wallet(invoice.seller)[1:3] == (0, 0)
    credit_by_staff(invoice)
    assert wallet(invoice.seller)[2] == 300000
    assert integrity.differences() == []


def test_a_correction_that_is_paid_at_once_is_no_debt():
    invoice = paid_invoice(active_project(tasks=1))
    request(invoice.seller, amount="9000.00")
    invoice_object(invoice_id=invoice.pk, reason="Wrong name.", by=invoice.seller, at=AT)

    credit(invoice)

    assert Invoice.objects.filter(kind="milestone", status="paid").count() == 1
    assert wallet(invoice.seller) == (0, 50000, 0, 950000)
    assert integrity.differences() == []


def test_a_preview_says_all_of_it_and_changes_nothing():
    project = active_project()
    invoice = paid_invoice(project)
    request(invoice.seller, amount="3000.00")

    preview = note_preview(
        invoice_id=invoice.pk,
        amount=Money("1000.00", "USD"),
        reason="Less.",
        by=UserFactory(is_staff=True),
        at=AT,
    )

    assert figures(preview.note) == ("1000.00", "0.00", "1000.00", "50.00", "950.00")
    shown = [
        preview.from_pending,
        preview.from_available,
        preview.as_debt,
        preview.returned,
        preview.left_after,
        preview.due_after,
        preview.gross_before,
        preview.fees_before,
        preview.pending_after,
        preview.available_after,
        preview.debt_after,
        preview.lifetime_after,
    ]
    assert [str(money.amount) for money in shown] == [
        "0.00",
        "166.67",
        "783.33",
        "1000.00",
        "2333.34",
        "0.00",
        "3333.34",
        "166.67",
        "0.00",
        "0.00",
        "783.33",
        "2216.67",
    ]
    assert preview.corrected is None
    assert Invoice.objects.count() == 1
    assert wallet(invoice.seller) == (0, 16667, 0, 316667)


def test_both_sides_have_the_note_by_mail():
    invoice = paid_invoice()
    note = credit(invoice)

    run_jobs("invoice.document")

    mails = Job.objects.filter(topic="mail.send", payload__template="credit_note_issued")
    assert {mail.payload["to"] for mail in mails} == {invoice.buyer.email, invoice.seller.email}
    assert {file.kind for file in note.documents.all()} >= {"pdf", "data"}
