"""Reminding of an invoice, and telling staff, by service, page and API."""

from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse

from accounts.models import AuditEvent
from common.exceptions import PermissionRefused
from invoicing.exceptions import (
    InvoiceAlreadyReported,
    InvoiceNotOpen,
    ReminderTooEarly,
    ReportTooEarly,
)
from invoicing.models import InvoiceReminder, InvoiceReport
from invoicing.services import (
    invoice_put_on_hold,
    invoice_remind,
    invoice_report,
    invoices_become_overdue,
)
from outbox.models import Job
from tests.builders import active_project, pay, sent_invoice
from tests.factories import AT
from tests.rules import copy, refused_by

pytestmark = pytest.mark.django_db

SECOND = AT + timedelta(hours=48)
THIRD = SECOND + timedelta(hours=72)
SOON = timedelta(minutes=1)


@pytest.fixture
def invoice(commissioner, freelancer):
    return sent_invoice(active_project(commissioner=commissioner, freelancer=freelancer))


def remind(invoice, at=AT):
    return invoice_remind(invoice_id=invoice.pk, by=invoice.seller, at=at)


def report(invoice, at=SECOND, message="No answer."):
    return invoice_report(invoice_id=invoice.pk, message=message, by=invoice.seller, at=at)


def test_the_commissioner_is_reminded_by_mail(invoice, commissioner):
    remind(invoice)

    [job] = Job.objects.filter(payload__template="invoice_reminder")
    assert job.payload["to"] == commissioner.email
    assert job.payload["context"] == {
        "name": commissioner.name,
        "number": invoice.number,
        "milestone": "Part 1",
        "freelancer": "Fred Freelancer",
        "total": {"money": ["3333.34", "USD"]},
        "due_on": {"date": "2026-11-30"},
        "path": {"page": ["invoicing:detail", invoice.public_id]},
    }
    event = AuditEvent.objects.get(event="invoice.reminded")
    assert event.after == {"reminders": 1}


def test_the_second_after_48_hours_then_every_72(invoice):
    moments = [AT, SECOND, THIRD, THIRD + timedelta(hours=72)]

    for moment in moments:
        if moment != AT:
            with pytest.raises(ReminderTooEarly):
                remind(invoice, moment - SOON)
        remind(invoice, moment)

    sent = InvoiceReminder.objects.order_by("position")
    assert list(sent.values_list("position", "sent_at")) == list(enumerate(moments, start=1))
    assert Job.objects.filter(payload__template="invoice_reminder").count() == 4


def test_too_early_says_when(invoice):
    remind(invoice)

    with pytest.raises(ReminderTooEarly) as refusal:
        remind(invoice, AT + SOON)

    assert refusal.value.code == "reminder_too_early"
    assert refusal.value.retry_after == 48 * 3600 - 60
    assert str(refusal.value) == ("The next reminder is possible on 25 November 2026, 12:00 UTC.")


def test_an_invoice_can_be_chased_until_it_is_paid(invoice):
    invoices_become_overdue(at=AT + timedelta(days=8))
    remind(invoice)
    invoice.refresh_from_db()
    invoice_put_on_hold(invoice=invoice, at=AT)
    remind(invoice, SECOND)
    pay(invoice)

    for chase in (remind, report):
        with pytest.raises(InvoiceNotOpen):
            chase(invoice, at=THIRD)


def test_only_its_freelancer_can_chase_an_invoice(invoice, commissioner, stranger, staff):
    for other in (commissioner, stranger, staff):
        with pytest.raises(PermissionRefused):
            invoice_remind(invoice_id=invoice.pk, by=other, at=AT)
        with pytest.raises(PermissionRefused):
            invoice_report(invoice_id=invoice.pk, message="No.", by=other, at=AT)
    assert not InvoiceReminder.objects.exists()


