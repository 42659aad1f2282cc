import pytest
from django.contrib import admin
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import AuditEvent
from gigs.admin import MilestoneAdmin
from gigs.models import Gig, Milestone
from invoicing.models import Invoice
from invoicing.services import invoice_issue_for
from tests.builders import (
    active_project,
    approved_milestone,
    open_gig,
    pending_application,
    run_jobs,
    sent_invoice,
    started_completion_project,
    with_extra,
)
from tests.factories import AT, UserFactory

pytestmark = pytest.mark.django_db

MODELS = ["gig", "application", "project", "milestone", "submission", "feepolicy"]


def changelist(model):
    return reverse(f"admin:gigs_{model}_changelist")


@pytest.mark.parametrize("model", MODELS)
def test_staff_list_search_and_read_but_write_nothing(client_for, staff, model):
    invoice = sent_invoice()
    client = client_for(staff)
    rows = {
        "gig": invoice.project.gig,
        "application": invoice.project.application,
        "project": invoice.project,
        "milestone": invoice.milestone,
        "submission": invoice.milestone.submissions.get(),
    }

    assert client.get(changelist(model), {"q": "museum"}).status_code == 200
    assert client.get(reverse(f"admin:gigs_{model}_add")).status_code == 403
    if model in rows:
        row = rows[model]
        found = client.get(changelist(model), {"q": row.public_id})
        assert list(found.context["cl"].result_list) == [row]
        change = reverse(f"admin:gigs_{model}_change", args=[row.pk])
        assert client.get(change).status_code == 200
        assert client.post(change, {"status": "closed"}).status_code == 403
        assert client.post(f"{change[:-7]}delete/", {"post": "yes"}).status_code == 403
        row.refresh_from_db()


@pytest.mark.parametrize("model", ["gig", "application", "project", "milestone", "submission"])
def test_lists_ask_as_much_for_many_rows_as_for_few(client_for, staff, model):
    counts = []
    for _ in range(2):
        for _ in range(2):
            sent_invoice()
        client = client_for(staff)
        with CaptureQueriesContext(connection) as queries:
            client.get(changelist(model))
        counts.append(len(queries))

    assert counts[0] == counts[1]


def test_milestones_without_an_invoice_of_their_own_are_on_the_final_one(client_for, staff):
    project = started_completion_project()
    by_hand, _ = invoice_issue_for(
        milestone_id=approved_milestone(project, position=1).pk, by=project.freelancer, at=AT
    )
    approved_milestone(project, position=2)
    run_jobs("milestone.approved")

    rows = client_for(staff).get(changelist("milestone")).context["cl"].result_list

    final = Invoice.objects.get(kind="final")
    numbers = [Invoice.objects.get(pk=by_hand).number, final.number]
    shown = [MilestoneAdmin(Milestone, admin.site).invoice_number(row) for row in rows]
    assert shown[::-1] == numbers


def test_extra_work_is_shown_as_money(client_for, staff):
    project = with_extra(active_project())

    page = client_for(staff).get(reverse("admin:gigs_project_change", args=[project.pk]))

    assert ("500.00 USD" in page.content.decode(), "50000" in page.content.decode()) == (
        True,
        False,
    )


def test_milestones_are_listed_with_their_invoices(client_for, staff):
    invoice = sent_invoice(active_project(tasks=2))

    content = client_for(staff).get(changelist("milestone")).content.decode()

    assert invoice.number in content
    assert "5,000.00 USD" in content


def test_staff_close_gigs_through_the_service(client_for, staff):
    waiting = pending_application().gig
    draft = open_gig(is_draft=True)

    response = client_for(staff).post(
        changelist("gig"),
        {"action": "close", "_selected_action": [waiting.pk, draft.pk]},
        follow=True,
    )

    assert [str(message) for message in response.context["messages"]] == [
        f"“{waiting.title}” is closed.",
        "A gig that is draft cannot become closed.",
    ]
    assert list(Gig.objects.order_by("pk").values_list("status", flat=True)) == ["closed", "draft"]
    assert AuditEvent.objects.filter(event="gig.closed", actor=staff.public_id).count() == 1


@pytest.mark.parametrize("model", MODELS)
def test_others_are_sent_away(client_for, freelancer, model):
    assert client_for(None).get(changelist(model)).status_code == 302
    assert client_for(freelancer).get(changelist(model)).status_code in (302, 403)
    assert client_for(UserFactory(is_staff=True)).get(changelist(model)).status_code == 403
