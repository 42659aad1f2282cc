"""States reached through the services, as a person would reach them."""

from datetime import datetime
from decimal import Decimal

import pytest
from djmoney.money import Money

from accounts.models import User
from gigs.enums import InvoicingMethod, PaymentMode
from gigs.models import Application, Gig, Milestone, Project
from gigs.services import (
    application_submit,
    extra_agree,
    gig_match,
    gig_post,
    milestone_approve,
    milestone_submit,
)
from invoicing.enums import Unit
from invoicing.models import Invoice, InvoiceDraft, ManualLine
from invoicing.services import (
    draft_cancel,
    draft_create,
    draft_send,
    invoices_issue,
    upfronts_issue,
)
from outbox import runner
from outbox.models import Job
from tests.factories import AT, CommissionerFactory, FreelancerFactory, gig_draft
from wallets.models import Payment
from wallets.services import (
    MethodChoice,
    funding_begin,
    invoice_credit,
    payment_ask,
    payment_begin,
    payment_conclude,
)

SANDBOX_OK = MethodChoice(provider="sandbox", token="test_ok")


def open_gig(*, by: User | None = None, at: datetime = AT, **draft) -> Gig:
    gig, _ = gig_post(draft=gig_draft(**draft), by=by or CommissionerFactory(), at=at)
    return gig


def pending_application(
    *, gig: Gig | None = None, by: User | None = None, at: datetime = AT
) -> Application:
    gig = gig or open_gig(at=at)
    return application_submit(
        gig_id=gig.pk,
        pitch="I have done this before.",
        links=[],
        by=by or FreelancerFactory(),
        at=at,
    )


def active_project(
    *,
    commissioner: User | None = None,
    freelancer: User | None = None,
    at: datetime = AT,
    **draft,
) -> Project:
    gig = open_gig(by=commissioner, at=at, **draft)
    application = pending_application(gig=gig, by=freelancer, at=at)
    return gig_match(gig_id=gig.pk, application_id=application.pk, by=gig.commissioner, at=at)


def completion_project(*, budget: str = "3300.00", tasks: int = 2, **draft) -> Project:
    """A project whose upfront invoice is not paid yet."""
    return active_project(
        invoicing_method=InvoicingMethod.COMPLETION, budget=budget, tasks=tasks, **draft
    )


def started_completion_project(**draft) -> Project:
    """The same once the upfront invoice is paid: work can begin."""
    project = completion_project(**draft)
    [invoice_id] = upfronts_issue(project_ids=[project.pk], at=project.started_at)
    pay(Invoice.objects.get(pk=invoice_id), at=project.started_at)
    project.refresh_from_db()
    return project


def held_project(**draft) -> Project:
    return active_project(payment_mode=PaymentMode.HELD, **draft)


def fund(
    project: Project, *positions: int, method: MethodChoice = SANDBOX_OK, at: datetime = AT
) -> Payment:
    """Fund milestones of a project as the request does it: those at the positions, or all."""
    chosen = project.milestones.filter(position__in=positions).values_list("pk", flat=True)
    payment = funding_begin(
        project_id=project.pk,
        milestone_ids=list(chosen) if positions else None,
        method=method,
        by=project.commissioner,
        at=at,
    )
    return payment_conclude(payment_id=payment.pk, answer=payment_ask(payment), at=at)


def fund_untaxed(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """Set aside the prices alone, as on a day before there was a tax on them."""
    with monkeypatch.context() as patch:
        patch.setattr("invoicing.services.issuing.tax_on", lambda rate, price: 0)
        fund(project)


def milestone_of(project: Project, position: int = 1) -> Milestone:
    return Milestone.objects.select_related("project").get(project=project, position=position)


def submitted_milestone(
    project: Project | None = None, *, position: int = 1, at: datetime = AT
) -> Milestone:
    project = project or active_project(at=at)
    milestone = milestone_of(project, position)
    return milestone_submit(
        milestone_id=milestone.pk,
        message="Here it is.",
        links=["https://example.com/work"],
        by=project.freelancer,
        at=at,
    )


def approved_milestone(
    project: Project | None = None, *, position: int = 1, at: datetime = AT
) -> Milestone:
    milestone = submitted_milestone(project, position=position, at=at)
    return milestone_approve(milestone_id=milestone.pk, by=milestone.project.commissioner, at=at)


def sent_invoice(
    project: Project | None = None, *, position: int = 1, at: datetime = AT
) -> Invoice:
    milestone = approved_milestone(project, position=position, at=at)
    [invoice_id] = invoices_issue(milestone_ids=[milestone.pk], at=at)
    return Invoice.objects.get(pk=invoice_id)


def with_extra(project: Project, amount: str = "500.00", *, at: datetime = AT) -> Project:
    """The project once its commissioner agreed on extra work."""
    return extra_agree(
        project_id=project.pk,
        amount=Money(amount, project.budget.currency),
        reason="Moving the archive",
        by=project.commissioner,
        at=at,
    )


def invoice_draft(project: Project | None = None, *lines: ManualLine) -> InvoiceDraft:
    """A draft of 7.5 hours at 50.00, or of these lines."""
    project = project or with_extra(active_project())
    hours = ManualLine("Moving the archive", Decimal("7.50"), Unit.HOUR, 50_00)
    return draft_create(project_id=project.pk, lines=lines or [hours], by=project.freelancer, at=AT)


def sent_draft(draft: InvoiceDraft | None = None) -> Invoice:
    draft = draft or invoice_draft()
    return Invoice.objects.get(pk=draft_send(draft_id=draft.pk, by=draft.seller, at=AT))


def cancelled_draft() -> InvoiceDraft:
    draft = invoice_draft()
    return draft_cancel(draft_id=draft.pk, by=draft.seller, at=AT)


def pay(invoice: Invoice, *, method: MethodChoice = SANDBOX_OK, at: datetime = AT) -> Payment:
    """The whole payment, as the request does it."""
    payment = payment_begin(invoice_id=invoice.pk, method=method, by=invoice.buyer, at=at)
    return payment_conclude(payment_id=payment.pk, answer=payment_ask(payment), at=at)


def paid_invoice(
    project: Project | None = None, *, position: int = 1, at: datetime = AT
) -> Invoice:
    invoice = sent_invoice(project, position=position, at=at)
    pay(invoice, at=at)
    invoice.refresh_from_db()
    return invoice


def credit(
    invoice: Invoice, amount: str = "", *, by: User | None = None, at: datetime = AT
) -> Invoice:
    """The note by which the freelancer credits an invoice: an amount of it before tax, or all."""
    currency = invoice.total.currency.code
    return invoice_credit(
        invoice_id=invoice.pk,
        amount=Money(amount, currency) if amount else None,
        reason="Not as agreed.",
        by=by or invoice.seller,
        at=at,
    )


def run_jobs(*topics: str) -> int:
    """Do all due jobs of these topics as a worker would, until none is due.

    Of all topics, when none is named, but for the clocks of reviews: the tests' days pass by.
    """
    ended = 0
    while True:
        jobs = Job.objects.pending()
        if topics:
            jobs = jobs.filter(topic__in=topics)
        else:
            jobs = jobs.exclude(topic__startswith="review.")
        count = runner.run(list(jobs.values_list("pk", flat=True)))
        if not count:
            return ended
        ended += count
