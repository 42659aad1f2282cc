"""Earned money that waits before it can be spent."""

from datetime import timedelta

import pytest
from django.core import mail
from django.urls import reverse

from accounts.models import AuditEvent
from outbox.models import Job
from tests.builders import (
    active_project,
    milestone_of,
    paid_invoice,
    run_jobs,
    submitted_milestone,
)
from tests.factories import AT
from tests.rules import refused_by, rewrite
from wallets import integrity
from wallets.models import Clearing, Entry, Journal
from wallets.selectors import clearings_of, wallet_balances
from wallets.services import approval_preview, clearings_finish

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
CLEARED = AT + 5 * DAY


@pytest.fixture(autouse=True)
def _five_days(settings):
    settings.CLEARING_DAYS = 5


def balance_of(user):
    [balance] = wallet_balances(user.pk)
    return balance.pending, balance.available, balance.lifetime_earnings


def legs_of(key):
    entries = Entry.objects.filter(journal__key=key).select_related("account")
    return {entry.account.kind: entry.amount for entry in entries}


def test_a_project_freezes_its_clearing_period(settings):
    project = active_project()
    settings.CLEARING_DAYS = 0

    paid_invoice(project)

    assert project.clearing_days == 5
    assert Clearing.objects.get().available_at == CLEARED


def test_what_is_earned_is_pending_first_and_counts_as_earned():
    invoice = paid_invoice()

    assert legs_of(f"settle:{invoice.public_id}") == {
        "outside": -333_334,
        "pending": 316_667,
        "fees": 16_667,
    }
    assert balance_of(invoice.seller) == (316_667, 0, 316_667)
    clearing = Clearing.objects.get()
    assert (clearing.invoice, clearing.user, clearing.amount_minor, clearing.currency) == (
        invoice,
        invoice.seller,
        316_667,
        "USD",
    )
    job = Job.objects.get(topic="clearing.due")
    assert (job.key, job.due_at) == (invoice.public_id, CLEARED)
    assert integrity.differences() == []


def test_without_a_period_it_is_available_at_once(settings):
    settings.CLEARING_DAYS = 0

    invoice = paid_invoice()

    assert balance_of(invoice.seller) == (0, 316_667, 316_667)
    assert not Clearing.objects.exists()
    assert not Job.objects.filter(topic="clearing.due").exists()


def test_it_becomes_available_by_a_journal_of_its_own():
    invoice = paid_invoice()

    [clearing] = clearings_finish(invoice_ids=[invoice.pk], at=CLEARED)
    Job.objects.filter(topic="clearing.due").delete()

    assert legs_of(f"clear:{invoice.public_id}") == {"pending": -316_667, "available": 316_667}
    assert balance_of(invoice.seller) == (0, 316_667, 316_667)
    clearing.refresh_from_db()
    assert clearing.cleared_at == CLEARED
    event = AuditEvent.objects.get(event="clearing.finished")
    assert (event.target, event.journal_key, event.actor_name) == (
        invoice.public_id,
        f"clear:{invoice.public_id}",
        "system",
    )
    assert event.after == {"net": 316_667, "currency": "USD"}
    assert integrity.differences() == []


def test_it_does_not_become_available_before_its_time_or_twice():
    invoice = paid_invoice()
    ids = [invoice.pk]

    assert clearings_finish(invoice_ids=ids, at=CLEARED - timedelta(microseconds=1)) == []
    assert balance_of(invoice.seller) == (316_667, 0, 316_667)
    assert len(clearings_finish(invoice_ids=ids, at=CLEARED)) == 1
    assert clearings_finish(invoice_ids=ids, at=CLEARED) == []
    assert Journal.objects.filter(kind="clearing").count() == 1


def test_many_become_available_in_as_many_statements_as_one(django_assert_num_queries, freelancer):
    counts = []
    for tasks in (1, 5):
        project = active_project(freelancer=freelancer, tasks=tasks)
        ids = [paid_invoice(project, position=n).pk for n in range(1, tasks + 1)]
        with django_assert_num_queries(8) as queries:
            assert len(clearings_finish(invoice_ids=ids, at=CLEARED)) == tasks
        counts.append(len(queries))

    assert counts[0] == counts[1]
    assert balance_of(freelancer) == (0, 950_000 * 2, 950_000 * 2)


