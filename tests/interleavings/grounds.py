"""What two operations meet on: one fresh milestone, invoice or withdrawal for each schedule.

A ground makes many of them, since the fresh project of each schedule would cost more than the
schedule. Prices are round, so that a fee does not depend on what came before.
"""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

from django.db import connection
from django.test import override_settings
from djmoney.money import Money

from accounts.models import User
from gigs.models import Milestone, Project
from gigs.services import (
    Part,
    milestone_approve,
    milestone_approve_part,
    milestone_request_changes,
    milestone_submit,
    refund_decline,
    refund_request,
    reviews_end,
)
from invoicing.models import Invoice
from invoicing.services import invoices_become_overdue, invoices_issue
from outbox.models import Job
from tests.builders import (
    SANDBOX_OK,
    active_project,
    approved_milestone,
    fund,
    sent_invoice,
    submitted_milestone,
)
from tests.factories import AT
from tests.wallets.paying import sandbox, store
from wallets.models import Payment
from wallets.services import (
    CREDIT,
    automatic_begin,
    automatic_conclude,
    funding_begin,
    funds_give_back,
    held_settle,
    payment_ask,
    payment_begin,
    payment_conclude,
    refund_agree,
    refund_conclude,
)

LATER = AT + timedelta(days=30)
PRICE = Money("100.00", "USD")
MANY = {"tasks": 50, "budget": "5000.00"}
BESIDE_THE_MATTER = ("mail.send", "payment.resolve", "withdrawal.resolve", "invoice.document")
LEDGER = """
SELECT a.kind, sum(b.posted)::bigint, sum(b.held)::bigint, sum(b.lifetime)::bigint
FROM wallets_account a JOIN wallets_balance b ON b.account_id = a.id GROUP BY a.kind
"""
PROJECTS = "SELECT sum(agreed_minor), sum(invoiced_minor), sum(fees_minor) FROM gigs_project"
Operation = Callable[[], Any]


def totals() -> Counter:
    """Sums over everything: what a schedule adds to them is its effect."""
    found: Counter = Counter()
    with connection.cursor() as cursor:
        cursor.execute(LEDGER)
        for kind, posted, held, lifetime in cursor.fetchall():
            found.update({kind: posted, f"{kind} reserved": held, f"{kind} lifetime": lifetime})
        cursor.execute("SELECT count(*) FROM wallets_journal")
        found["journals"] = cursor.fetchone()[0]
        cursor.execute(PROJECTS)
        found["agreed"], found["invoiced"], found["fees"] = map(int, cursor.fetchone())
    for topic in Job.objects.exclude(topic__in=BESIDE_THE_MATTER).values_list("topic", flat=True):
        found[f"jobs {topic}"] += 1
    return found


class Ground:
    """Where the operations of a family take place."""

    def fresh(self) -> dict[str, Operation]:
        """The operations that can be done to the next case, by name."""
        raise NotImplementedError

    def facts(self) -> tuple:
        """What became of the case."""
        raise NotImplementedError

    def end(self) -> None:
        """Do what jobs would do next, so that nothing is late in the books."""


