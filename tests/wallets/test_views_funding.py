"""The browser pages of held funds."""

import pytest

from gigs.forms.posting import Plan, values_of
from gigs.selectors import next_step, project_pages, project_view
from tests.builders import active_project, fund, held_project, milestone_of, open_gig, run_jobs
from tests.builders import approved_milestone as approved
from tests.wallets.paying import sandbox
from wallets.models import Payment

pytestmark = pytest.mark.django_db


@pytest.fixture
def project(commissioner, freelancer):
    return held_project(commissioner=commissioner, freelancer=freelancer)


def step_of(project, user) -> str:
    view = project_view(project_pages(user).get(pk=project.pk))
    return next_step(view, user=user).kind


def test_the_page_offers_what_is_not_funded(client_for, project, commissioner):
    fund(project, 1)
    path = f"/projects/{project.public_id}/fund/"

    page = client_for(commissioner).get(path)

    form = page.context["form"]
    names = [milestone_of(project, position).public_id for position in (2, 3)]
    assert [value for value, _ in form.fields["milestones"].choices] == names
    assert form.initial["milestones"] == names
    one = client_for(commissioner).get(path, {"milestone": names[1]})
    assert one.context["form"].initial["milestones"] == [names[1]]


def test_funding_leads_to_the_payment(client_for, project, commissioner, freelancer):
    client = client_for(commissioner)
    milestone = milestone_of(project)

    answer = client.post(
        f"/projects/{project.public_id}/fund/",
        {"milestones": [milestone.public_id], "method": "test_ok"},
    )

    payment = Payment.objects.get()
    assert answer.headers["Location"] == f"/payments/{payment.public_id}/"
    shown = client.get(answer.headers["Location"]).content.decode()
    assert "Funded" in shown
    assert "3,333.34" in shown
    milestone.refresh_from_db()
    assert milestone.status == "funded"
    page = client.get(f"/projects/{project.public_id}/").content.decode()
    assert "Held" in page


@pytest.mark.parametrize("data", [{"method": "test_ok"}, {"milestones": ["mst_1"], "method": "x"}])
def test_an_unfinished_form_comes_back(client_for, project, commissioner, data):
    answer = client_for(commissioner).post(f"/projects/{project.public_id}/fund/", data)

    assert answer.status_code == 422
    assert not Payment.objects.exists()


def test_credit_is_offered_and_refused_when_it_is_too_little(client_for, project, commissioner):
    fund(project, 1, method=sandbox("test_short"))
    client = client_for(commissioner)

    answer = client.post(
        f"/projects/{project.public_id}/fund/",
        {"milestones": [milestone_of(project).public_id], "method": "credit"},
    )

    assert answer.status_code == 422
    page = answer.content.decode()
    assert "Your credit" in page
    assert "1,666.67" in page
    assert Payment.objects.count() == 1


def test_a_short_payment_says_where_the_money_is(client_for, project, commissioner):
    payment = fund(project, 1, method=sandbox("test_short"))

    page = client_for(commissioner).get(f"/payments/{payment.public_id}/").content.decode()

    assert "Too little" in page
    assert "your credit" in page


def test_there_may_be_nothing_to_fund(client_for, commissioner, freelancer):
    project = active_project(commissioner=commissioner, freelancer=freelancer)

    answer = client_for(commissioner).get(f"/projects/{project.public_id}/fund/")

    assert answer.headers["Location"] == f"/projects/{project.public_id}/"


def test_the_freelancer_does_not_fund(client_for, project, freelancer):
    assert client_for(freelancer).get(f"/projects/{project.public_id}/fund/").status_code == 403


def test_each_side_is_told_what_is_next(client_for, project, commissioner, freelancer):
    assert (step_of(project, commissioner), step_of(project, freelancer)) == (
        "fund",
        "await_funds",
    )
    todo = client_for(commissioner).get("/dashboard/").content.decode()
    assert "Fund “Part 1”" in todo
    page = client_for(freelancer).get(f"/milestones/{milestone_of(project).public_id}/submit/")
    assert "Not funded yet" in page.content.decode()

    fund(project)
    assert (step_of(project, commissioner), step_of(project, freelancer)) == (
        "await_work",
        "submit",
    )

    approved(project)
    assert step_of(project, commissioner) == "await_invoice"
    run_jobs("milestone.approved", "invoice.issued")
    assert step_of(project, commissioner) == "await_work"


def test_a_gig_with_held_funds_is_posted(client_for, commissioner):
    client = client_for(commissioner)
    client.post(
        "/gigs/post/",
        {"title": "Web site", "category": "design", "description": "One page.", "skills": ""},
    )
    plan = {
        "budget": "100.00",
        "currency": "USD",
        "payment_mode": "held",
        "go": "review",
        "rows-TOTAL_FORMS": 1,
        "rows-INITIAL_FORMS": 0,
        "rows-0-title": "All of it",
    }
    client.post("/gigs/post/plan/", plan)
    review = client.get("/gigs/post/review/").content.decode()
    assert "before work on it begins" in review

    client.post("/gigs/post/review/", {"go": "post"})

    assert commissioner.gigs.get().payment_mode == "held"


def test_a_draft_that_is_edited_keeps_how_it_is_paid(commissioner):
    gig = open_gig(by=commissioner, is_draft=True, payment_mode="held")

    written = values_of(gig)

    assert written["plan"]["payment_mode"] == "held"
    assert Plan.of(written["plan"]).values()["payment_mode"] == "held"
