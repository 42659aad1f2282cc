"""Every move of every transition table: the allowed ones have a service, the others are refused."""

from datetime import timedelta
from pathlib import Path

import pytest

from common.exceptions import TransitionRefused
from gigs.enums import (
    APPLICATION_TRANSITIONS,
    GIG_TRANSITIONS,
    MILESTONE_TRANSITIONS,
    PROJECT_TRANSITIONS,
    REFUND_TRANSITIONS,
)
from gigs.models import Application, Gig, Milestone, Project, RefundRequest
from gigs.services import (
    application_reject,
    application_withdraw,
    gig_close,
    gig_match,
    gig_open,
    milestone_approve,
    milestone_request_changes,
    milestone_start,
    milestone_submit,
    refund_decline,
    refund_request,
    refund_withdraw,
)
from invoicing.enums import DRAFT_TRANSITIONS, EXPORT_TRANSITIONS, INVOICE_TRANSITIONS, Side
from invoicing.models import Invoice, InvoiceDraft, InvoiceExport
from invoicing.selectors import Wanted
from invoicing.services import invoice_put_on_hold, invoices_become_overdue, invoices_issue
from invoicing.services.exports import export_build, export_keep, export_request, exports_tidy
from scripts.states import document
from tests.builders import (
    active_project,
    approved_milestone,
    cancelled_draft,
    credit,
    fund,
    held_project,
    milestone_of,
    open_gig,
    pay,
    pending_application,
    sent_draft,
    sent_invoice,
    started_completion_project,
    submitted_milestone,
)
from tests.factories import AT
from tests.meta.leaving import (
    NO,
    OK,
    approved_withdrawal,
    cancelled_withdrawal,
    confirmed_credit,
    confirmed_match,
    dropped_credit,
    dropped_match,
    large_approved,
    paid_after_all,
    rejected_withdrawal,
    sent_withdrawal,
    taken_back,
    waiting_withdrawal,
)
from wallets.enums import (
    BANK_MATCH_TRANSITIONS,
    CREDIT_REQUEST_TRANSITIONS,
    PAYMENT_TRANSITIONS,
    TAKE_BACK_TRANSITIONS,
    WITHDRAWAL_TRANSITIONS,
    PayoutResult,
)
from wallets.models import BankMatch, CreditRequest, Payment, TakeBack, Withdrawal
from wallets.services import (
    MethodChoice,
    funds_give_back,
    payment_begin,
    payment_conclude,
    refund_agree,
    refund_conclude,
)

MACHINES = {
    Gig: GIG_TRANSITIONS,
    Application: APPLICATION_TRANSITIONS,
    Project: PROJECT_TRANSITIONS,
    Milestone: MILESTONE_TRANSITIONS,
    RefundRequest: REFUND_TRANSITIONS,
    Invoice: INVOICE_TRANSITIONS,
    InvoiceDraft: DRAFT_TRANSITIONS,
    InvoiceExport: EXPORT_TRANSITIONS,
    Payment: PAYMENT_TRANSITIONS,
    TakeBack: TAKE_BACK_TRANSITIONS,
    Withdrawal: WITHDRAWAL_TRANSITIONS,
    BankMatch: BANK_MATCH_TRANSITIONS,
    CreditRequest: CREDIT_REQUEST_TRANSITIONS,
}


def opened():
    gig = open_gig(is_draft=True)
    return gig_open(gig_id=gig.pk, by=gig.commissioner, at=AT)


def closed_from_matched():
    gig = active_project().gig
    return gig_close(gig_id=gig.pk, by=gig.commissioner, at=AT)


def closed():
    gig = open_gig()
    return gig_close(gig_id=gig.pk, by=gig.commissioner, at=AT)


def accepted():
    application = pending_application()
    gig = application.gig
    gig_match(gig_id=gig.pk, application_id=application.pk, by=gig.commissioner, at=AT)
    return application


def rejected():
    application = pending_application()
    return application_reject(application_id=application.pk, by=application.gig.commissioner, at=AT)


def withdrawn():
    application = pending_application()
    return application_withdraw(application_id=application.pk, by=application.freelancer, at=AT)


def completed():
    project = active_project(tasks=1)
    pay(sent_invoice(project))
    return project


def started():
    project = active_project()
    return milestone_start(milestone_id=milestone_of(project).pk, by=project.freelancer, at=AT)


def submitted_after_start():
    milestone = started()
    return _submit(milestone)


def with_funds():
    project = held_project()
    fund(project)
    return milestone_of(project)


def started_after_funding():
    milestone = with_funds()
    return milestone_start(milestone_id=milestone.pk, by=milestone.project.freelancer, at=AT)


def submitted_after_funding():
    return _submit(with_funds())


def changes_requested():
    milestone = submitted_milestone()
    return milestone_request_changes(
        milestone_id=milestone.pk, comment="More.", by=milestone.project.commissioner, at=AT
    )


def submitted_again():
    return _submit(changes_requested())


