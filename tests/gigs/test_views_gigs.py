from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from gigs import services
from gigs.models import Application, Gig
from tests.builders import active_project, open_gig, pending_application
from tests.factories import AT, CommissionerFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stopped_clock")]

HTMX = {"HTTP_HX_REQUEST": "true"}


def url(name, row, **query):
    address = reverse(f"gigs:{name}", args=[row.public_id])
    return f"{address}?{'&'.join(f'{key}={value}' for key, value in query.items())}"


def titles(response):
    return [gig.title for gig in response.context["page"].rows]


def draft_gig(by, **changes):
    return open_gig(by=by, is_draft=True, **changes)


# The list


def test_the_list_shows_open_gigs_to_everybody_newest_first(client, commissioner):
    open_gig(by=commissioner, title="Older", at=AT - timedelta(days=1))
    open_gig(by=commissioner, title="Newer")
    draft_gig(commissioner, title="Draft")
    closed = open_gig(by=commissioner, title="Closed")
    services.gig_close(gig_id=closed.pk, by=commissioner, at=AT)

    response = client.get(reverse("gigs:list"))

    assert response.status_code == 200
    assert titles(response) == ["Newer", "Older"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"q": "museum"}, ["Museum search"]),
        ({"q": "MUSEUM objects"}, ["Museum search"]),
        ({"q": "museum bakery"}, []),
        ({"q": "photog"}, ["Bakery posters"]),
        ({"q": "100%"}, []),
        ({"category": "design"}, ["Bakery posters"]),
        ({"skill": "postgresql"}, ["Museum search"]),
        ({"skill": "postgres"}, []),
        ({"currency": "EUR"}, ["Bakery posters"]),
        ({"currency": "USD", "min_budget": "5000"}, ["Museum search"]),
        ({"currency": "USD", "min_budget": "5000.01"}, []),
        ({"currency": "USD", "min_budget": "5,000"}, ["Museum search"]),
        ({"category": "nonsense"}, ["Museum search", "Bakery posters"]),
    ],
)
def test_the_list_is_searched_and_filtered(client, commissioner, query, found):
    open_gig(
        by=commissioner,
        title="Bakery posters",
        description="Ten of them.",
        category="design",
        skills=("Photography",),
        budget="900",
        currency="EUR",
        at=AT - timedelta(days=1),
    )
    open_gig(
        by=commissioner,
        title="Museum search",
        description="40,000 objects.",
        skills=("Django", "PostgreSQL"),
        budget="5000",
    )

    response = client.get(reverse("gigs:list"), query)

    assert titles(response) == found


def test_htmx_gets_the_results_alone_and_a_clean_address(client, commissioner):
    open_gig(by=commissioner, title="Museum search")

    response = client.get(reverse("gigs:list"), {"q": "museum", "category": ""}, **HTMX)

    assert response.templates[0].name == "gigs/_gig_results.html"
    assert response["HX-Replace-Url"] == "/gigs/?q=museum"
    assert "HX-Request" in response["Vary"]
    assert b"<html" not in response.content


def test_more_gigs_follow_the_last_one(client, commissioner):
    for number in range(23):
        open_gig(by=commissioner, title=f"Gig {number}", at=AT - timedelta(hours=number))
    first = client.get(reverse("gigs:list"))

    more = client.get(reverse("gigs:list"), {"before": first.context["page"].older}, **HTMX)

    assert titles(first) == [f"Gig {number}" for number in range(20)]
    assert titles(more) == ["Gig 20", "Gig 21", "Gig 22"]
    assert more.context["page"].older == ""
    assert more.templates[0].name == "gigs/_gig_cards.html"
    assert "HX-Replace-Url" not in more


@pytest.mark.parametrize("name", ["gigs:list", "gigs:mine", "gigs:applications"])
def test_lists_ask_as_much_for_twelve_rows_as_for_three(client_for, stranger, name):
    counts = []
    for rows in (3, 12):
        while Gig.objects.filter(commissioner=stranger).count() < rows:
            open_gig(by=stranger, title=f"Gig {Gig.objects.count()}")
            pending_application(by=stranger)
            pending_application(gig=Gig.objects.filter(commissioner=stranger).last())
        client = client_for(stranger)
        with CaptureQueriesContext(connection) as queries:
            assert client.get(reverse(name)).status_code == 200
        counts.append(len(queries))

    assert counts[0] == counts[1]


# A gig's page


def test_a_gigs_page_says_what_the_freelancer_gets(client, commissioner):
    gig = open_gig(by=commissioner)

    response = client.get(url("detail", gig))

    split = response.context["split"]
    assert [str(row.net.amount) for row in split.rows] == ["3166.67", "3166.67", "3166.66"]
    assert (str(split.fee.amount), str(split.net.amount)) == ("500.00", "9500.00")
    assert b"Sign in" in response.content
    assert not response.context["can_apply"]


def test_a_draft_is_seen_by_its_owner_only(client_for, commissioner, stranger, staff):
    gig = draft_gig(commissioner)

    statuses = {
        user: client_for(user).get(url("detail", gig)).status_code
        for user in (commissioner, stranger, staff, None)
    }

    assert statuses == {commissioner: 200, stranger: 404, staff: 404, None: 404}


