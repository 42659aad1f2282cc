"""Fees that cannot be billed yet, or not at all, stop no others."""

from datetime import UTC, datetime

import pytest
from django.db import connection

from invoicing.documents.fees import FeeCharge
from invoicing.enums import FeeKind
from invoicing.models import FeeInvoice, Invoice
from invoicing.services.fees import fee_invoices_issue
from outbox.models import Job
from tests.builders import active_project, credit, paid_invoice, pay, sent_invoice
from tests.parties import seller
from tests.wallets.test_fee_billing import PLATFORM, differences, document_of, later, month
from wallets.selectors import platform_fees_total
from wallets.selectors.fees import after
from wallets.services.fee_billing import FeesUnbilled, fees_bill, month_bill

pytestmark = pytest.mark.django_db
REFUSE = "ALTER TABLE invoicing_feeinvoice ADD CONSTRAINT one_is_refused CHECK"


@pytest.fixture(autouse=True)
def _legal(settings):
    settings.PLATFORM_LEGAL = PLATFORM


def given_back_before(person, amount=1):
    """What rounding gives back of the fee of an invoice that was never paid."""
    return FeeCharge(FeeKind.CREDIT, person.pk, "USD", month(), amount, 0)


def test_a_fee_that_went_back_before_any_was_billed_waits_and_stops_nobody():
    person = seller()
    waiting = given_back_before(person)
    other = FeeCharge(FeeKind.FEE, seller().pk, "USD", month(), 100, 0)

    assert fee_invoices_issue(charges=[waiting, other], at=later()) == 1
    first = after(after(month()))
    fee = FeeCharge(FeeKind.FEE, person.pk, "USD", after(month()), 16667, 0)
    at = datetime(first.year, first.month, 2, tzinfo=UTC)
    assert fee_invoices_issue(charges=[fee], at=at) == 1
    assert fee_invoices_issue(charges=[waiting], at=at) == 1

    billed, note = FeeInvoice.objects.filter(freelancer=person).order_by("kind")
    assert (note.kind, note.month, note.total_minor) == ("fee_credit", month(), 1)
    assert [former.number for former in document_of(note).preceding] == [billed.number]


def rounded_back():
    """The cent that rounding gives back with the note of an unpaid invoice, and nothing else."""
    project = active_project()
    for position in (1, 2, 3):
        sent_invoice(project, position=position)
    return credit(Invoice.objects.get(milestone__position=2))


def test_a_month_with_such_a_cent_is_billed_again_after_the_next_one():
    note = rounded_back()
    assert platform_fees_total("USD") == -1

    assert fees_bill(at=later()) == 0

    job = Job.objects.get(topic="fees.bill")
    first = after(after(month()))
    assert job.payload == {"month": month().isoformat()}
    assert job.due_at == datetime(first.year, first.month, 1, 1, tzinfo=UTC)
    pay(Invoice.objects.get(milestone__position=1))
    assert month_bill(month=month(), at=later()) == 2
    credited = FeeInvoice.objects.get(kind="fee_credit")
    assert (credited.total_minor, credited.freelancer) == (1, note.seller)
    assert differences() == []


def test_a_charge_that_fails_stops_no_other():
    first = paid_invoice()
    second = paid_invoice(active_project(title="Another"))
    with connection.cursor() as cursor:
        cursor.execute(f"{REFUSE} ({first.seller_id} <> freelancer_id)")

    assert fees_bill(at=later()) == 1
    assert FeeInvoice.objects.get().freelancer == second.seller
    job = Job.objects.get(topic="fees.bill")
    assert (job.key, job.payload) == (f"{month():%Y-%m}:failed", {"month": month().isoformat()})
    with pytest.raises(FeesUnbilled, match=f"user {first.seller_id}, USD fee"):
        month_bill(month=month(), at=later())
