"""Held funds and tax: what is set aside, and what happens when the tax is another one later."""

import pytest
from djmoney.money import Money

from invoicing.models import Invoice
from tests.builders import (
    approved_milestone,
    fund,
    fund_untaxed,
    held_project,
    run_jobs,
)
from tests.parties import buyer, seller
from tests.wallets.paying import legs, sandbox
from wallets import integrity
from wallets.models import Journal
from wallets.selectors import credit_balance

pytestmark = pytest.mark.django_db


def statuses(project) -> list[str]:
    return list(project.milestones.order_by("position").values_list("status", flat=True))


def taxed(buyer_, seller_, **draft):
    return held_project(
        commissioner=buyer_, freelancer=seller_, budget="1000.00", currency="EUR", tasks=1, **draft
    )


def test_the_tax_of_the_day_is_set_aside_with_the_price():
    project = taxed(buyer(), seller())

    payment = fund(project)
    assert (payment.amount_minor, payment.outcome) == (119_000, "exact")
    approved_milestone(project)
    run_jobs("milestone.approved", "invoice.issued")

    assert [amount for _, _, amount in legs()[2:]] == [-119_000, 114_000, 5_000]
    assert integrity.differences() == []


def test_tax_that_is_no_longer_due_goes_back_to_credit(monkeypatch):
    project = taxed(buyer(), seller())
    fund(project)
    monkeypatch.setattr("invoicing.services.issuing.tax_on", lambda rate, price: 0)

    approved_milestone(project)
    run_jobs("milestone.approved", "invoice.issued")

    assert Invoice.objects.get().status == "paid"
    assert credit_balance(project.commissioner_id, "EUR") == Money("190.00", "EUR")
    assert Journal.objects.count() == 2
    checks = {difference.check for difference in integrity.differences()}
    assert checks <= {"taxes_add_up"}


def test_tax_that_was_not_set_aside_is_open_until_credit_covers_it(monkeypatch):
    project = taxed(buyer(), seller())
    fund_untaxed(project, monkeypatch)

    approved_milestone(project)
    run_jobs("milestone.approved", "invoice.issued")
    invoice = Invoice.objects.get()
    assert (invoice.status, statuses(project)) == ("sent", ["settled"])
    assert invoice.due == Money("190.00", "EUR")
    assert integrity.differences() == []

    other = taxed(project.commissioner, project.freelancer, title="Other")
    fund(other, method=sandbox("test_short"))
    run_jobs("invoice.issued")

    invoice.refresh_from_db()
    assert (invoice.status, statuses(project)) == ("paid", ["settled"])
    assert credit_balance(project.commissioner_id, "EUR") == Money("405.00", "EUR")
    assert integrity.differences() == []


def test_tax_that_is_no_longer_due_pays_what_waits_for_credit(monkeypatch):
    project = taxed(buyer(), seller())
    fund_untaxed(project, monkeypatch)
    approved_milestone(project)
    run_jobs("milestone.approved", "invoice.issued")
    waiting = Invoice.objects.get()
    other = taxed(project.commissioner, project.freelancer, title="Other")
    fund(other)
    monkeypatch.setattr("invoicing.services.issuing.tax_on", lambda rate, price: 0)

    approved_milestone(other)
    run_jobs("milestone.approved", "invoice.issued")

    waiting.refresh_from_db()
    assert (waiting.status, statuses(project)) == ("paid", ["settled"])
    assert credit_balance(project.commissioner_id, "EUR").amount == 0
