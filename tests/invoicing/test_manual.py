"""Invoices by hand for extra work: agreed, drafted, sent, paid."""

from decimal import Decimal

import pytest
from djmoney.money import Money

from accounts.models import AuditEvent
from common.exceptions import Invalid, PermissionRefused
from gigs.exceptions import ExceedsAgreed, FundsHeld, ProjectNotStarted
from gigs.models import Extra, Project
from gigs.selectors import next_step, project_pages, project_view
from gigs.services import extra_agree
from invoicing.documents.snapshot import document_of
from invoicing.enums import Unit
from invoicing.exceptions import DraftTransitionRefused
from invoicing.models import Invoice, InvoiceDraft, ManualLine
from invoicing.services import (
    draft_cancel,
    draft_create,
    draft_edit,
    draft_send,
    invoice_issue_for,
)
from outbox.models import Job
from tests import parties
from tests.builders import (
    active_project,
    approved_milestone,
    completion_project,
    held_project,
    invoice_draft,
    paid_invoice,
    pay,
    sent_draft,
    sent_invoice,
    started_completion_project,
    with_extra,
)
from tests.factories import AT
from tests.rules import REWRITES, assert_refused, checksums, copy, refused_by, rewrite_all
from tests.wallets.test_integrity import case, corrupt, fired
from wallets import integrity

pytestmark = pytest.mark.django_db
USD = "USD"


def line(quantity="1", price=100, *, unit=Unit.PIECE, text="Thing"):
    return ManualLine(text, Decimal(quantity), unit, price)


def test_extra_work_is_added_to_what_is_agreed():
    project = with_extra(active_project())
    extra_agree(
        project_id=project.pk,
        amount=Money("0.01", USD),
        reason="A cent",
        by=project.commissioner,
        at=AT,
    )

    project.refresh_from_db()
    assert (project.agreed_minor, project.extra_minor) == (1_050_001, 50_001)
    assert [(e.amount, e.reason) for e in Extra.objects.order_by("pk")] == [
        (Money("500.00", USD), "Moving the archive"),
        (Money("0.01", USD), "A cent"),
    ]
    event = AuditEvent.objects.filter(event="project.extra_agreed").order_by("pk")[0]
    assert (event.before["agreed_minor"], event.after["agreed_minor"]) == (1_000_000, 1_050_000)
    mails = Job.objects.filter(payload__template="extra_agreed")
    assert {job.payload["to"] for job in mails} == {project.freelancer.email}
    assert mails.count() == 2
    assert integrity.differences() == []


@pytest.mark.parametrize(
    ("build", "amount", "refusal"),
    [
        (active_project, Money("1", "EUR"), Invalid),
        (held_project, Money("1", USD), FundsHeld),
        (completion_project, Money("1", USD), ProjectNotStarted),
    ],
)
def test_extra_work_is_refused(build, amount, refusal):
    project = build()
    before = checksums()

    with pytest.raises(refusal):
        extra_agree(
            project_id=project.pk, amount=amount, reason="x", by=project.commissioner, at=AT
        )
    with pytest.raises(PermissionRefused):
        extra_agree(project_id=project.pk, amount=amount, reason="x", by=project.freelancer, at=AT)

    assert checksums() == before


def test_a_draft_becomes_an_invoice_that_is_paid_like_any_other():
    project = with_extra(active_project())
    sent_invoice(project)
    lines = [
        line("7.50", 50_00, unit=Unit.HOUR, text="Moving"),
        line("3", 33, text="Boxes"),
        line("0.33", 5, text="Tape"),
    ]
    draft = invoice_draft(project, *lines)
    assert (draft.status, draft.subtotal, Invoice.objects.count()) == (
        "draft",
        Money("376.01", USD),
        1,
    )

    invoice = sent_draft(draft)

    assert (invoice.public_id, invoice.number[-5:], invoice.kind, invoice.status) == (
        draft.public_id,
        "00002",
        "manual",
        "sent",
    )
    rows = invoice.lines.order_by("position").values_list(
        "quantity", "unit", "unit_price", "amount"
    )
    assert [tuple(map(str, row)) for row in rows] == [
        ("7.50", "HUR", "50.0000", "375.0000"),
        ("3.00", "C62", "0.3300", "0.9900"),
        ("0.33", "C62", "0.0500", "0.0200"),
    ]
    assert (invoice.fee, document_of(invoice).totals.net) == (
        Money("18.80", USD),
        Decimal("376.01"),
    )
    view = project_view(project_pages(project.commissioner).get())
    assert next_step(view, user=project.commissioner).invoice == invoice
    pay(invoice)
    project.refresh_from_db()
    assert (project.extra_invoiced_minor, project.status) == (37_601, "active")
    assert integrity.differences() == []


def test_extra_work_of_a_completion_project_leaves_its_final_invoice_alone():
    project = with_extra(started_completion_project())
    pay(sent_draft(invoice_draft(project)))
    for position in (1, 2):
        pay(_task_invoice(project, position))

    project.refresh_from_db()
    totals = Invoice.objects.order_by("pk").values_list("kind", "subtotal")
    assert [(kind, str(total)) for kind, total in totals] == [
        ("upfront", "396.0000"),
        ("manual", "375.0000"),
        ("manual", "1452.0000"),
        ("final", "1452.0000"),
    ]
    assert project.status == "completed"
    assert integrity.differences() == []