class Work(Ground):
    """Milestones of projects with fifty each."""

    terms: dict[str, Any] = {}
    clearing_days = 0

    def __init__(self) -> None:
        self.project: Project | None = None
        self.left: list[Milestone] = []
        self.count = 0

    def next_milestone(self) -> Milestone:
        if not self.left:
            self.project = self.next_project()
            self.prepare(self.project)
            self.left = list(self.project.milestones.order_by("-position"))
        self.milestone = self.left.pop()
        return self.milestone

    def next_project(self) -> Project:
        self.count += 1
        people = {}
        if self.project is not None:
            people = {"commissioner": self.buyer, "freelancer": self.project.freelancer}
        with override_settings(CLEARING_DAYS=self.clearing_days):
            return active_project(title=f"Project {self.count}", **MANY, **self.terms, **people)

    def prepare(self, project: Project) -> None:
        """Whatever each new project needs."""

    @property
    def position(self) -> int:
        return self.milestone.position

    @property
    def buyer(self) -> User:
        return self.project.commissioner

    def facts(self) -> tuple:
        row = Milestone.objects.get(pk=self.milestone.pk)
        invoices = Invoice.objects.filter(milestone=row)
        payments = Payment.objects.filter(invoice__milestone=row) | Payment.objects.filter(
            fundings__milestone=row
        )
        return (
            (row.status, row.version, str(row.amount.amount), row.bonus_minor),
            (row.approved_at is None, row.approved_by_id is None, row.review_ends_at is None),
            sorted((str(i.subtotal.amount), str(i.fee.amount), i.status) for i in invoices),
            sorted(
                (p.provider, p.status, p.outcome, p.received_minor or 0, p.is_automatic)
                for p in payments
            ),
            sorted(row.fundings.values_list("status", flat=True)),
        )

    def end(self) -> None:
        invoices_issue(milestone_ids=[self.milestone.pk], at=LATER)
        invoices = Invoice.objects.filter(milestone=self.milestone)
        held_settle(invoice_ids=list(invoices.values_list("pk", flat=True)), at=LATER)


class Reviews(Work):
    """A delivery that waits for an answer."""

    def fresh(self) -> dict[str, Operation]:
        self.next_milestone()
        milestone = submitted_milestone(self.project, position=self.position)
        about = {"milestone_id": milestone.pk, "by": self.buyer, "at": AT}
        part = Part(Money("50.00", "USD"), "give_back")
        return {
            "approve": partial(milestone_approve, **about),
            "approve with bonus": partial(milestone_approve, bonus=PRICE, **about),
            "approve a part": partial(milestone_approve_part, part=part, **about),
            "request changes": partial(milestone_request_changes, comment="More.", **about),
            "fall silent": partial(
                reviews_end, ends={milestone.pk: milestone.review_ends_at}, at=LATER
            ),
            "submit": partial(
                milestone_submit,
                milestone_id=milestone.pk,
                message="Again.",
                links=[],
                by=self.project.freelancer,
                at=AT,
            ),
        }


class HeldReviews(Work):
    """A delivery whose money is set aside, which its freelancer may give back."""

    terms = {"payment_mode": "held"}

    def prepare(self, project: Project) -> None:
        fund(project)

    def fresh(self) -> dict[str, Operation]:
        self.next_milestone()
        milestone = submitted_milestone(self.project, position=self.position)
        review = {"milestone_id": milestone.pk, "by": self.buyer, "at": AT}
        give_back = partial(
            funds_give_back, milestone_id=milestone.pk, by=self.project.freelancer, at=AT
        )
        return {
            "approve": partial(milestone_approve, **review),
            "request changes": partial(milestone_request_changes, comment="More.", **review),
            "fall silent": partial(
                reviews_end, ends={milestone.pk: milestone.review_ends_at}, at=LATER
            ),
            "give back": give_back,
            "give back a part": partial(give_back, amount=Money("40.00", "USD")),
        }


class Refunds(Work):
    """A request for the money of a milestone on which work may begin any moment."""

    terms = {"payment_mode": "held"}

    def prepare(self, project: Project) -> None:
        fund(project)

    def fresh(self) -> dict[str, Operation]:
        milestone = self.next_milestone()
        ask = partial(
            refund_request, milestone_id=milestone.pk, reason="Late.", by=self.buyer, at=AT
        )
        self.request = ask()
        answer = {"milestone_id": milestone.pk, "by": self.project.freelancer, "at": AT}
        return {
            "ask again": ask,
            "agree": partial(refund_agree, **answer),
            "decline": partial(refund_decline, answer="No.", **answer),
            "give back": partial(funds_give_back, **answer),
            "submit": partial(milestone_submit, message="Here.", links=[], **answer),
            "time out": partial(refund_conclude, request_id=self.request.pk, at=LATER),
        }

    def facts(self) -> tuple:
        asked = self.milestone.refund_requests.values_list("number", "status")
        return (*super().facts(), sorted(asked))


