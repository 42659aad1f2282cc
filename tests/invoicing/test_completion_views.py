"""The completion method in the browser."""

import pytest
from django.urls import reverse

from gigs.models import Gig
from invoicing.models import Invoice
from tests.builders import approved_milestone, completion_project, run_jobs, submitted_milestone
from tests.builders import started_completion_project as started
from tests.rules import checksums

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stopped_clock")]


@pytest.fixture
def parties(commissioner, freelancer):
    return {"commissioner": commissioner, "freelancer": freelancer}


def page(client, project):
    return client.get(reverse("projects:detail", args=[project.public_id])).content.decode()


def issue(client, milestone):
    return client.post(reverse("invoicing:milestone", args=[milestone.public_id]))


def test_a_gig_is_posted_with_it(client_for, commissioner):
    client = client_for(commissioner)
    client.post(
        reverse("gigs:post"),
        {"title": "Museum search", "category": "development", "description": "Objects."},
    )
    plan = {
        "budget": "3300",
        "currency": "USD",
        "invoicing_method": "completion",
        "payment_mode": "on_invoice",
        "go": "review",
        "rows-TOTAL_FORMS": 2,
        "rows-INITIAL_FORMS": 0,
        "rows-0-title": "A",
        "rows-1-title": "B",
    }

    split = client.post(reverse("gigs:post-split"), plan).content.decode()
    held = client.post(reverse("gigs:post-plan"), {**plan, "payment_mode": "held"})
    client.post(reverse("gigs:post-plan"), plan)
    review = client.get(reverse("gigs:post-review")).content.decode()
    client.post(reverse("gigs:post-review"), {"go": "post"})

    assert [figure in split for figure in ("Upfront", "396.00", "1,452.00")] == [True] * 3
    assert held.status_code == 422
    assert "Work begins once you have paid the upfront invoice" in review
    gig = Gig.objects.get()
    assert gig.invoicing_method == "completion"
    shown = client.get(reverse("gigs:detail", args=[gig.public_id])).content.decode()
    assert "Work begins once the upfront invoice is paid" in shown


def test_both_see_the_upfront_banner_until_it_is_paid(client_for, parties):
    project = completion_project(**parties)
    run_jobs("project.awaits_upfront")
    invoice = Invoice.objects.get()
    buyer, seller = client_for(parties["commissioner"]), client_for(parties["freelancer"])

    pay_page = reverse("wallets:pay", args=[invoice.public_id])
    assert f'href="{pay_page}">Pay upfront' in page(buyer, project)
    assert "This project has not started yet" in page(seller, project)
    assert "and work on the project begins" in buyer.get(pay_page).content.decode()
    buyer.post(pay_page, {"method": "test_ok"})

    project.refresh_from_db()
    assert project.status == "active"
    assert "Pay upfront" not in page(buyer, project)


def test_the_freelancer_invoices_an_approved_milestone_by_a_button(client_for, parties):
    project = started(**parties)
    milestone = approved_milestone(project)
    seller, buyer = client_for(parties["freelancer"]), client_for(parties["commissioner"])
    address = reverse("invoicing:milestone", args=[milestone.public_id])
    assert (f'action="{address}"' in page(seller, project)) is True
    assert (f'action="{address}"' in page(buyer, project)) is False

    answer = issue(seller, milestone)

    invoice = Invoice.objects.get(kind="manual")
    assert answer.url == reverse("invoicing:detail", args=[invoice.public_id])
    assert issue(buyer, milestone).url == answer.url
    for client in (seller, buyer):
        shown = client.get(answer.url)
        assert (shown.status_code, "1,452.00" in shown.content.decode()) == (200, True)
    assert f"Invoice {invoice.number} waits for your payment" in page(buyer, project)


def test_the_button_is_for_the_freelancer_alone(client_for, parties, stranger):
    milestone = approved_milestone(started(**parties))
    before = checksums()

    assert issue(client_for(None), milestone).status_code == 302
    assert issue(client_for(stranger), milestone).status_code == 404
    assert issue(client_for(parties["commissioner"]), milestone).status_code == 403

    assert {k: v for k, v in checksums().items() if k != "accounts_user"} == {
        k: v for k, v in before.items() if k != "accounts_user"
    }


def test_an_unapproved_milestone_has_no_invoice(client_for, parties):
    project = started(**parties)
    milestone = submitted_milestone(project)
    seller = client_for(parties["freelancer"])

    answer = issue(seller, milestone)

    assert answer.url == reverse("projects:detail", args=[project.public_id])
    assert Invoice.objects.count() == 1
    review = reverse("milestones:review", args=[milestone.public_id])
    assert (
        "Approve only a part"
        not in client_for(parties["commissioner"]).get(review).content.decode()
    )
    preview = reverse("wallets:approval-preview", args=[milestone.public_id])
    shown = client_for(parties["commissioner"]).get(preview).content.decode()
    assert "No invoice follows by itself" in shown
