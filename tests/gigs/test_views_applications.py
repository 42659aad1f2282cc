from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.services import freelancer_profile_update
from gigs import services
from gigs.models import Application, Project
from tests.builders import active_project, open_gig, paid_invoice, pending_application
from tests.factories import AT, FreelancerFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stopped_clock")]


def url(name, row, **query):
    address = reverse(f"gigs:{name}", args=[row.public_id])
    return f"{address}?{'&'.join(f'{key}={value}' for key, value in query.items())}"


# Applying


def test_a_freelancer_applies(client_for, freelancer):
    gig = open_gig()

    response = client_for(freelancer).post(
        url("apply", gig), {"pitch": " I can. ", "links": "https://example.com/a\n"}
    )

    assert response.status_code == 302
    application = Application.objects.get()
    assert (application.freelancer, application.pitch, application.links, application.status) == (
        freelancer,
        "I can.",
        ["https://example.com/a"],
        "pending",
    )


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"pitch": "  "}, "This field is required."),
        ({"pitch": "Hi", "links": "javascript:alert(1)"}, "is not a web address"),
        ({"pitch": "x" * 5001}, "at most 5000 characters"),
    ],
)
def test_an_application_that_is_wrong_comes_back(client_for, freelancer, values, sentence):
    response = client_for(freelancer).post(url("apply", open_gig()), values)

    assert response.status_code == 422
    assert sentence in response.content.decode()
    assert not Application.objects.exists()


@pytest.mark.parametrize(
    ("draft", "sentence"),
    [
        ({}, "You pay nothing until you approve a milestone."),
        (
            {"payment_mode": "held"},
            "You set the money of a milestone aside before work on it begins",
        ),
        ({"invoicing_method": "completion"}, "You pay the upfront invoice before work begins"),
    ],
)
def test_hiring_says_when_money_is_due(client_for, commissioner, draft, sentence):
    gig = open_gig(by=commissioner, **draft)
    application = pending_application(gig=gig)
    client = client_for(commissioner)

    question = client.get(url("match", gig, application=application.public_id)).content.decode()
    candidates = client.get(url("candidates", gig)).content.decode()

    assert (sentence in question, sentence in candidates) == (True, True)
    assert ("You pay nothing" in question) == (not draft)


def test_nobody_applies_twice(client_for, freelancer):
    gig = open_gig()
    pending_application(gig=gig, by=freelancer)

    response = client_for(freelancer).post(url("apply", gig), {"pitch": "Again"})

    assert response.status_code == 422
    assert Application.objects.count() == 1
    assert response.context["form"].non_field_errors() == ["You have already applied to this gig."]


def test_applying_needs_the_freelancer_role(client_for, commissioner):
    gig = open_gig()

    response = client_for(commissioner).post(url("apply", gig), {"pitch": "Me"})

    assert response.status_code == 403
    assert not Application.objects.exists()


def test_nobody_applies_to_a_gig_of_their_own(client_for, stranger):
    response = client_for(stranger).post(url("apply", open_gig(by=stranger)), {"pitch": "Me"})

    assert response.status_code == 422
    assert response.context["form"].non_field_errors() == [
        "This is your own gig; you cannot apply to it."
    ]
    assert not Application.objects.exists()


def test_somebody_who_was_turned_down_sees_from_when_on_to_apply(client_for, freelancer):
    application = pending_application(by=freelancer)
    services.application_reject(
        application_id=application.pk, by=application.gig.commissioner, at=AT
    )
    client = client_for(freelancer)

    soon = client.get(url("detail", application.gig))
    with time_machine.travel(AT + timedelta(days=21), tick=False):
        later = client_for(freelancer).get(url("detail", application.gig))

    assert not soon.context["can_apply"]
    assert b"again from 14 December 2026" in soon.content
    assert later.context["can_apply"]


def test_an_application_is_withdrawn_after_a_question(client_for, freelancer):
    application = pending_application(by=freelancer)
    client = client_for(freelancer)

    question = client.get(url("application-withdraw", application))
    still = Application.objects.get().status
    answer = client.post(url("application-withdraw", application))

    assert (question.status_code, still) == (200, "pending")
    assert (answer.status_code, Application.objects.get().status) == (302, "withdrawn")
    assert client.get(url("detail", application.gig)).context["can_apply"]


