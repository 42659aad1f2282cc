from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from gigs.models import Milestone, Project, Submission
from gigs.services import milestone_request_changes, reviews_end
from invoicing.models import Invoice
from invoicing.services import invoices_issue
from outbox.models import Job
from tests.builders import (
    active_project,
    approved_milestone,
    milestone_of,
    paid_invoice,
    pay,
    sent_invoice,
    submitted_milestone,
)
from tests.factories import AT

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stopped_clock")]

HTMX = {"HTTP_HX_REQUEST": "true"}


@pytest.fixture
def project(commissioner, freelancer):
    return active_project(commissioner=commissioner, freelancer=freelancer)


def page(project):
    return reverse("projects:detail", args=[project.public_id])


def url(name, milestone):
    return reverse(f"milestones:{name}", args=[milestone.public_id])


def step_of(response):
    step = response.context["step"]
    return step.kind, step.milestone.position if step.milestone else None


# Projects


def test_both_parties_see_their_projects(client_for, project, commissioner, freelancer, stranger):
    for user, expected in ((commissioner, [project]), (freelancer, [project]), (stranger, [])):
        response = client_for(user).get(reverse("projects:list"))
        assert [view.project for view in response.context["projects"]] == expected


def test_projects_are_filtered_by_state(client_for, freelancer):
    active_project(freelancer=freelancer)
    completed = active_project(freelancer=freelancer, tasks=1)
    paid_invoice(completed)

    response = client_for(freelancer).get(reverse("projects:list"), {"status": "completed"})

    assert [view.project for view in response.context["projects"]] == [completed]


def test_projects_ask_as_much_for_twelve_as_for_three(client_for, freelancer):
    counts = []
    for rows in (3, 12):
        while Project.objects.count() < rows:
            active_project(freelancer=freelancer)
        sent_invoice(Project.objects.order_by("pk").last())
        client = client_for(freelancer)
        with CaptureQueriesContext(connection) as queries:
            response = client.get(reverse("projects:list"))
        assert len(response.context["projects"]) == rows
        counts.append(len(queries))

    assert counts[0] == counts[1]


def test_a_projects_figures_are_those_of_its_paid_invoices(client_for, project, commissioner):
    paid_invoice(project, position=1)
    sent_invoice(project, position=2)

    view = client_for(commissioner).get(page(project)).context["view"]

    assert (str(view.paid.amount), str(view.remaining.amount)) == ("3333.34", "6666.66")
    assert (view.paid_percent, view.settled_count) == (33, 1)


def test_a_projects_page_asks_as_much_for_twelve_milestones_as_for_three(
    client_for, commissioner, freelancer
):
    counts = []
    for tasks in (3, 12):
        project = active_project(commissioner=commissioner, freelancer=freelancer, tasks=tasks)
        for position in range(1, tasks):
            sent_invoice(project, position=position)
        client = client_for(commissioner)
        with CaptureQueriesContext(connection) as queries:
            assert client.get(page(project)).status_code == 200
        counts.append(len(queries))

    assert counts[0] == counts[1]


def test_each_side_sees_its_next_step(client_for, project, commissioner, freelancer):
    def steps():
        return tuple(
            step_of(client_for(user).get(page(project))) for user in (commissioner, freelancer)
        )

    seen = [steps()]
    submitted_milestone(project, position=2)
    seen.append(steps())
    approved_milestone(project, position=1)
    seen.append(steps())

    assert seen == [
        (("await_work", None), ("submit", 1)),
        (("review", 2), ("submit", 1)),
        (("review", 2), ("submit", 3)),
    ]


def test_the_last_steps_are_invoice_payment_and_done(client_for, commissioner, freelancer):
    project = active_project(commissioner=commissioner, freelancer=freelancer, tasks=2)

    def steps():
        return tuple(
            step_of(client_for(user).get(page(project))) for user in (commissioner, freelancer)
        )

    submitted_milestone(project, position=1)
    submitted = submitted_milestone(project, position=2)
    milestone_request_changes(milestone_id=submitted.pk, comment="Shorter.", by=commissioner, at=AT)
    seen = [steps()]
    submitted_milestone(project, position=2)
    seen.append(steps())
    for position in (1, 2):
        milestone = milestone_of(project, position)
        client_for(commissioner).post(url("approve", milestone))
    seen.append(steps())
    for position in (1, 2):
        [issued] = invoices_issue(milestone_ids=[milestone_of(project, position).pk], at=AT)
        if position == 1:
            seen.append(steps())
        pay(Invoice.objects.get(pk=issued))
    seen.append(steps())

    assert seen == [
        (("review", 1), ("revise", 2)),
        (("review", 1), ("await_review", 1)),
        (("await_invoice", None), ("await_payment", 1)),
        (("pay", 1), ("await_payment", 1)),
        (("done", None), ("done", None)),
    ]


def test_a_project_asks_again_while_an_invoice_is_being_issued(client_for, project, commissioner):
    client = client_for(commissioner)
    quiet = client.get(page(project)).content.decode()
    milestone = approved_milestone(project)
    waiting = client.get(page(project), **HTMX)

    assert "load delay:2s" not in quiet
    assert 'hx-trigger="load delay:2s"' in waiting.content.decode()
    assert "<html" not in waiting.content.decode()
    assert milestone.status == "approved"


