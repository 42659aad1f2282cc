"""Held funds from funding to the wallet: services, exact money, and what each outcome leaves."""

import pytest
from djmoney.money import Money

from accounts.models import AuditEvent
from common.exceptions import PermissionRefused
from gigs.enums import MilestoneStatus, ProjectStatus
from gigs.exceptions import MilestoneNotFunded, MilestoneTransitionRefused
from gigs.services import milestone_start
from invoicing.models import Invoice
from outbox.models import Job
from tests.builders import (
    active_project,
    approved_milestone,
    fund,
    held_project,
    milestone_of,
    run_jobs,
    sent_invoice,
    submitted_milestone,
)
from tests.factories import AT
from tests.wallets.paying import SUCCEEDED, legs, sandbox, traces
from wallets import integrity
from wallets.enums import PaymentStatus
from wallets.exceptions import (
    AmountMismatch,
    InsufficientFunds,
    NotHeld,
    NothingToFund,
    PaidFromHeldFunds,
    PaymentInProgress,
    PaymentMethodUnknown,
)
from wallets.models import Journal, MilestoneFunding, Payment
from wallets.providers import Answer
from wallets.selectors import credit_balance, wallet_balances
from wallets.services import (
    CREDIT,
    approval_preview,
    funding_begin,
    funding_preview,
    held_settle,
    payment_ask,
    payment_begin,
    payment_conclude,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def project(commissioner, freelancer):
    return held_project(commissioner=commissioner, freelancer=freelancer)


def begin(project, **changes) -> Payment:
    values = {
        "project_id": project.pk,
        "method": sandbox("test_ok"),
        "by": project.commissioner,
        "at": AT,
    }
    return funding_begin(**{**values, **changes})


def statuses(project) -> list[str]:
    return list(project.milestones.order_by("position").values_list("status", flat=True))


def parts() -> list[tuple[int, str]]:
    rows = MilestoneFunding.objects.order_by("pk")
    return [(row.amount_minor, row.status) for row in rows]


def held_of(project, position: int) -> str:
    return f"milestone:{milestone_of(project, position).pk}"


def test_funding_all_sets_the_price_of_each_aside(project, freelancer):
    payment = fund(project)

    assert (payment.status, payment.outcome, payment.received_minor) == (
        "succeeded",
        "exact",
        1_000_000,
    )
    assert statuses(project) == ["funded"] * 3
    assert parts() == [(333_334, "held"), (333_333, "held"), (333_333, "held")]
    assert legs() == [
        ("provider:sandbox", "outside", -1_000_000),
        (held_of(project, 1), "held", 333_334),
        (held_of(project, 2), "held", 333_333),
        (held_of(project, 3), "held", 333_333),
    ]
    journal = Journal.objects.get()
    assert (journal.kind, journal.key) == ("funding", f"fund:{payment.public_id}")
    assert AuditEvent.objects.get(event="payment.received").journal_key == journal.key
    assert AuditEvent.objects.filter(event="milestone.funded").count() == 3
    mail = Job.objects.get(payload__template="milestones_funded")
    assert mail.payload["to"] == freelancer.email
    assert mail.payload["context"]["milestones"] == "“Part 1”, “Part 2”, “Part 3”"
    assert integrity.differences() == []


def test_one_milestone_can_be_funded_and_then_the_rest(project):
    fund(project, 2)
    assert statuses(project) == ["planned", "funded", "planned"]

    fund(project)

    assert statuses(project) == ["funded"] * 3
    assert integrity.differences() == []


def test_while_nobody_knows_nothing_is_funded(project):
    payment = begin(project)
    assert statuses(project) == ["planned"] * 3

    payment_conclude(payment_id=payment.pk, answer=None, at=AT)
    assert (statuses(project), parts()[0]) == (["planned"] * 3, (333_334, "pending"))
    with pytest.raises(PaymentInProgress):
        begin(project)

    payment_conclude(payment_id=payment.pk, answer=SUCCEEDED, at=AT)
    assert statuses(project) == ["funded"] * 3


def test_an_uncertain_payment_is_resolved_by_its_job(project):
    payment = begin(project, method=sandbox("test_timeout"))
    Job.objects.filter(topic="payment.resolve").update(due_at=AT)

    while run_jobs("payment.resolve"):
        pass
    Job.objects.filter(topic="payment.resolve").update(due_at=AT, lease_until=None)
    run_jobs("payment.resolve")

    payment.refresh_from_db()
    assert payment.status == PaymentStatus.SUCCEEDED
    assert statuses(project) == ["funded"] * 3


def test_a_decline_leaves_the_milestones_as_they_were(project):
    payment = begin(project, method=sandbox("test_declined"))

    payment_conclude(payment_id=payment.pk, answer=payment_ask(payment), at=AT)

    assert statuses(project) == ["planned"] * 3
    assert {status for _, status in parts()} == {"missed"}
    assert legs() == []
    assert fund(project).status == "succeeded"
    assert integrity.differences() == []


def test_what_is_too_much_becomes_credit(project, commissioner):
    payment = fund(project, 1, method=sandbox("test_over"))

    assert (payment.outcome, payment.received_minor) == ("over", 334_334)
    assert legs() == [
        ("provider:sandbox", "outside", -334_334),
        (held_of(project, 1), "held", 333_334),
        (f"user:{commissioner.pk}", "credit", 1_000),
    ]
    mail = Job.objects.get(payload__template="credit_added")
    assert mail.payload["to"] == commissioner.email
    assert integrity.differences() == []


def test_what_is_too_little_funds_the_first_ones_and_the_rest_is_credit(project, commissioner):
    payment = fund(project, method=sandbox("test_short"))

    assert (payment.outcome, payment.received_minor) == ("short", 500_000)
    assert statuses(project) == ["funded", "planned", "planned"]
    assert [status for _, status in parts()] == ["held", "missed", "missed"]
    assert credit_balance(commissioner.pk, "USD") == Money("1666.66", "USD")
    assert Journal.objects.count() == 1
    assert integrity.differences() == []


def test_too_little_for_any_milestone_is_all_credit(project, commissioner):
    payment = fund(project, 1, method=sandbox("test_short"))

    assert (payment.outcome, statuses(project)) == ("short", ["planned"] * 3)
    assert Journal.objects.get().key == f"receive:{payment.public_id}"
    assert credit_balance(commissioner.pk, "USD") == Money("1666.67", "USD")
    assert integrity.differences() == []


def test_credit_funds_at_once_or_not_at_all(project, commissioner):
    fund(project, 1, method=sandbox("test_short"))
    before = traces()

    with pytest.raises(InsufficientFunds):
        begin(project, method=CREDIT)
    assert traces() == before

    fund(project, 1, method=sandbox("test_over"))
    other = held_project(
        commissioner=commissioner, budget="1676.67", tasks=1, title="Another", freelancer=None
    )
    payment = begin(other, method=CREDIT)

    assert (payment.status, payment.label) == ("succeeded", "Credit")
    assert statuses(other) == ["funded"]
    assert credit_balance(commissioner.pk, "USD") == Money("0.00", "USD")
    assert not Job.objects.filter(topic="payment.resolve", key=payment.public_id).exists()
    assert integrity.differences() == []


def test_work_begins_once_its_money_is_set_aside(project):
    with pytest.raises(MilestoneNotFunded):
        submitted_milestone(project)
    with pytest.raises(MilestoneNotFunded):
        milestone_start(milestone_id=milestone_of(project).pk, by=project.freelancer, at=AT)

    fund(project, 1, 2)

    assert submitted_milestone(project).status == MilestoneStatus.IN_REVIEW
    started = milestone_start(
        milestone_id=milestone_of(project, 2).pk, by=project.freelancer, at=AT
    )
    assert started.status == MilestoneStatus.IN_PROGRESS
    assert integrity.differences() == []


def test_an_approval_is_paid_from_what_is_held(project, freelancer):
    fund(project)

    approved_milestone(project)
    run_jobs("milestone.approved", "invoice.issued")

    invoice = Invoice.objects.get()
    assert (invoice.status, statuses(project)[0]) == ("paid", "settled")
    assert legs()[4:] == [
        (held_of(project, 1), "held", -333_334),
        (f"user:{freelancer.pk}", "available", 316_667),
        ("platform", "fees", 16_667),
    ]
    payment = invoice.payments.get()
    assert (payment.provider, payment.status, payment.amount_minor) == (
        "held",
        "succeeded",
        333_334,
    )
    [balance] = wallet_balances(freelancer.pk)
    assert (balance.available, balance.lifetime_earnings) == (316_667, 316_667)
    assert integrity.differences() == []


def test_a_held_project_completes_by_itself(project, freelancer):
    fund(project)
    for position in (1, 2, 3):
        approved_milestone(project, position=position)

    run_jobs("milestone.approved", "invoice.issued")

    project.refresh_from_db()
    assert project.status == ProjectStatus.COMPLETED
    [balance] = wallet_balances(freelancer.pk)
    assert balance.available == 950_000
    assert integrity.differences() == []


def test_settling_again_changes_nothing(project):
    fund(project)
    invoice = sent_invoice(project)
    assert held_settle(invoice_ids=[invoice.pk], at=AT) == [invoice.pk]
    before = traces()

    assert held_settle(invoice_ids=[invoice.pk], at=AT) == []

    assert traces() == before


def test_an_invoice_that_pays_itself_is_not_paid_by_hand(project):
    fund(project)
    invoice = sent_invoice(project)

    with pytest.raises(PaidFromHeldFunds):
        payment_begin(invoice_id=invoice.pk, method=CREDIT, by=invoice.buyer, at=AT)


def test_who_may_fund_and_what(project, freelancer, stranger):
    before = traces()
    for person in (freelancer, stranger):
        with pytest.raises(PermissionRefused):
            begin(project, by=person)
    with pytest.raises(AmountMismatch):
        begin(project, amount=Money("9999.99", "USD"))
    with pytest.raises(PaymentMethodUnknown):
        begin(project, method=sandbox("test_unheard_of"))
    with pytest.raises(NothingToFund):
        begin(project, milestone_ids=[0])
    assert traces() == before

    fund(project, 1)
    with pytest.raises(MilestoneTransitionRefused, match="“Part 1” is funded already"):
        begin(project, milestone_ids=[milestone_of(project).pk])
    fund(project)
    with pytest.raises(NothingToFund):
        begin(project)


def test_a_project_that_pays_on_invoice_has_nothing_to_fund():
    with pytest.raises(NotHeld):
        begin(active_project())


def test_credit_pays_an_invoice(project, commissioner):
    fund(project, method=sandbox("test_short"))
    invoice = sent_invoice(
        active_project(commissioner=commissioner, budget="1000.00", tasks=1, title="On invoice")
    )

    payment = payment_begin(invoice_id=invoice.pk, method=CREDIT, by=commissioner, at=AT)

    invoice.refresh_from_db()
    assert (payment.status, invoice.status) == ("succeeded", "paid")
    assert legs()[3][1:] == ("credit", -100_000)
    assert credit_balance(commissioner.pk, "USD") == Money("666.66", "USD")
    assert integrity.differences() == []


@pytest.mark.parametrize(
    ("received", "outcome", "status", "credit"),
    [(334_334, "over", "paid", "10.00"), (333_333, "short", "sent", "3333.33")],
)
def test_an_invoice_paid_with_another_amount(commissioner, received, outcome, status, credit):
    invoice = sent_invoice(active_project(commissioner=commissioner))
    payment = payment_begin(
        invoice_id=invoice.pk, method=sandbox("test_ok"), by=commissioner, at=AT
    )

    answer = Answer(SUCCEEDED.result, received_minor=received)
    payment = payment_conclude(payment_id=payment.pk, answer=answer, at=AT)

    invoice.refresh_from_db()
    assert (payment.outcome, invoice.status) == (outcome, status)
    assert credit_balance(commissioner.pk, "USD") == Money(credit, "USD")
    assert Journal.objects.count() == 1
    found = {difference.check for difference in integrity.differences()}
    assert found <= {"sandbox_book_agrees"}


def test_a_second_success_for_a_paid_invoice_is_credit(commissioner):
    invoice = sent_invoice(active_project(commissioner=commissioner))
    double = payment_begin(invoice_id=invoice.pk, method=sandbox("test_ok"), by=commissioner, at=AT)
    Invoice.objects.filter(pk=invoice.pk).update(status="paid", paid_at=AT)

    concluded = payment_conclude(payment_id=double.pk, answer=SUCCEEDED, at=AT)

    assert concluded.outcome == "double"
    assert credit_balance(commissioner.pk, "USD") == Money("3333.34", "USD")


def test_money_for_a_milestone_that_is_no_longer_planned_is_credit(project, commissioner):
    payment = begin(project, milestone_ids=[milestone_of(project).pk])
    milestone = milestone_of(project)
    project.milestones.filter(pk=milestone.pk).update(status=MilestoneStatus.FUNDED)

    concluded = payment_conclude(payment_id=payment.pk, answer=SUCCEEDED, at=AT)

    assert concluded.outcome == "late"
    assert parts() == [(333_334, "missed")]
    assert credit_balance(commissioner.pk, "USD") == Money("3333.34", "USD")


def test_a_preview_of_funding_changes_nothing(project, commissioner):
    before = traces()

    preview = funding_preview(
        project_id=project.pk,
        milestone_ids=None,
        method=sandbox("test_ok"),
        by=commissioner,
        at=AT,
    )

    assert (preview.amount, preview.held_after) == (Money("10000", "USD"),) * 2
    assert preview.credit_after == Money("0", "USD")
    assert [one.status for one in preview.milestones] == ["funded"] * 3
    assert traces() == before


def test_a_preview_of_an_approval_pays_from_held_funds(project, commissioner):
    fund(project)
    milestone = submitted_milestone(project)
    before = traces()

    preview = approval_preview(milestone_id=milestone.pk, by=commissioner, at=AT)

    assert (preview.net, preview.available_after) == (Money("3166.67", "USD"),) * 2
    assert traces() == before
