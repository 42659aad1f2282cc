"""Correcting invoices of projects that are invoiced on completion, and of extra work."""

import pytest
from django.urls import reverse

from gigs.models import Project
from invoicing.models import Invoice
from invoicing.services import invoice_issue_for, invoice_object, upfronts_issue
from tests.builders import (
    active_project,
    approved_milestone,
    completion_project,
    credit,
    invoice_draft,
    milestone_of,
    pay,
    run_jobs,
    sent_draft,
    started_completion_project,
    with_extra,
)
from tests.factories import AT
from wallets import integrity
from wallets.selectors import wallet_balances
from wallets.services import note_preview

pytestmark = pytest.mark.django_db


def objected(invoice: Invoice) -> Invoice:
    invoice_object(invoice_id=invoice.pk, reason="Wrong name.", by=invoice.seller, at=AT)
    return invoice


def standing(kind: str) -> Invoice:
    """The one invoice of the kind that is not credited."""
    return Invoice.objects.exclude(status="credited").get(kind=kind)


def earned(invoice: Invoice) -> tuple[int, int]:
    [row] = wallet_balances(invoice.seller_id)
    return row.available, row.lifetime_earnings


def finished() -> Project:
    """A completed project: 396.00 upfront, 1,452.00 by hand, 1,452.00 with the final invoice."""
    project = started_completion_project()
    first = approved_milestone(project)
    by_hand, _ = invoice_issue_for(milestone_id=first.pk, by=project.freelancer, at=AT)
    pay(Invoice.objects.get(pk=by_hand))
    approved_milestone(project, position=2)
    run_jobs("milestone.approved")
    pay(Invoice.objects.get(kind="final"))
    project.refresh_from_db()
    assert (project.status, project.fees_minor) == ("completed", 16_500)
    return project


@pytest.mark.parametrize("kind", ["upfront", "manual", "final"])
def test_a_paid_one_is_issued_anew_and_paid_from_the_money_of_its_note(kind):
    project = finished()
    invoice = objected(Invoice.objects.get(kind=kind))

    note = credit(invoice)

    corrected = standing(kind)
    assert (corrected.subtotal, corrected.status) == (invoice.subtotal, "paid")
    assert corrected.milestone == invoice.milestone == note.milestone
    assert [line.description for line in corrected.lines.order_by("position")] == [
        line.description for line in invoice.lines.order_by("position")
    ]
    project.refresh_from_db()
    assert (project.status, project.invoiced_minor, project.fees_minor) == (
        "completed",
        330_000,
        16_500,
    )
    assert earned(invoice) == (313_500, 313_500)
    run_jobs()
    assert integrity.differences() == []


def test_an_upfront_invoice_is_corrected_before_it_is_paid(client_for):
    project = completion_project()
    [invoice_id] = upfronts_issue(project_ids=[project.pk], at=AT)
    invoice = objected(Invoice.objects.get(pk=invoice_id))

    preview = note_preview(invoice_id=invoice.pk, reason="Name.", by=invoice.seller, at=AT)
    credit(invoice)

    corrected = standing("upfront")
    assert preview.corrected.total == corrected.total
    assert (corrected.status, corrected.total) == ("sent", invoice.total)
    project.refresh_from_db()
    assert project.status == "awaiting_upfront"
    assert integrity.differences() == []
    page = client_for(invoice.buyer).get(reverse("invoicing:detail", args=[invoice.public_id]))
    assert (
        f'Issued anew as <a href="{reverse("invoicing:detail", args=[corrected.public_id])}"'
        in (page.content.decode())
    )
    pay(corrected)
    project.refresh_from_db()
    assert project.status == "active"
    assert integrity.differences() == []


def test_an_upfront_invoice_is_corrected_while_work_goes_on():
    project = started_completion_project()
    invoice = objected(Invoice.objects.get(kind="upfront"))

    credit(invoice)

    project.refresh_from_db()
    assert (project.status, standing("upfront").status) == ("active", "paid")
    assert earned(invoice) == (37_620, 37_620)
    assert integrity.differences() == []


def test_a_final_invoice_is_corrected_before_it_is_paid():
    project = started_completion_project()
    for position in (1, 2):
        approved_milestone(project, position=position)
    run_jobs("milestone.approved")
    invoice = objected(Invoice.objects.get(kind="final"))

    credit(invoice)
    corrected = standing("final")
    run_jobs("milestone.approved")
    assert milestone_of(project).status == "approved"
    pay(corrected)

    project.refresh_from_db()
    assert (project.status, milestone_of(project).status) == ("completed", "settled")
    assert earned(invoice) == (313_500, 313_500)
    assert integrity.differences() == []


def test_who_asks_for_a_corrected_final_invoice_gets_the_one_that_stands():
    project = started_completion_project()
    for position in (1, 2):
        approved_milestone(project, position=position)
    run_jobs("milestone.approved")
    credit(objected(Invoice.objects.get(kind="final")))

    answer = invoice_issue_for(
        milestone_id=milestone_of(project).pk, by=project.commissioner, at=AT
    )

    assert answer == (standing("final").pk, False)


def test_one_by_hand_is_corrected_after_the_final_one():
    project = started_completion_project()
    first = approved_milestone(project)
    by_hand, _ = invoice_issue_for(milestone_id=first.pk, by=project.freelancer, at=AT)
    approved_milestone(project, position=2)
    run_jobs("milestone.approved")
    invoice = objected(Invoice.objects.get(pk=by_hand))

    credit(invoice)
    pay(standing("manual"))
    pay(standing("final"))

    project.refresh_from_db()
    assert (project.status, project.fees_minor) == ("completed", 16_500)
    assert integrity.differences() == []


def test_extra_work_is_invoiced_again_once_its_invoice_is_credited():
    project = with_extra(active_project())
    invoice = objected(sent_draft(invoice_draft(project)))

    credit(invoice)

    project.refresh_from_db()
    corrected = standing("manual")
    assert corrected.lines.get().quantity == invoice.lines.get().quantity
    assert (project.extra_invoiced_minor, corrected.subtotal) == (37_500, invoice.subtotal)
    assert integrity.differences() == []

    credit(corrected)

    project.refresh_from_db()
    assert (project.extra_invoiced_minor, project.invoiced_minor) == (0, 0)
    assert sent_draft(invoice_draft(project)).status == "sent"
    assert integrity.differences() == []