def test_a_matched_gig_is_seen_by_those_concerned(client_for, commissioner, freelancer, stranger):
    project = active_project(commissioner=commissioner, freelancer=freelancer)

    for user, status in ((commissioner, 200), (freelancer, 200), (stranger, 404), (None, 404)):
        assert client_for(user).get(url("detail", project.gig)).status_code == status


def test_a_gig_is_opened_by_its_owner(client_for, commissioner):
    gig = draft_gig(commissioner)

    response = client_for(commissioner).post(url("open", gig))

    gig.refresh_from_db()
    assert (response.status_code, response.url) == (302, url("detail", gig).rstrip("?"))
    assert (gig.status, gig.posted_at) == ("open", AT)


def test_a_gig_that_is_open_is_not_opened_again(client_for, commissioner):
    gig = open_gig(by=commissioner)

    response = client_for(commissioner).post(url("open", gig), follow=True)

    assert [str(message) for message in response.context["messages"]] == [
        "A gig that is open cannot become open."
    ]


def test_a_gig_is_closed_after_a_question(client_for, commissioner):
    gig = open_gig(by=commissioner)
    client = client_for(commissioner)

    question = client.get(url("close", gig))
    still = Gig.objects.get(pk=gig.pk).status
    answer = client.post(url("close", gig))

    assert (question.status_code, still) == (200, "open")
    assert answer.status_code == 302
    assert Gig.objects.get(pk=gig.pk).status == "closed"


def test_my_gigs_are_mine_and_by_state(client_for, commissioner):
    open_gig(by=commissioner, title="Open")
    draft_gig(commissioner, title="Draft")
    open_gig(title="Of somebody else")

    everything = client_for(commissioner).get(reverse("gigs:mine"))
    drafts = client_for(commissioner).get(reverse("gigs:mine"), {"status": "draft"})

    assert sorted(titles(everything)) == ["Draft", "Open"]
    assert titles(drafts) == ["Draft"]


# Who may


@pytest.mark.parametrize(
    ("method", "name", "applicant", "stranger", "anonymous"),
    [
        ("post", "open", 403, 403, 302),
        ("post", "edit", 403, 403, 302),
        ("get", "close", 403, 403, 302),
        ("post", "close", 403, 403, 302),
        ("get", "candidates", 403, 403, 302),
        ("get", "match", 403, 403, 302),
        ("post", "match", 403, 403, 302),
    ],
)
def test_only_the_owner_manages_a_gig(
    client_for, freelancer, method, name, applicant, stranger, anonymous
):
    application = pending_application(by=freelancer)
    query = {"application": application.public_id}

    answers = [
        getattr(client_for(user), method)(url(name, application.gig), query).status_code
        for user in (freelancer, CommissionerFactory(), None)
    ]

    assert answers == [applicant, stranger, anonymous]
    application.refresh_from_db()
    assert (application.status, application.gig.status) == ("pending", "open")


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize(
    ("name", "applicant", "owner"),
    [("application-withdraw", None, 403), ("application-reject", 403, None)],
)
def test_applications_are_decided_by_the_right_side(
    client_for, commissioner, freelancer, stranger, method, name, applicant, owner
):
    application = pending_application(gig=open_gig(by=commissioner), by=freelancer)
    expected = {freelancer: applicant, commissioner: owner, stranger: 404, None: 302}

    for user, status in expected.items():
        if status is not None:
            response = getattr(client_for(user), method)(url(name, application))
            assert response.status_code == status

    assert Application.objects.get().status == "pending"


@pytest.mark.parametrize(
    ("name", "right", "wrong"),
    [
        ("gigs:mine", "commissioner", "freelancer"),
        ("gigs:post", "commissioner", "freelancer"),
        ("gigs:applications", "freelancer", "commissioner"),
    ],
)
def test_screens_of_a_role_refuse_the_other(request, client_for, name, right, wrong):
    answers = [
        client_for(user).get(reverse(name)).status_code
        for user in (request.getfixturevalue(right), request.getfixturevalue(wrong), None)
    ]

    assert answers == [200, 403, 302]


@pytest.mark.parametrize("name", ["open", "edit"])
def test_nothing_is_opened_by_get(client_for, commissioner, name):
    gig = draft_gig(commissioner)

    assert client_for(commissioner).get(url(name, gig)).status_code == 405
    assert Gig.objects.get().status == "draft"


def test_posts_need_the_csrf_token(freelancer):
    client = Client(enforce_csrf_checks=True)
    client.force_login(freelancer, backend="allauth.account.auth_backends.AuthenticationBackend")

    response = client.post(url("apply", open_gig()), {"pitch": "Hi"})

    assert response.status_code == 403
    assert not Application.objects.exists()


@pytest.mark.parametrize("spelling", ["GIG_" + "0" * 32, "gig_" + "0" * 31, "1", "prj_" + "0" * 32])
def test_other_spellings_of_an_identifier_are_no_page(client, spelling):
    assert client.get(f"/gigs/{spelling}/").status_code == 404