def test_my_applications_are_mine_and_by_state(client_for, freelancer):
    mine = pending_application(by=freelancer)
    pending_application()

    everything = client_for(freelancer).get(reverse("gigs:applications"))
    rejected = client_for(freelancer).get(reverse("gigs:applications"), {"status": "rejected"})

    assert everything.context["page"].rows == [mine]
    assert rejected.context["page"].rows == []


# Candidates


def test_candidates_come_with_reasons_the_best_fit_on_top(client_for, commissioner):
    gig = open_gig(by=commissioner, skills=("Django", "PostgreSQL", "CSS", "Writing"), title="Gig")
    novice, expert, veteran = (FreelancerFactory(name=name) for name in ("Nia", "Eva", "Vic"))
    for person, skills in ((expert, ["django", "css", "postgresql"]), (veteran, ["DJANGO"])):
        freelancer_profile_update(headline="", about="", skills=skills, by=person, at=AT)
    paid_invoice(active_project(freelancer=veteran, tasks=1))
    for person in (novice, expert, veteran):
        pending_application(gig=gig, by=person)

    response = client_for(commissioner).get(url("candidates", gig))

    rows = response.context["candidates"]
    assert [(row.application.freelancer.name, row.score) for row in rows] == [
        ("Eva", 60),
        ("Vic", 24),
        ("Nia", 0),
    ]
    assert (rows[0].matching_skills, rows[0].missing_skills, rows[0].completed_projects) == (
        ["Django", "PostgreSQL", "CSS"],
        ["Writing"],
        0,
    )
    assert (rows[1].matching_skills, rows[1].completed_projects) == (["Django"], 1)


def test_candidates_ask_as_much_for_twelve_as_for_three(client_for, commissioner):
    gig = open_gig(by=commissioner)
    counts = []
    for rows in (3, 12):
        while Application.objects.count() < rows:
            pending_application(gig=gig)
        client = client_for(commissioner)
        with CaptureQueriesContext(connection) as queries:
            client.get(url("candidates", gig))
        counts.append(len(queries))

    assert counts[0] == counts[1]


def test_links_of_candidates_lead_outside_without_trust(client_for, commissioner):
    gig = open_gig(by=commissioner)
    services.application_submit(
        gig_id=gig.pk,
        pitch="<script>alert(1)</script>",
        links=["https://example.com/?a=1&b=2"],
        by=FreelancerFactory(),
        at=AT,
    )

    page = client_for(commissioner).get(url("candidates", gig)).content.decode()

    assert 'href="https://example.com/?a=1&amp;b=2"' in page
    assert 'rel="nofollow noopener noreferrer"' in page
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


def test_a_candidate_is_hired_after_a_question(client_for, commissioner):
    chosen = pending_application(gig=open_gig(by=commissioner))
    other = pending_application(gig=chosen.gig)
    client = client_for(commissioner)

    question = client.get(url("match", chosen.gig, application=chosen.public_id))
    untouched = Project.objects.exists()
    answer = client.post(url("match", chosen.gig), {"application": chosen.public_id})

    project = Project.objects.get()
    other.refresh_from_db()
    assert (question.status_code, untouched) == (200, False)
    assert answer.url == reverse("projects:detail", args=[project.public_id])
    assert (project.freelancer, other.status) == (chosen.freelancer, "rejected")


def test_a_second_hire_is_refused_in_words(client_for, commissioner, freelancer):
    project = active_project(commissioner=commissioner, freelancer=freelancer)

    response = client_for(commissioner).post(
        url("match", project.gig), {"application": project.application.public_id}, follow=True
    )

    assert [str(message) for message in response.context["messages"]] == [
        "This gig has been matched already."
    ]
    assert Project.objects.count() == 1


@pytest.mark.parametrize("application", ["", "app_1", "gig_" + "0" * 32, "app_" + "0" * 32])
def test_hiring_needs_an_application_to_this_gig(client_for, commissioner, application):
    gig = open_gig(by=commissioner)
    foreign = pending_application()

    for name in (application, foreign.public_id):
        response = client_for(commissioner).post(url("match", gig), {"application": name})
        assert response.status_code == 404

    assert not Project.objects.exists()


def test_an_application_is_rejected_after_a_question(client_for, commissioner):
    application = pending_application(gig=open_gig(by=commissioner))
    client = client_for(commissioner)

    question = client.get(url("application-reject", application))
    assert "again after 21 days" in question.content.decode()
    still = Application.objects.get().status
    answer = client.post(url("application-reject", application))

    assert (question.status_code, still) == (200, "pending")
    assert (answer.status_code, Application.objects.get().status) == (302, "rejected")
