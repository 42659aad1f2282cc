"""From an approval to the wallet in one transaction, where the money is held."""

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from djmoney.money import Money

from invoicing.models import Invoice
from outbox.models import Job
from tests.builders import (
    active_project,
    approved_milestone,
    fund,
    fund_untaxed,
    held_project,
    milestone_of,
)
from tests.factories import AT
from tests.parties import buyer, seller
from wallets import integrity, ledger
from wallets.enums import AccountKind, JournalKind
from wallets.exceptions import InsufficientFunds
from wallets.ledger import AccountSpec, JournalDraft, Leg
from wallets.models import Journal
from wallets.selectors import wallet_balances
from wallets.services import milestones_bill
from wallets.services.billing import BILL, WORKS

pytestmark = pytest.mark.django_db


def waiting() -> list[str]:
    return list(Job.objects.filter(topic="invoice.issued").values_list("key", flat=True))


def account(owner: str, kind: AccountKind) -> int:
    [pk] = ledger.open_accounts([AccountSpec(owner, kind, "USD")]).values()
    return pk


def test_held_milestones_are_invoiced_and_paid_at_once():
    project = held_project()
    fund(project)
    milestones = [approved_milestone(project, position=position) for position in (1, 2)]
    ids = [milestone.pk for milestone in milestones]

    issued = milestones_bill(milestone_ids=ids, at=AT)

    invoices = Invoice.objects.order_by("pk")
    assert [(row.pk, row.status) for row in invoices] == [(pk, "paid") for pk in issued]
    assert waiting() == []
    [balance] = wallet_balances(project.freelancer_id)
    assert balance.available == 316_667 + 316_667
    assert integrity.differences() == []


def test_one_statement_reads_and_one_writes_and_pays():
    project = held_project()
    fund(project)
    first, second = (approved_milestone(project, position=position) for position in (1, 2))
    milestones_bill(milestone_ids=[first.pk], at=AT)

    with CaptureQueriesContext(connection) as queries:
        milestones_bill(milestone_ids=[second.pk], at=AT)

    statements = [query["sql"] for query in queries]
    assert [sql for sql in statements if "SAVEPOINT" not in sql] == [WORKS, BILL]


def test_a_broken_floor_is_refused_as_missing_funds():
    project = held_project()
    fund(project)
    milestone = approved_milestone(project)
    legs = (
        Leg(account(f"milestone:{milestone.pk}", AccountKind.HELD), -1),
        Leg(account(f"user:{project.commissioner_id}", AccountKind.CREDIT), 1),
    )
    ledger.post(JournalDraft(JournalKind.RELEASE, "test:one", "milestone", milestone.pk, legs))

    with pytest.raises(InsufficientFunds), transaction.atomic():
        milestones_bill(milestone_ids=[milestone.pk], at=AT)

    assert Invoice.objects.count() == 0
    assert milestone_of(project).status == "approved"


def test_billing_again_changes_nothing():
    project = held_project()
    fund(project)
    milestone = approved_milestone(project)
    milestones_bill(milestone_ids=[milestone.pk], at=AT)
    jobs, journals = Job.objects.count(), Journal.objects.count()

    assert milestones_bill(milestone_ids=[milestone.pk], at=AT) == []

    assert (Job.objects.count(), Journal.objects.count()) == (jobs, journals)


def test_a_project_that_pays_on_invoice_gets_its_invoice_and_the_job_that_goes_on():
    milestone = approved_milestone(active_project())

    [issued] = milestones_bill(milestone_ids=[milestone.pk], at=AT)

    invoice = Invoice.objects.get()
    assert (invoice.pk, invoice.status) == (issued, "sent")
    assert waiting() == [invoice.public_id]


def test_one_buyer_without_credit_keeps_nobody_from_being_invoiced_or_paid(monkeypatch):
    lacking = held_project(
        commissioner=buyer(), freelancer=seller(), budget="1000.00", currency="EUR", tasks=1
    )
    other = held_project()
    fund_untaxed(lacking, monkeypatch)
    fund(other)
    ids = [approved_milestone(project).pk for project in (lacking, other)]

    issued = milestones_bill(milestone_ids=ids, at=AT)

    assert len(issued) == 2
    paid = Invoice.objects.get(status="paid")
    assert (paid.project_id, paid.total) == (other.pk, Money("3333.34", "USD"))
    unpaid = Invoice.objects.get(status="sent")
    assert unpaid.project_id == lacking.pk
    assert (waiting(), unpaid.due) == ([], Money("190.00", "EUR"))
    assert milestone_of(lacking).status == "settled"
    assert integrity.differences() == []