def _submit(milestone):
    return milestone_submit(
        milestone_id=milestone.pk,
        message="Done.",
        links=[],
        by=milestone.project.freelancer,
        at=AT,
    )


def approved():
    milestone = submitted_milestone()
    return milestone_approve(milestone_id=milestone.pk, by=milestone.project.commissioner, at=AT)


def given_back(reach):
    milestone = reach()
    funds_give_back(milestone_id=milestone.pk, by=milestone.project.freelancer, at=AT)
    return milestone


def changes_requested_after_funding():
    milestone = submitted_after_funding()
    return milestone_request_changes(
        milestone_id=milestone.pk, comment="More.", by=milestone.project.commissioner, at=AT
    )


def refund(end):
    """A request for the money of a funded milestone, after it ended that way."""
    milestone = with_funds()
    project = milestone.project
    asked = refund_request(
        milestone_id=milestone.pk, reason="Plans.", by=project.commissioner, at=AT
    )
    end(asked, project)
    return asked


def declined(asked, project):
    refund_decline(milestone_id=asked.milestone_id, answer="No.", by=project.freelancer, at=AT)


def settled():
    milestone = approved_milestone()
    [issued] = invoices_issue(milestone_ids=[milestone.pk], at=AT)
    pay(Invoice.objects.get(pk=issued))
    return milestone


def on_hold():
    invoice = sent_invoice()
    invoice_put_on_hold(invoice=invoice, at=AT)
    return invoice


def overdue():
    invoice = sent_invoice()
    invoices_become_overdue(at=AT + timedelta(days=8))
    invoice.refresh_from_db()
    return invoice


def on_hold_when_overdue():
    invoice = overdue()
    invoice_put_on_hold(invoice=invoice, at=AT)
    return invoice


def paid(reach=sent_invoice):
    invoice = reach()
    pay(invoice)
    return invoice


def credited(reach):
    invoice = reach()
    credit(invoice)
    return invoice


def asked_for():
    invoice = sent_invoice()
    return export_request(wanted=Wanted(side=Side.SENT), by=invoice.seller, at=AT)


def archived():
    export = asked_for()
    export_keep(archive=export_build(export_id=export.pk, at=AT), at=AT)
    return export


def tidied(reach):
    export = reach()
    exports_tidy(at=AT + timedelta(days=8))
    return export


def concluded(*answers):
    def reach():
        invoice = sent_invoice()
        payment = payment_begin(
            invoice_id=invoice.pk,
            method=MethodChoice("sandbox", "test_ok"),
            by=invoice.buyer,
            at=AT,
        )
        for answer in answers:
            payment = payment_conclude(payment_id=payment.pk, answer=answer, at=AT)
        return payment

    return reach


