"""The checks of verify_money on corrupted projects of the completion method."""

import pytest

from invoicing.models import Invoice
from invoicing.services import invoice_issue_for
from tests.builders import approved_milestone, pay, started_completion_project
from tests.factories import AT
from tests.wallets.test_integrity import case, corrupt, fired
from wallets import integrity

pytestmark = pytest.mark.django_db
BY_COMPLETION = [
    case(
        "approvals_lead_to_invoices",
        "DELETE FROM invoicing_invoice WHERE kind = 'final'",
        also=("budgets_hold", "numbers_are_gapless"),
    ),
    case(
        "invoice_amounts_match_milestones",
        "UPDATE gigs_milestone SET share_minor = share_minor - 1 WHERE position = 2",
        "UPDATE gigs_milestone SET share_minor = share_minor + 1 WHERE position = 1",
    ),
    case(
        "settled_means_paid",
        "UPDATE gigs_milestone SET status = 'approved', settled_at = NULL WHERE position = 1",
    ),
    case(
        "upfront_comes_first",
        "UPDATE gigs_milestone SET share_minor = NULL WHERE position = 1",
        also=("approvals_lead_to_invoices", "invoice_amounts_match_milestones"),
    ),
    case("upfront_comes_first", "UPDATE gigs_project SET status = 'awaiting_upfront'"),
    case(
        "upfront_comes_first",
        "UPDATE gigs_project SET upfront_rate = 0.13",
        also=("invoice_amounts_match_milestones",),
    ),
]


@pytest.mark.parametrize("corruption", BY_COMPLETION, ids=lambda corruption: corruption.check)
def test_a_corruption_of_the_completion_method_is_seen(corruption):
    project = started_completion_project()
    for position in (1, 2):
        milestone = approved_milestone(project, position=position)
        issued, _ = invoice_issue_for(milestone_id=milestone.pk, by=project.freelancer, at=AT)
        if position == 1:
            pay(Invoice.objects.get(pk=issued))
    assert integrity.differences() == []

    corrupt(*corruption.statements)

    assert fired() == {corruption.check, *corruption.also}
