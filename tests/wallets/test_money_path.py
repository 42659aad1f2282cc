"""The worked example, from approval to wallet, through the services and jobs."""

import pytest

from gigs.enums import MilestoneStatus, ProjectStatus
from gigs.models import Project
from gigs.services import milestone_approve
from invoicing.enums import InvoiceStatus
from invoicing.models import Invoice
from tests.builders import active_project, milestone_of, pay, run_jobs, submitted_milestone
from wallets import integrity
from wallets.selectors import wallet_balances

pytestmark = pytest.mark.django_db


def test_ten_thousand_in_three(commissioner, freelancer, at):
    project = active_project(commissioner=commissioner, freelancer=freelancer)
    credited = 0
    for position, net in ((1, 316_667), (2, 316_667), (3, 316_666)):
        milestone = submitted_milestone(project, position=position)
        milestone_approve(milestone_id=milestone.pk, by=commissioner, at=at)
        run_jobs("milestone.approved", "invoice.issued")
        invoice = Invoice.objects.get(milestone=milestone)

        pay(invoice, at=at)

        credited += net
        [balance] = wallet_balances(freelancer.pk)
        assert (balance.available, balance.lifetime_earnings) == (credited, credited)
        invoice.refresh_from_db()
        assert (invoice.status, invoice.paid_at) == (InvoiceStatus.PAID, at)
        assert milestone_of(project, position).status == MilestoneStatus.SETTLED

    assert credited == 950_000
    project = Project.objects.get(pk=project.pk)
    assert (project.status, project.completed_at) == (ProjectStatus.COMPLETED, at)
    assert integrity.differences() == []
