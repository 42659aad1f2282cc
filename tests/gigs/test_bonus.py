"""Approving with a bonus."""

import pytest
from djmoney.money import Money

from accounts.models import AuditEvent
from common.exceptions import Invalid, PermissionRefused
from common.money import amount_text
from gigs.exceptions import MilestoneTransitionRefused
from gigs.models import Project
from gigs.services import milestone_approve
from invoicing.models import Invoice
from invoicing.services import invoices_issue
from outbox.models import Job
from tests.builders import active_project, approved_milestone, pay, submitted_milestone
from tests.factories import AT
from wallets import integrity
from wallets.selectors import wallet_balances

pytestmark = pytest.mark.django_db
BONUS = Money("250.01", "USD")


def approve(milestone, bonus=BONUS, by=None):
    return milestone_approve(
        milestone_id=milestone.pk, bonus=bonus, by=by or milestone.project.commissioner, at=AT
    )


def issued(milestone):
    [invoice_id] = invoices_issue(milestone_ids=[milestone.pk], at=AT)
    return Invoice.objects.get(pk=invoice_id)


def test_a_bonus_raises_what_is_agreed_and_not_the_budget():
    milestone = approve(submitted_milestone())

    milestone.refresh_from_db()
    project = Project.objects.get()
    assert (milestone.bonus, milestone.billed) == (BONUS, Money("3583.35", "USD"))
    assert milestone.amount == Money("3333.34", "USD")
    assert (project.budget, project.agreed_minor) == (Money("10000.00", "USD"), 1_025_001)
    event = AuditEvent.objects.get(event="milestone.bonus_given")
    assert event.before == {"agreed_minor": 1_000_000}
    assert event.after == {"agreed_minor": 1_025_001, "bonus": "250.01", "currency": "USD"}
    mail = Job.objects.get(payload__template="bonus_given")
    assert mail.payload["to"] == project.freelancer.email


def test_the_invoice_shows_the_bonus_and_bears_the_fee_on_both():
    project = active_project()
    milestone = approve(submitted_milestone(project))

    invoice = issued(milestone)

    assert [
        (line.position, line.description, amount_text(line.amount))
        for line in invoice.lines.order_by("position")
    ] == [
        (1, "Museum web site: Part 1", "3333.34"),
        (2, "Museum web site: bonus for Part 1", "250.01"),
    ]
    assert (invoice.subtotal, invoice.total) == (Money("3583.35", "USD"),) * 2
    assert (invoice.fee, invoice.net) == (Money("179.17", "USD"), Money("3404.18", "USD"))
    second = approved_milestone(project, position=2)
    following = issued(second)
    assert (following.fee, following.net) == (Money("166.66", "USD"), Money("3166.67", "USD"))
    pay(invoice)
    [balance] = wallet_balances(project.freelancer_id)
    assert (balance.available, balance.lifetime_earnings) == (340_418, 340_418)
    assert integrity.differences() == []


def test_a_project_may_invoice_all_that_it_agreed():
    project = active_project(tasks=1)
    milestone = approve(submitted_milestone(project))

    invoice = issued(milestone)
    pay(invoice)

    project.refresh_from_db()
    assert (project.invoiced_minor, project.agreed_minor) == (1_025_001, 1_025_001)
    assert project.status == "completed"


@pytest.mark.parametrize(
    ("bonus", "code"),
    [
        (Money("1.00", "EUR"), "currency_mismatch"),
        (Money("10000000000.00", "USD"), "out_of_range"),
    ],
)
def test_a_bonus_that_cannot_be_is_refused_and_changes_nothing(bonus, code):
    milestone = submitted_milestone()

    with pytest.raises(Invalid) as refusal:
        approve(milestone, bonus)

    assert [(error.field, error.code) for error in refusal.value.errors] == [("bonus", code)]
    milestone.refresh_from_db()
    assert (milestone.status, milestone.bonus_minor) == ("in_review", 0)
    assert Project.objects.get().agreed_minor == 1_000_000


def test_a_bonus_goes_with_an_approval_alone(stranger):
    milestone = approved_milestone()

    with pytest.raises(MilestoneTransitionRefused):
        approve(milestone)
    for other in (milestone.project.freelancer, stranger):
        with pytest.raises(PermissionRefused):
            approve(milestone, by=other)
    assert Project.objects.get().agreed_minor == 1_000_000
