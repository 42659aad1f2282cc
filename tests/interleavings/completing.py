"""Grounds of the completion method: a project of two milestones for each schedule."""

from functools import partial

from gigs.models import Project
from gigs.services import milestone_approve, milestone_submit
from invoicing.models import Invoice
from invoicing.services import invoice_issue_for, invoices_issue, upfronts_issue
from tests.builders import (
    SANDBOX_OK,
    approved_milestone,
    completion_project,
    milestone_of,
    started_completion_project,
    submitted_milestone,
)
from tests.factories import AT, CommissionerFactory, FreelancerFactory
from tests.interleavings.grounds import Ground, Operation, concluded
from wallets.services import payment_begin


class Completions(Ground):
    """The first milestone is approved, the last one is in review."""

    def __init__(self) -> None:
        self.people = {"commissioner": CommissionerFactory(), "freelancer": FreelancerFactory()}
        self.count = 0

    def next_title(self) -> str:
        self.count += 1
        return f"Project {self.count}"

    def begin(self) -> None:
        self.project = started_completion_project(title=self.next_title(), **self.people)
        self.first = approved_milestone(self.project, position=1)
        self.last = submitted_milestone(self.project, position=2)

    def approve_the_last(self) -> None:
        milestone_approve(milestone_id=self.last.pk, by=self.people["commissioner"], at=AT)

    def by_hand(self) -> None:
        invoice_issue_for(milestone_id=self.first.pk, by=self.people["freelancer"], at=AT)

    def approve_and_issue(self) -> None:
        self.approve_the_last()
        invoices_issue(milestone_ids=[self.last.pk], at=AT)

    def fresh(self) -> dict[str, Operation]:
        self.begin()
        return {"invoice by hand": self.by_hand, "approve and issue": self.approve_and_issue}

    def facts(self) -> tuple:
        project = Project.objects.get(pk=self.project.pk)
        invoices = Invoice.objects.filter(project=project).order_by("position")
        return (
            project.status,
            [(row.kind, str(row.subtotal.amount), str(row.fee.amount)) for row in invoices],
            [row.status for row in invoices],
            list(project.milestones.order_by("position").values_list("status", flat=True)),
        )


class Finals(Completions):
    """Both are approved, and nothing is invoiced but the upfront part."""

    def fresh(self) -> dict[str, Operation]:
        self.begin()
        self.approve_the_last()
        issue = [
            partial(invoices_issue, milestone_ids=[m.pk], at=AT) for m in (self.first, self.last)
        ]
        return {
            "issue for the first": issue[0],
            "issue for the last": issue[1],
            "invoice by hand": self.by_hand,
        }  # fmt: skip


class Upfronts(Completions):
    """The upfront invoice waits to be paid, and the freelancer wants to begin."""

    def fresh(self) -> dict[str, Operation]:
        self.project = completion_project(title=self.next_title(), **self.people)
        [invoice] = upfronts_issue(project_ids=[self.project.pk], at=AT)
        buyer = self.people["commissioner"]
        return {
            "issue": partial(upfronts_issue, project_ids=[self.project.pk], at=AT),
            "pay": lambda: concluded(
                payment_begin(invoice_id=invoice, method=SANDBOX_OK, by=buyer, at=AT)
            ),
            "submit": partial(
                milestone_submit,
                milestone_id=milestone_of(self.project).pk,
                message="Here it is.",
                links=[],
                by=self.people["freelancer"],
                at=AT,
            ),
        }