def test_the_job_clears_what_is_due():
    invoice = paid_invoice(active_project(at=AT - 30 * DAY), at=AT - 6 * DAY)

    run_jobs("clearing.due")

    assert balance_of(invoice.seller) == (0, 316_667, 316_667)
    assert integrity.differences() == []


def test_a_clearing_that_the_ledger_refuses_waits_for_a_person():
    invoice = paid_invoice(active_project(at=AT - 30 * DAY), at=AT - 6 * DAY)
    rewrite(Clearing.objects.get(), "amount_minor = amount_minor + 1")

    assert run_jobs("clearing.due") == 0

    job = Job.objects.get(topic="clearing.due")
    assert (job.done_at, job.outcome, job.attempts) == (None, "", 1)
    assert invoice.public_id in job.last_error
    assert job.last_error.startswith("PendingMissing: too little is pending")
    assert balance_of(invoice.seller) == (316_667, 0, 316_667)
    assert not Journal.objects.filter(kind="clearing").exists()


def test_the_mail_says_from_when_it_can_be_spent():
    paid_invoice()

    run_jobs("mail.send")

    [message] = [message for message in mail.outbox if "in your wallet" in message.body.lower()]
    assert "In your wallet: 3,166.67 USD, to spend from 28 November 2026" in message.body


def test_the_wallet_shows_what_waits_and_until_when(client_for):
    invoice = paid_invoice()
    client = client_for(invoice.seller)

    page = client.get(reverse("wallets:wallet")).content.decode()

    assert "In clearing" in page
    assert invoice.number in page
    assert "from 28 November 2026" in page
    [row] = clearings_of(invoice.seller, currency="USD")
    assert (row.invoice, row.available_at) == (invoice, CLEARED)
    clearings_finish(invoice_ids=[invoice.pk], at=CLEARED)
    cleared = client.get(reverse("wallets:wallet")).content.decode()
    assert "In clearing" not in cleared
    assert "Milestone payment cleared" in cleared


def test_a_preview_says_that_it_waits(client_for):
    milestone = submitted_milestone()
    by = milestone.project.commissioner

    preview = approval_preview(milestone_id=milestone.pk, by=by, at=AT)
    page = client_for(by).get(reverse("wallets:approval-preview", args=[milestone.public_id]))

    assert (preview.clearing_days, str(preview.available_after.amount)) == (5, "0.00")
    assert "to spend 5 days later" in page.content.decode()
    assert not Clearing.objects.exists()


def test_the_api_lists_what_waits(api, stranger):
    project = active_project(tasks=2)
    later = paid_invoice(project, position=2, at=AT + DAY)
    sooner = paid_invoice(project, position=1)
    path = "/api/v1/wallet/clearings/"

    shown = api(project.freelancer).get(path).json()["results"]

    assert [row["invoice_number"] for row in shown] == [sooner.number, later.number]
    assert shown[0] == {
        "invoice_id": sooner.public_id,
        "invoice_number": sooner.number,
        "milestone_id": milestone_of(project, 1).public_id,
        "amount": {"amount": "4750.00", "currency": "USD"},
        "available_at": "2026-11-28T12:00:00Z",
    }
    assert api(project.freelancer).get(path, {"currency": "EUR"}).json()["results"] == []
    for other in (project.commissioner, stranger):
        assert api(other).get(path).json()["results"] == []


def test_staff_see_clearings(client_for, staff):
    invoice = paid_invoice()

    page = client_for(staff).get(reverse("admin:wallets_clearing_changelist"))

    assert page.status_code == 200
    assert invoice.number in page.content.decode()


@pytest.mark.parametrize(
    ("rule", "changes"),
    [
        ("wallets_clearing_amount_positive", "amount_minor = 0"),
        (
            "wallets_clearing_never_before_its_time",
            "cleared_at = available_at - interval '1 second'",
        ),
    ],
)
def test_the_database_refuses_the_change(rule, changes):
    paid_invoice()

    with refused_by(rule):
        rewrite(Clearing.objects.get(), changes)


def test_an_invoice_is_cleared_once_by_the_database_too():
    invoice = paid_invoice()
    clearing = Clearing.objects.get()

    with refused_by("wallets_clearing_one_per_payment"):
        Clearing.objects.create(
            invoice=invoice,
            user=invoice.seller,
            amount_minor=clearing.amount_minor,
            currency="USD",
            available_at=CLEARED,
        )
