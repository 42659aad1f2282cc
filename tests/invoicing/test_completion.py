"""Invoices of the completion method: upfront, by hand, final (product rule 4)."""

import pytest
from djmoney.money import Money

from accounts.models import AuditEvent
from common.exceptions import PermissionRefused
from gigs.models import Milestone
from gigs.selectors import invoice_of, next_step, project_pages, project_view, to_invoice_by_hand
from gigs.services import milestone_approve
from invoicing.exceptions import MilestoneNotApproved
from invoicing.models import Invoice
from invoicing.services import invoice_issue_for, invoices_issue, upfronts_issue
from outbox.models import Job
from tests import parties
from tests.builders import (
    active_project,
    approved_milestone,
    completion_project,
    milestone_of,
    pay,
    run_jobs,
    sent_invoice,
    submitted_milestone,
)
from tests.builders import started_completion_project as started
from tests.factories import AT
from tests.rules import checksums, copy, refused_by
from tests.wallets.paying import store
from wallets import integrity
from wallets.selectors import wallet_balances

pytestmark = pytest.mark.django_db


def ask(milestone, by=None):
    """The invoice that the freelancer gets who asks for one."""
    invoice_id, is_new = invoice_issue_for(
        milestone_id=milestone.pk, by=by or milestone.project.freelancer, at=AT
    )
    return Invoice.objects.get(pk=invoice_id), is_new


def figures(project):
    rows = Invoice.objects.filter(project=project).order_by("pk")
    return [(row.kind, str(row.subtotal.amount), str(row.fee.amount), row.status) for row in rows]


def states(project):
    rows = Milestone.objects.filter(project=project).order_by("position")
    return list(rows.values_list("status", flat=True))


def test_the_worked_example():
    project = completion_project()
    run_jobs("project.awaits_upfront")
    upfront = Invoice.objects.get()
    assert (upfront.kind, upfront.total, upfront.milestone) == (
        "upfront",
        Money("396.00", "USD"),
        None,
    )
    pay(upfront)
    project.refresh_from_db()
    assert project.status == "active"

    first = approved_milestone(project, position=1)
    run_jobs("milestone.approved")
    assert Invoice.objects.count() == 1
    by_hand, is_new = ask(first)
    assert (by_hand.kind, by_hand.total, by_hand.milestone_id, is_new) == (
        "manual",
        Money("1452.00", "USD"),
        first.pk,
        True,
    )
    pay(by_hand)
    assert (states(project), integrity.differences()) == (["settled", "planned"], [])

    approved_milestone(project, position=2)
    run_jobs("milestone.approved")
    final = Invoice.objects.get(kind="final")
    pay(final)

    project.refresh_from_db()
    assert figures(project) == [
        ("upfront", "396.0000", "19.8000", "paid"),
        ("manual", "1452.0000", "72.6000", "paid"),
        ("final", "1452.0000", "72.6000", "paid"),
    ]
    assert (project.status, states(project)) == ("completed", ["settled", "settled"])
    [balance] = wallet_balances(project.freelancer_id)
    assert (balance.available, balance.lifetime_earnings) == (313_500, 313_500)
    assert integrity.differences() == []


def test_the_final_invoice_is_about_all_that_is_left():
    project = started(budget="100.00", tasks=3)
    for position in (1, 2, 3):
        approved_milestone(project, position=position)

    run_jobs("milestone.approved")

    final = Invoice.objects.get(kind="final")
    assert final.subtotal == Money("88.00", "USD")
    lines = final.lines.order_by("position").values_list("description", "amount")
    assert [(text, str(amount)) for text, amount in lines] == [
        ("Museum web site: Part 1", "29.3400"),
        ("Museum web site: Part 2", "29.3300"),
        ("Museum web site: Part 3", "29.3300"),
    ]
    pay(final)
    project.refresh_from_db()
    assert (project.status, project.fees_minor) == ("completed", 500)
    assert integrity.differences() == []


def test_a_bonus_is_on_the_invoice_of_its_milestone():
    project = started()
    for position, amount in ((1, "10.00"), (2, "20.00")):
        milestone = submitted_milestone(project, position=position)
        bonus = Money(amount, "USD")
        milestone_approve(milestone_id=milestone.pk, bonus=bonus, by=project.commissioner, at=AT)
        if position == 1:
            ask(milestone)

    run_jobs("milestone.approved")

    assert [row[1] for row in figures(project)] == ["396.0000", "1462.0000", "1472.0000"]
    project.refresh_from_db()
    assert project.invoiced_minor == project.agreed_minor == 333_000
    assert integrity.differences() == []


def test_the_upfront_invoice_says_what_it_is_and_is_issued_once():
    project = completion_project(currency="JPY", budget="3301")

    first = upfronts_issue(project_ids=[project.pk], at=AT)
    second = upfronts_issue(project_ids=[project.pk], at=AT)

    assert (len(first), second) == (1, [])
    invoice = Invoice.objects.get()
    assert (invoice.subtotal, invoice.status) == (Money("396", "JPY"), "sent")
    assert invoice.lines.get().description == "Museum web site: 12% upfront"
    event = AuditEvent.objects.get(event="invoice.issued")
    assert (event.after["kind"], event.after["about"]) == ("upfront", project.public_id)
    assert set(Job.objects.filter(key=invoice.public_id).values_list("topic", flat=True)) == {
        "invoice.issued",
        "invoice.document",
    }