def test_staff_are_told_once_after_two_reminders(invoice, staff, freelancer):
    remind(invoice)
    with pytest.raises(ReportTooEarly):
        report(invoice)
    remind(invoice, SECOND)

    told = report(invoice)

    with pytest.raises(InvoiceAlreadyReported):
        report(invoice)
    assert InvoiceReport.objects.get() == told
    [job] = Job.objects.filter(payload__template="invoice_reported")
    assert (job.payload["to"], job.payload["context"]["comment"]) == (staff.email, "No answer.")
    event = AuditEvent.objects.get(event="invoice.reported")
    assert (event.actor, event.after) == (freelancer.public_id, {"message": "No answer."})


def test_the_database_refuses_a_second_reminder_in_one_place(invoice):
    with refused_by("invoicing_reminder_one_per_position"):
        copy(remind(invoice))


def test_the_database_refuses_a_second_report(invoice):
    remind(invoice)
    remind(invoice, SECOND)

    with refused_by("invoicing_invoicereport_invoice_id_key"):
        copy(report(invoice))


def page(invoice, name="detail"):
    return reverse(f"invoicing:{name}", args=[invoice.public_id])


def test_the_page_offers_what_is_possible(client_for, invoice, commissioner, freelancer, staff):
    def shown(at):
        with time_machine.travel(at, tick=False):
            return client_for(freelancer).get(page(invoice)).content.decode()

    def press(name, at, **form):
        with time_machine.travel(at, tick=False):
            return client_for(freelancer).post(page(invoice, name), form)

    assert "Send a reminder" in shown(AT)
    assert "Send a reminder" not in client_for(commissioner).get(page(invoice)).content.decode()
    assert press("remind", AT).url == page(invoice)
    assert "The next reminder is possible on 25 November 2026, 12:00 UTC." in shown(AT + SOON)
    assert page(invoice, "report") not in shown(AT + SOON)
    press("remind", AT + SOON)
    press("remind", SECOND)
    assert InvoiceReminder.objects.count() == 2
    assert page(invoice, "report") in shown(SECOND)
    assert press("report", SECOND, message="").status_code == 422
    assert press("report", SECOND, message="No answer.").url == page(invoice)
    assert "You told staff on 25 November 2026." in shown(SECOND)
    assert client_for(commissioner).post(page(invoice, "remind")).status_code == 403


def test_staff_see_reports_and_reminders(client_for, invoice, staff):
    remind(invoice)
    remind(invoice, SECOND)
    told = report(invoice)
    client = client_for(staff)

    listed = client.get(reverse("admin:invoicing_invoicereport_changelist"))
    shown = client.get(reverse("admin:invoicing_invoicereport_change", args=[told.pk]))
    of_invoice = client.get(reverse("admin:invoicing_invoice_change", args=[invoice.pk]))

    assert list(listed.context["cl"].result_list) == [told]
    assert "No answer." in shown.content.decode()
    assert of_invoice.status_code == 200


def test_the_api_reminds_and_reports(api, invoice, commissioner, freelancer):
    address = f"/api/v1/invoices/{invoice.public_id}"
    client = api(freelancer)

    first = client.post(f"{address}/remind/")
    early = client.post(f"{address}/remind/")
    too_soon = client.post(f"{address}/report/", {"message": "No answer."}, format="json")
    InvoiceReminder.objects.update(sent_at=AT - timedelta(days=30))
    second = client.post(f"{address}/remind/")
    told = client.post(f"{address}/report/", {"message": "No answer."}, format="json")
    again = client.post(f"{address}/report/", {"message": "No answer."}, format="json")
    theirs = api(commissioner).post(f"{address}/remind/")

    assert [len(answer.json()["reminded_at"]) for answer in (first, second)] == [1, 2]
    assert (early.status_code, early.json()["code"]) == (409, "reminder_too_early")
    assert int(early["Retry-After"]) <= 48 * 3600
    assert (too_soon.status_code, too_soon.json()["code"]) == (409, "report_too_early")
    assert told.status_code == 200
    assert (again.status_code, again.json()["code"]) == (409, "already_reported")
    assert (theirs.status_code, theirs.json()["code"]) == (403, "permission_denied")