def test_a_milestones_invoice_is_linked(client_for, project, freelancer):
    invoice = sent_invoice(project)

    content = client_for(freelancer).get(page(project)).content.decode()

    assert reverse("invoicing:detail", args=[invoice.public_id]) in content
    assert invoice.number in content


def test_projects_and_milestones_do_not_exist_for_strangers(client_for, project, stranger, staff):
    milestone = submitted_milestone(project)
    doors = [("get", page(project))]
    doors += [("get", url(name, milestone)) for name in ("submit", "review")]
    doors += [
        ("post", url(name, milestone)) for name in ("start", "submit", "approve", "request-changes")
    ]

    for method, address in doors:
        for user in (stranger, staff):
            assert getattr(client_for(user), method)(address).status_code == 404
        anonymous = getattr(client_for(None), method)(address)
        assert anonymous.url == f"{reverse('account_login')}?next={address}"

    milestone.refresh_from_db()
    assert (milestone.status, milestone.version) == ("in_review", 1)


def test_each_side_has_its_own_doors(client_for, project, commissioner, freelancer):
    milestone = submitted_milestone(project)
    wrong = [
        (freelancer, "get", "review"),
        (freelancer, "post", "approve"),
        (freelancer, "post", "request-changes"),
        (freelancer, "post", "extend-review"),
        (commissioner, "get", "submit"),
        (commissioner, "post", "submit"),
        (commissioner, "post", "start"),
    ]

    for user, method, name in wrong:
        response = getattr(client_for(user), method)(
            url(name, milestone), {"message": "m", "comment": "c"}
        )
        assert response.status_code == 403

    milestone.refresh_from_db()
    assert (milestone.status, milestone.version) == ("in_review", 1)


@pytest.mark.parametrize("name", ["start", "approve", "extend-review", "request-changes"])
def test_milestones_do_not_move_by_get(client_for, project, commissioner, name):
    assert client_for(commissioner).get(url(name, milestone_of(project))).status_code == 405


# Delivering


def test_work_is_started(client_for, project, freelancer):
    milestone = milestone_of(project)

    response = client_for(freelancer).post(url("start", milestone))

    milestone.refresh_from_db()
    assert (response.url, milestone.status) == (page(project), "in_progress")


def test_work_is_delivered_in_versions(client_for, project, commissioner, freelancer):
    milestone = milestone_of(project)
    client = client_for(freelancer)

    first = client.post(
        url("submit", milestone), {"message": "Done.", "links": "https://example.com/1"}
    )
    milestone_request_changes(milestone_id=milestone.pk, comment="Bolder.", by=commissioner, at=AT)
    form = client.get(url("submit", milestone))
    client.post(url("submit", milestone), {"message": "Bolder now.", "links": ""})

    milestone.refresh_from_db()
    assert first.url == page(project)
    assert b"Bolder." in form.content
    assert (milestone.status, milestone.version, milestone.submitted_at) == ("in_review", 2, AT)
    assert list(
        Submission.objects.order_by("version").values_list("message", "links", "change_request")
    ) == [("Done.", ["https://example.com/1"], "Bolder."), ("Bolder now.", [], "")]


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"message": " "}, "This field is required."),
        ({"message": "Hi", "links": "file:///etc/passwd"}, "is not a web address"),
    ],
)
def test_a_delivery_that_is_wrong_comes_back(client_for, project, freelancer, values, sentence):
    response = client_for(freelancer).post(url("submit", milestone_of(project)), values)

    assert response.status_code == 422
    assert sentence in response.content.decode()
    assert not Submission.objects.exists()


def test_a_second_delivery_while_in_review_is_refused(client_for, project, freelancer):
    milestone = submitted_milestone(project)

    response = client_for(freelancer).post(url("submit", milestone), {"message": "Again"})

    assert response.status_code == 422
    assert "A milestone that is in review cannot become in review." in response.content.decode()
    assert Submission.objects.count() == 1


# Reviewing


def test_a_review_shows_the_work_and_what_approving_does(client_for, project, commissioner):
    milestone = submitted_milestone(project)

    content = client_for(commissioner).get(url("review", milestone)).content.decode()

    preview = reverse("wallets:approval-preview", args=[milestone.public_id])
    assert "Here it is." in content
    assert f'hx-get="{preview}"' in content
    assert f'<a href="{preview}">' in content


def test_a_review_shows_until_when_it_can_be_answered(client_for, project, commissioner):
    milestone = submitted_milestone(project)
    client = client_for(commissioner)
    extend = url("extend-review", milestone)

    early = client.get(url("review", milestone)).content.decode()
    with time_machine.travel(AT + timedelta(days=11), tick=False):
        late = client_for(commissioner).get(url("review", milestone)).content.decode()

    assert "Your answer is due by 7 December 2026, 12:00 UTC" in early
    assert f'action="{extend}"' in early
    assert "counts as approved then." in early
    assert "counts as approved then: in 3\xa0days." in late