def test_the_upfront_payment_starts_the_project_and_tells_the_freelancer():
    project = completion_project()
    run_jobs("project.awaits_upfront")
    who = (project.commissioner, project.freelancer)
    view = {user: project_view(project_pages(user).get()) for user in who}
    assert [next_step(view[user], user=user).kind for user in who] == [
        "pay_upfront",
        "await_upfront",
    ]

    pay(Invoice.objects.get())

    event = AuditEvent.objects.get(event="project.started")
    assert (event.before, event.after) == ({"status": "awaiting_upfront"}, {"status": "active"})
    mail = Job.objects.get(payload__template="project_started")
    assert mail.payload["to"] == project.freelancer.email
    assert states(project) == ["planned", "planned"]
    assert project_view(project_pages(project.freelancer).get()).paid == Money("396.00", "USD")


def test_tax_comes_on_top_of_each_and_is_the_freelancers():
    project = started(commissioner=parties.buyer(), freelancer=parties.seller(), currency="EUR")
    ask(approved_milestone(project))

    invoices = Invoice.objects.order_by("pk")
    assert [(str(i.tax.amount), str(i.total.amount), str(i.fee.amount)) for i in invoices] == [
        ("75.2400", "471.2400", "19.8000"),
        ("275.8800", "1727.8800", "72.6000"),
    ]
    assert integrity.differences() == []


def test_asking_again_gives_the_first_one_to_both():
    project = started()
    milestone = approved_milestone(project)
    first, _ = ask(milestone)

    assert ask(milestone) == (first, False)
    assert ask(milestone, by=project.commissioner) == (first, False)


def test_the_commissioner_cannot_invoice_a_single_milestone():
    project = started()
    milestone = approved_milestone(project)
    before = checksums()

    with pytest.raises(PermissionRefused, match="The freelancer can invoice a single milestone"):
        ask(milestone, by=project.commissioner)

    assert checksums() == before


@pytest.mark.parametrize("reach", [milestone_of, submitted_milestone])
def test_a_milestone_that_is_not_approved_is_not_invoiced(reach):
    milestone = reach(started())
    before = checksums()

    with pytest.raises(MilestoneNotApproved):
        ask(milestone)

    assert checksums() == before


def test_once_all_is_approved_whoever_asks_gets_the_final_one():
    project = started()
    first = approved_milestone(project, position=1)
    second = approved_milestone(project, position=2)

    final, is_new = ask(first, by=project.commissioner)

    assert (final.kind, final.subtotal, is_new) == ("final", Money("2904.00", "USD"), True)
    assert ask(second) == (final, False)
    assert invoices_issue(milestone_ids=[first.pk, second.pk], at=AT) == []
    assert Invoice.objects.count() == 2


def test_one_batch_takes_both_methods():
    by_completion, by_milestone = started(), active_project()
    ids = [
        approved_milestone(by_completion, position=1).pk,
        approved_milestone(by_milestone, position=1).pk,
        approved_milestone(by_completion, position=2).pk,
    ]

    issued = invoices_issue(milestone_ids=ids, at=AT)

    rows = Invoice.objects.in_bulk(issued)
    assert [(rows[pk].kind, rows[pk].project) for pk in issued] == [
        ("final", by_completion),
        ("milestone", by_milestone),
    ]


def test_the_freelancer_sees_what_can_be_invoiced_by_hand():
    project = started(tasks=3)
    first = approved_milestone(project, position=1)
    approved_milestone(project, position=2)
    ask(first)

    def billable(user):
        view = project_view(project_pages(user).get())
        return [row.position for row in to_invoice_by_hand(view, user=user)]

    assert (billable(project.freelancer), billable(project.commissioner)) == ([2], [])
    approved_milestone(project, position=3)
    assert billable(project.freelancer) == []
    run_jobs("milestone.approved")
    view = project_view(project_pages(project.freelancer).get())
    assert [invoice_of(row).kind for row in view.milestones] == ["manual", "final", "final"]


def test_automatic_payment_starts_the_project(commissioner):
    store(commissioner, is_default=True)
    project = completion_project(commissioner=commissioner, is_auto_pay=True)

    run_jobs()

    project.refresh_from_db()
    assert (project.status, Invoice.objects.get().status) == ("active", "paid")


@pytest.mark.parametrize(
    ("rule", "changes"),
    [
        ("invoicing_invoice_one_upfront_and_one_final", {}),
        ("invoicing_final_after_all_approvals", {"kind": "'final'"}),
        (
            "invoicing_invoice_whole_names_no_milestone",
            {"milestone_id": "(SELECT min(id) FROM gigs_milestone)"},
        ),
        (
            "invoicing_by_hand_between_approval_and_final",
            {"kind": "'manual'", "milestone_id": "(SELECT max(id) FROM gigs_milestone)"},
        ),
    ],
)
def test_the_database_refuses_an_invoice_out_of_order(rule, changes):
    project = started()
    approved_milestone(project)
    upfront = Invoice.objects.get()

    with refused_by(rule):
        copy(upfront, position="2", number="'X'", **changes)


def test_the_database_refuses_a_second_one_by_hand():
    by_hand, _ = ask(approved_milestone(started()))

    with refused_by("invoicing_invoice_one_by_hand_per_milestone"):
        copy(by_hand, position="9", number="'X'")


def test_the_database_refuses_one_by_hand_after_the_final_one():
    project = started()
    first = approved_milestone(project, position=1)
    approved_milestone(project, position=2)
    final, _ = ask(first)

    with refused_by("invoicing_by_hand_between_approval_and_final"):
        copy(final, position="9", number="'X'", kind="'manual'", milestone_id=str(first.pk))


def test_the_database_refuses_one_by_hand_where_each_milestone_has_its_own():
    invoice = sent_invoice()

    with refused_by("invoicing_by_hand_between_approval_and_final"):
        copy(invoice, position="9", number="'X'", kind="'manual'")