SERVICES = {
    ("Gig", "draft", "open"): opened,
    ("Gig", "open", "matched"): lambda: active_project().gig,
    ("Gig", "open", "closed"): closed,
    ("Gig", "matched", "closed"): closed_from_matched,
    ("Application", "pending", "accepted"): accepted,
    ("Application", "pending", "rejected"): rejected,
    ("Application", "pending", "withdrawn"): withdrawn,
    ("Project", "awaiting_upfront", "active"): started_completion_project,
    ("Project", "active", "completed"): completed,
    ("Milestone", "planned", "in_progress"): started,
    ("Milestone", "planned", "in_review"): submitted_milestone,
    ("Milestone", "planned", "funded"): with_funds,
    ("Milestone", "funded", "in_progress"): started_after_funding,
    ("Milestone", "funded", "in_review"): submitted_after_funding,
    ("Milestone", "in_progress", "in_review"): submitted_after_start,
    ("Milestone", "in_review", "changes_requested"): changes_requested,
    ("Milestone", "changes_requested", "in_review"): submitted_again,
    ("Milestone", "in_review", "approved"): approved,
    ("Milestone", "approved", "settled"): settled,
    ("Milestone", "funded", "cancelled"): lambda: given_back(with_funds),
    ("Milestone", "in_progress", "cancelled"): lambda: given_back(started_after_funding),
    ("Milestone", "in_review", "cancelled"): lambda: given_back(submitted_after_funding),
    ("Milestone", "changes_requested", "cancelled"): lambda: given_back(
        changes_requested_after_funding
    ),
    ("RefundRequest", "open", "agreed"): lambda: refund(
        lambda asked, project: refund_agree(
            milestone_id=asked.milestone_id, by=project.freelancer, at=AT
        )
    ),
    ("RefundRequest", "open", "declined"): lambda: refund(declined),
    ("RefundRequest", "open", "unanswered"): lambda: refund(
        lambda asked, project: refund_conclude(request_id=asked.pk, at=asked.ends_at)
    ),
    ("RefundRequest", "open", "lapsed"): lambda: refund(
        lambda asked, project: _submit(asked.milestone)
    ),
    ("RefundRequest", "open", "withdrawn"): lambda: refund(
        lambda asked, project: refund_withdraw(
            milestone_id=asked.milestone_id, by=project.commissioner, at=AT
        )
    ),
    ("Invoice", "sent", "on_hold"): on_hold,
    ("InvoiceDraft", "draft", "sent"): lambda: sent_draft().draft,
    ("InvoiceDraft", "draft", "cancelled"): cancelled_draft,
    ("Invoice", "sent", "overdue"): overdue,
    ("Invoice", "sent", "paid"): paid,
    ("Invoice", "overdue", "on_hold"): on_hold_when_overdue,
    ("Invoice", "overdue", "paid"): lambda: paid(overdue),
    ("Invoice", "on_hold", "paid"): lambda: paid(on_hold),
    ("Invoice", "sent", "credited"): lambda: credited(sent_invoice),
    ("Invoice", "overdue", "credited"): lambda: credited(overdue),
    ("Invoice", "on_hold", "credited"): lambda: credited(on_hold),
    ("Invoice", "paid", "credited"): lambda: credited(paid),
    ("InvoiceExport", "pending", "ready"): archived,
    ("InvoiceExport", "pending", "failed"): lambda: tidied(asked_for),
    ("InvoiceExport", "ready", "expired"): lambda: tidied(archived),
    ("Payment", "processing", "succeeded"): concluded(OK),
    ("Payment", "processing", "failed"): concluded(NO),
    ("Payment", "processing", "uncertain"): concluded(None),
    ("Payment", "uncertain", "succeeded"): concluded(None, OK),
    ("Payment", "uncertain", "failed"): concluded(None, NO),
    ("TakeBack", "processing", "succeeded"): taken_back(OK),
    ("TakeBack", "processing", "failed"): taken_back(NO),
    ("TakeBack", "processing", "uncertain"): taken_back(None),
    ("TakeBack", "uncertain", "succeeded"): taken_back(None, OK),
    ("TakeBack", "uncertain", "failed"): taken_back(None, NO),
    ("Withdrawal", "requested", "approved"): large_approved,
    ("Withdrawal", "requested", "rejected"): lambda: rejected_withdrawal(waiting_withdrawal),
    ("Withdrawal", "requested", "cancelled"): lambda: cancelled_withdrawal(waiting_withdrawal),
    ("Withdrawal", "approved", "sending"): sent_withdrawal,
    ("Withdrawal", "approved", "rejected"): lambda: rejected_withdrawal(approved_withdrawal),
    ("Withdrawal", "approved", "cancelled"): lambda: cancelled_withdrawal(approved_withdrawal),
    ("Withdrawal", "sending", "uncertain"): lambda: sent_withdrawal(None),
    ("Withdrawal", "sending", "paid"): lambda: sent_withdrawal(PayoutResult.PAID),
    ("Withdrawal", "sending", "returned"): lambda: sent_withdrawal(PayoutResult.DECLINED),
    ("Withdrawal", "uncertain", "paid"): lambda: sent_withdrawal(None, PayoutResult.PAID),
    ("Withdrawal", "uncertain", "returned"): lambda: sent_withdrawal(None, PayoutResult.DECLINED),
    ("Withdrawal", "paid", "returned"): lambda: sent_withdrawal(
        PayoutResult.PAID, PayoutResult.RETURNED
    ),
    ("Withdrawal", "returned", "paid"): paid_after_all,
    ("BankMatch", "proposed", "done"): confirmed_match,
    ("BankMatch", "proposed", "dropped"): lambda: dropped_match("6000.00"),
    ("BankMatch", "done", "dropped"): lambda: dropped_match("1.00"),
    ("CreditRequest", "proposed", "done"): confirmed_credit,
    ("CreditRequest", "proposed", "dropped"): dropped_credit,
}
PAIRS = [
    (model, before, after)
    for model, table in MACHINES.items()
    for before in table
    for after in table
]
ALLOWED = [(m, b, a) for m, b, a in PAIRS if a in MACHINES[m][b]]
REFUSED = [(m, b, a) for m, b, a in PAIRS if a not in MACHINES[m][b]]


def test_each_allowed_move_has_a_service():
    assert {(model.__name__, b.value, a.value) for model, b, a in ALLOWED} == set(SERVICES)


@pytest.mark.django_db
@pytest.mark.parametrize(("name", "before", "after"), list(SERVICES))
def test_the_service_makes_the_move(name, before, after):
    row = SERVICES[name, before, after]()

    row.refresh_from_db()
    assert row.status == after


@pytest.mark.parametrize(("model", "before", "after"), REFUSED)
def test_every_other_move_is_refused(model, before, after):
    row = model(status=before)

    with pytest.raises(TransitionRefused) as refusal:
        row.move_to(after)
    assert (refusal.value.code, refusal.value.status) == ("transition_refused", 409)
    assert row.status == before


def test_the_page_of_states_is_current():
    page = Path(__file__).resolve().parents[2] / "docs" / "states.md"

    assert page.read_text(encoding="utf-8") == document()