def test_more_time_for_a_review_is_taken_once(client_for, project, commissioner):
    milestone = submitted_milestone(project)
    client, extend = client_for(commissioner), url("extend-review", milestone)

    first = client.post(extend, follow=True)
    second = client.post(extend, follow=True)

    milestone.refresh_from_db()
    assert milestone.review_ends_at == AT + timedelta(days=21)
    assert first.redirect_chain == [(url("review", milestone), 302)]
    assert [str(message) for message in first.context["messages"]] == [
        "You have until 14 December 2026 to review “Part 1”."
    ]
    assert [str(message) for message in second.context["messages"]] == [
        "This review has been extended once; it cannot be extended again."
    ]
    assert f'action="{extend}"' not in first.content.decode()
    assert "You have taken the seven extra days." in first.content.decode()


def test_both_sides_see_when_silence_approves(client_for, commissioner, freelancer):
    project = active_project(commissioner=commissioner, freelancer=freelancer, tasks=1)
    milestone = submitted_milestone(project)
    sentence = "Without an answer it counts as approved on 7 December 2026."

    for user in (commissioner, freelancer):
        assert sentence in client_for(user).get(page(project)).content.decode()
    assert sentence in client_for(freelancer).get(url("submit", milestone)).content.decode()
    reviews_end(ends={milestone.pk: milestone.review_ends_at}, at=milestone.review_ends_at)
    shown = client_for(freelancer).get(page(project)).content.decode()
    assert "Approved without an answer 7 December 2026" in shown


def test_approving_moves_the_milestone_and_leaves_the_rest_to_a_job(
    client_for, project, commissioner
):
    milestone = submitted_milestone(project)

    response = client_for(commissioner).post(url("approve", milestone))

    milestone.refresh_from_db()
    assert response.url == page(project)
    assert (milestone.status, milestone.approved_by, milestone.approved_at) == (
        "approved",
        commissioner,
        AT,
    )
    assert Job.objects.filter(topic="milestone.approved", key=milestone.public_id).count() == 1


def test_a_bonus_is_given_with_the_approval(client_for, project, commissioner):
    milestone = submitted_milestone(project)
    client = client_for(commissioner)

    wrong = client.post(url("approve", milestone), {"bonus": "1,000"})
    response = client.post(url("approve", milestone), {"bonus": "250.01"}, follow=True)

    assert wrong.status_code == 422
    assert "Leave out thousands separators" in wrong.content.decode()
    milestone.refresh_from_db()
    assert (milestone.status, milestone.bonus_minor) == ("approved", 25_001)
    view = response.context["view"]
    assert (str(view.agreed.amount), str(view.remaining.amount)) == ("10250.01", "10250.01")
    assert "and a bonus of" in response.content.decode()


def test_a_bonus_beyond_the_limit_comes_back(client_for, project, commissioner):
    milestone = submitted_milestone(project)

    response = client_for(commissioner).post(url("approve", milestone), {"bonus": "10000000000.00"})

    assert response.status_code == 422
    assert "more than one invoice can be about" in response.content.decode()
    milestone.refresh_from_db()
    assert milestone.status == "in_review"


def test_a_second_approval_is_refused_in_words(client_for, project, commissioner):
    milestone = approved_milestone(project)

    response = client_for(commissioner).post(url("approve", milestone), follow=True)

    assert [str(message) for message in response.context["messages"]] == [
        "A milestone that is approved cannot become approved."
    ]
    assert Job.objects.filter(topic="milestone.approved").count() == 1


def test_changes_are_requested_with_words(client_for, project, commissioner):
    milestone = submitted_milestone(project)
    client = client_for(commissioner)

    empty = client.post(url("request-changes", milestone), {"comment": " "})
    unmoved = Milestone.objects.get(pk=milestone.pk).status
    asked = client.post(url("request-changes", milestone), {"comment": "Bolder."})

    milestone.refresh_from_db()
    assert (empty.status_code, unmoved) == (422, "in_review")
    assert (asked.url, milestone.status) == (page(project), "changes_requested")
    assert milestone.submissions.get().change_request == "Bolder."


def test_changes_of_approved_work_are_refused(client_for, project, commissioner):
    milestone = approved_milestone(project)

    response = client_for(commissioner).post(
        url("request-changes", milestone), {"comment": "Wait!"}
    )

    assert response.status_code == 422
    assert "A milestone that is approved cannot become changes requested." in (
        response.content.decode()
    )


@pytest.mark.parametrize("name", ["review", "submit"])
def test_pages_of_a_milestone_stay_readable_in_every_state(
    client_for, commissioner, freelancer, project, name
):
    client = client_for(commissioner if name == "review" else freelancer)
    milestone = milestone_of(project)
    statuses = [client.get(url(name, milestone)).status_code]
    submitted_milestone(project, at=AT - timedelta(hours=1))
    statuses.append(client.get(url(name, milestone)).status_code)
    client_for(commissioner).post(url("approve", milestone))
    statuses.append(client.get(url(name, milestone)).status_code)

    assert statuses == [200, 200, 200]
