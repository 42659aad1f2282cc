"""What becomes of invoices that nobody pays in time."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import AuditEvent
from invoicing import selectors
from invoicing.enums import InvoiceStatus, Side
from invoicing.models import Invoice
from invoicing.services import invoice_put_on_hold, invoices_become_overdue
from outbox.models import Job
from outbox.services import enqueue
from tests.builders import active_project, paid_invoice, pay, run_jobs, sent_invoice
from tests.factories import AT
from wallets import integrity

pytestmark = pytest.mark.django_db

LAST_MOMENT = datetime(2026, 11, 30, 23, 59, 59, tzinfo=UTC)
DAY_AFTER = datetime(2026, 12, 1, tzinfo=UTC)


def status_of(invoice):
    return Invoice.objects.get(pk=invoice.pk).status


def test_an_invoice_is_overdue_once_its_due_day_is_over():
    invoice = sent_invoice()

    assert invoices_become_overdue(at=LAST_MOMENT) == 0
    assert status_of(invoice) == InvoiceStatus.SENT
    assert invoices_become_overdue(at=DAY_AFTER) == 1
    assert status_of(invoice) == InvoiceStatus.OVERDUE
    assert invoices_become_overdue(at=DAY_AFTER) == 0
    [event] = AuditEvent.objects.filter(event="invoice.overdue")
    assert (event.before, event.after, event.actor) == (
        {"status": "sent"},
        {"status": "overdue"},
        "",
    )


def test_both_sides_are_told_once(commissioner, freelancer):
    invoice = sent_invoice(active_project(commissioner=commissioner, freelancer=freelancer))

    invoices_become_overdue(at=DAY_AFTER)
    invoices_become_overdue(at=DAY_AFTER + timedelta(days=1))

    told = Job.objects.filter(payload__template="invoice_overdue").order_by("pk")
    assert [job.payload["to"] for job in told] == [commissioner.email, freelancer.email]
    assert told[0].payload["context"] == {
        "name": commissioner.name,
        "number": invoice.number,
        "milestone": "Part 1",
        "total": {"money": ["3333.34", "USD"]},
        "due_on": {"date": "2026-11-30"},
        "path": {"page": ["invoicing:detail", invoice.public_id]},
    }


def test_what_is_paid_or_on_hold_stays_as_it_is():
    project = active_project()
    paid, held = paid_invoice(project, position=1), sent_invoice(project, position=2)
    invoice_put_on_hold(invoice=held, at=AT)

    assert invoices_become_overdue(at=DAY_AFTER) == 0
    assert (status_of(paid), status_of(held)) == (InvoiceStatus.PAID, InvoiceStatus.ON_HOLD)


def test_an_overdue_invoice_is_paid_like_any_other(freelancer):
    invoice = sent_invoice(active_project(freelancer=freelancer))
    invoices_become_overdue(at=DAY_AFTER)

    assert selectors.outstanding(freelancer, Side.SENT)[0].count == 1
    pay(invoice, at=DAY_AFTER)

    assert status_of(invoice) == InvoiceStatus.PAID
    assert integrity.differences() == []


def test_a_full_round_is_followed_by_another_one():
    project = active_project()
    for position in (1, 2, 3):
        sent_invoice(project, position=position)

    assert invoices_become_overdue(at=DAY_AFTER, limit=2) == 2
    assert Invoice.objects.filter(status=InvoiceStatus.SENT).count() == 1
    assert Job.objects.filter(topic="invoice.overdue").count() == 1
    assert invoices_become_overdue(at=DAY_AFTER, limit=2) == 1
    assert Job.objects.filter(topic="invoice.overdue").count() == 1


def test_many_take_as_many_queries_as_one():
    counts = []
    for tasks in (1, 6):
        project = active_project(tasks=tasks)
        for position in range(1, tasks + 1):
            sent_invoice(project, position=position)
        with CaptureQueriesContext(connection) as queries:
            assert invoices_become_overdue(at=DAY_AFTER) == tasks
        counts.append(len(queries))

    assert counts[0] == counts[1]


def test_the_scheduled_job_does_it():
    invoice = sent_invoice()
    enqueue("invoice.overdue", key="overdue:1", due_at=AT)

    with time_machine.travel(DAY_AFTER, tick=False):
        run_jobs("invoice.overdue")

    assert status_of(invoice) == InvoiceStatus.OVERDUE


def test_pages_say_so(client_for, commissioner, freelancer):
    invoice = sent_invoice(active_project(commissioner=commissioner, freelancer=freelancer))
    invoices_become_overdue(at=DAY_AFTER)
    page = reverse("invoicing:detail", args=[invoice.public_id])

    mine, theirs = (
        client_for(user).get(page).content.decode() for user in (commissioner, freelancer)
    )
    listed = client_for(commissioner).get(reverse("invoicing:list"), {"status": "overdue"})

    assert 'data-status="overdue">Overdue</span>' in mine
    assert "Please pay it now." in mine
    assert reverse("wallets:pay", args=[invoice.public_id]) in mine
    assert "This invoice is overdue" in theirs
    assert "Please pay it now." not in theirs
    assert listed.context["page"].rows == [invoice]