def _task_invoice(project, position):
    milestone = approved_milestone(project, position=position)
    issued, _ = invoice_issue_for(milestone_id=milestone.pk, by=project.freelancer, at=AT)
    return Invoice.objects.get(pk=issued)


def test_tax_is_decided_when_it_is_sent():
    project = with_extra(
        active_project(commissioner=parties.buyer(), freelancer=parties.seller(), currency="EUR")
    )

    invoice = sent_draft(invoice_draft(project))

    assert (invoice.tax, invoice.total) == (Money("71.25", "EUR"), Money("446.25", "EUR"))


def test_no_more_is_sent_than_was_agreed():
    project = with_extra(active_project(), "375.00")
    sent_draft(invoice_draft(project))
    second = invoice_draft(project, line("1", 1))
    before = checksums()

    with pytest.raises(ExceedsAgreed, match=r"0\.00 USD are agreed"):
        draft_send(draft_id=second.pk, by=second.seller, at=AT)

    assert checksums() == before


def test_a_draft_is_changed_until_it_is_sent():
    draft = invoice_draft()

    edited = draft_edit(draft_id=draft.pk, lines=[line("2", 75)], by=draft.seller, at=AT)

    assert (edited.subtotal, len(edited.lines)) == (Money("1.50", USD), 1)
    sent_draft(draft)
    for call in (draft_send, draft_cancel):
        with pytest.raises(DraftTransitionRefused):
            call(draft_id=draft.pk, by=draft.seller, at=AT)
    with pytest.raises(DraftTransitionRefused):
        draft_edit(draft_id=draft.pk, lines=[line()], by=draft.seller, at=AT)
    assert Invoice.objects.count() == 1


def test_a_cancelled_draft_takes_no_number():
    project = with_extra(active_project())
    draft = invoice_draft(project)
    draft_cancel(draft_id=draft.pk, by=draft.seller, at=AT)

    with pytest.raises(DraftTransitionRefused):
        draft_send(draft_id=draft.pk, by=draft.seller, at=AT)

    assert sent_draft(invoice_draft(project)).position == 1


def test_only_the_freelancer_of_the_project_writes():
    draft = invoice_draft()
    buyer = draft.project.commissioner
    before = checksums()

    with pytest.raises(PermissionRefused):
        draft_create(project_id=draft.project_id, lines=[line()], by=buyer, at=AT)
    for call in (draft_send, draft_cancel):
        with pytest.raises(PermissionRefused):
            call(draft_id=draft.pk, by=buyer, at=AT)
    with pytest.raises(PermissionRefused):
        draft_edit(draft_id=draft.pk, lines=[line()], by=buyer, at=AT)

    assert checksums() == before


@pytest.mark.parametrize(
    ("lines", "field"),
    [
        ([], "lines"),
        ([line()] * 51, "lines"),
        ([line(), line("0.01", 1)], "lines.1"),
        ([line("9999999.99", 10**12)], "lines.0"),
        ([line("1", 10**12)] * 2, "lines"),
    ],
)
def test_lines_that_no_invoice_can_have_are_refused(lines, field):
    project = with_extra(active_project())

    with pytest.raises(Invalid) as refusal:
        draft_create(project_id=project.pk, lines=lines, by=project.freelancer, at=AT)

    assert [error.field for error in refusal.value.errors] == [field]
    assert not InvoiceDraft.objects.exists()


@pytest.mark.parametrize(
    ("rule", "build", "changes"),
    [
        ("invoicing_draft_status_valid", invoice_draft, "status = 'lost'"),
        ("invoicing_draft_subtotal_positive", invoice_draft, "subtotal_minor = 0"),
        ("invoicing_draft_invoice_iff_sent", invoice_draft, "status = 'sent', ended_at = now()"),
        ("invoicing_draft_ended_at_iff_ended", invoice_draft, "ended_at = now()"),
        (
            "gigs_project_extra_covers_its_invoices",
            active_project,
            "extra_invoiced_minor = extra_minor + 1",
        ),
    ],
)
def test_the_database_refuses_the_change(rule, build, changes):
    assert_refused(rule, build(), changes)


@pytest.mark.parametrize(
    ("rule", "changes"),
    [
        ("gigs_extra_amount_positive", {"amount_minor": "0"}),
        ("gigs_extra_has_a_reason", {"reason": "' '"}),
    ],
)
def test_the_database_refuses_such_extra_work(rule, changes):
    with_extra(active_project())

    with refused_by(rule):
        copy(Extra.objects.get(), **changes)


@pytest.mark.parametrize("statement", REWRITES)
def test_extra_work_is_written_once(statement):
    with_extra(active_project())

    with refused_by("gigs_extra_append_only"):
        rewrite_all(statement, "gigs_extra", "reason")


@pytest.mark.parametrize(
    "corruption",
    [
        case(
            "extras_are_agreed",
            "UPDATE gigs_project SET extra_minor = extra_minor + 1, agreed_minor = agreed_minor + 1",
        ),
        case("extras_are_agreed", "UPDATE gigs_project SET extra_invoiced_minor = 0"),
        case("extras_are_agreed", "DELETE FROM gigs_extra"),
    ],
)
def test_a_corruption_of_extra_work_is_seen(corruption):
    sent_draft()
    paid_invoice(Project.objects.get())
    assert integrity.differences() == []

    corrupt(*corruption.statements)

    assert fired() == {"extras_are_agreed"}