class Fundings(Work):
    """A milestone whose money is not set aside yet; the buyer has credit."""

    terms = {"payment_mode": "held"}

    def prepare(self, project: Project) -> None:
        give_credit(project)

    def fresh(self) -> dict[str, Operation]:
        milestone = self.next_milestone()
        begin = partial(
            funding_begin,
            project_id=self.project.pk,
            milestone_ids=[milestone.pk],
            by=self.buyer,
            at=AT,
        )
        return {
            "fund": lambda: concluded(begin(method=SANDBOX_OK)),
            "fund from credit": partial(begin, method=CREDIT),
            "submit": partial(
                milestone_submit,
                milestone_id=milestone.pk,
                message="Here it is.",
                links=[],
                by=self.project.freelancer,
                at=AT,
            ),
        }


class Settlements(Work):
    """An approved milestone whose money is set aside: jobs that are delivered twice."""

    terms = {"payment_mode": "held"}

    def prepare(self, project: Project) -> None:
        fund(project)

    def fresh(self) -> dict[str, Operation]:
        milestone = self.next_milestone()
        approved_milestone(self.project, position=self.position)

        def issue_and_settle() -> None:
            invoices_issue(milestone_ids=[milestone.pk], at=AT)
            invoice = Invoice.objects.get(milestone=milestone)
            held_settle(invoice_ids=[invoice.pk], at=AT)

        return {
            "issue": partial(invoices_issue, milestone_ids=[milestone.pk], at=AT),
            "issue and settle": issue_and_settle,
        }


class Bills(Work):
    """A sent invoice; the buyer has credit and a stored method."""

    terms = {"is_auto_pay": True}

    def prepare(self, project: Project) -> None:
        store(project.commissioner)
        give_credit(project)

    def fresh(self) -> dict[str, Operation]:
        self.next_milestone()
        invoice = sent_invoice(self.project, position=self.position)
        begin = partial(payment_begin, invoice_id=invoice.pk, by=self.buyer, at=AT)

        def automatically() -> None:
            for payment in automatic_begin(invoice_ids=[invoice.pk], at=AT):
                automatic_conclude(answers={payment.pk: payment_ask(payment)}, at=AT)

        return {
            "pay": lambda: concluded(begin(method=SANDBOX_OK)),
            "pay from credit": partial(begin, method=CREDIT),
            "pay automatically": automatically,
            "fall due": partial(invoices_become_overdue, at=LATER),
        }


class Answers(Work):
    """A payment that the provider was asked to make: the request and the job both conclude it."""

    def fresh(self) -> dict[str, Operation]:
        self.next_milestone()
        invoice = sent_invoice(self.project, position=self.position)
        payment = payment_begin(invoice_id=invoice.pk, method=SANDBOX_OK, by=self.buyer, at=AT)
        return {
            "conclude": lambda: concluded(payment),
            "conclude without an answer": partial(
                payment_conclude, payment_id=payment.pk, answer=None, at=AT
            ),
            "pay": lambda: concluded(
                payment_begin(invoice_id=invoice.pk, method=SANDBOX_OK, by=self.buyer, at=AT)
            ),
        }


def give_credit(project: Project) -> None:
    """Enough for fifty milestones: half of a price arrives, which funds nothing."""
    other = active_project(
        title=f"Credit for {project.title}",
        commissioner=project.commissioner,
        payment_mode="held",
        tasks=1,
        budget="10000.00",
    )
    fund(other, method=sandbox("test_short"))


def concluded(payment: Payment) -> Payment:
    """What the request does once the payment is noted down."""
    return payment_conclude(payment_id=payment.pk, answer=payment_ask(payment), at=AT)
