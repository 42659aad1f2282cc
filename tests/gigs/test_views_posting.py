import pytest
from django.urls import reverse

from gigs.models import Gig
from tests.builders import active_project
from tests.factories import AT

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stopped_clock")]

ABOUT = {
    "title": "Museum search",
    "category": "development",
    "skills": "django, PostgreSQL, Django",
    "description": "40,000 objects.",
}


@pytest.fixture
def client(client_for, commissioner):
    return client_for(commissioner)


def plan_data(*rows, budget="10000", currency="USD", go="review", **values):
    data = {"budget": budget, "currency": currency, "go": go, **values}
    data |= {"rows-TOTAL_FORMS": len(rows), "rows-INITIAL_FORMS": 0}
    for index, row in enumerate(rows):
        data |= {f"rows-{index}-{name}": value for name, value in row.items()}
    return data


THREE = [
    {"title": "Architecture", "due_on": "2026-12-06"},
    {"title": "Features"},
    {"title": "Launch"},
]


def test_a_gig_is_posted_in_three_steps(client, commissioner):
    about = client.post(reverse("gigs:post"), ABOUT)
    plan = client.post(reverse("gigs:post-plan"), plan_data(*THREE))
    review = client.get(reverse("gigs:post-review"))
    nothing_yet = Gig.objects.exists()
    posted = client.post(reverse("gigs:post-review"), {"go": "post"})

    gig = Gig.objects.get()
    assert (about.url, plan.url) == (reverse("gigs:post-plan"), reverse("gigs:post-review"))
    assert (review.status_code, nothing_yet) == (200, False)
    assert posted.url == reverse("gigs:detail", args=[gig.public_id])
    assert (gig.commissioner, gig.status, gig.posted_at) == (commissioner, "open", AT)
    assert (gig.title, gig.skills, gig.is_auto_pay) == (
        "Museum search",
        ["django", "PostgreSQL"],
        False,
    )
    assert [
        (row.title, str(row.amount.amount), str(row.due_on))
        for row in gig.planned_milestones.order_by("position")
    ] == [
        ("Architecture", "3333.3400", "2026-12-06"),
        ("Features", "3333.3300", "None"),
        ("Launch", "3333.3300", "None"),
    ]


def test_a_gig_is_kept_as_a_draft(client):
    client.post(reverse("gigs:post"), ABOUT)
    client.post(reverse("gigs:post-plan"), plan_data(*THREE, is_auto_pay="on"))

    client.post(reverse("gigs:post-review"), {"go": "draft"})

    gig = Gig.objects.get()
    assert (gig.status, gig.posted_at, gig.is_auto_pay, gig.is_self_billed) == (
        "draft",
        None,
        True,
        False,
    )


def test_a_gig_is_posted_as_self_billed(client):
    client.post(reverse("gigs:post"), ABOUT)
    client.post(reverse("gigs:post-plan"), plan_data(*THREE, is_self_billed="on"))

    review = client.get(reverse("gigs:post-review"))
    client.post(reverse("gigs:post-review"), {"go": "post"})

    gig = Gig.objects.get()
    assert "The invoices are self-billed." in review.content.decode()
    assert (gig.is_self_billed, gig.is_auto_pay) == (True, False)
    page = client.get(reverse("gigs:detail", args=[gig.public_id]))
    assert "The invoices are self-billed" in page.content.decode()


def test_after_posting_the_next_gig_starts_empty(client):
    client.post(reverse("gigs:post"), ABOUT)
    client.post(reverse("gigs:post-plan"), plan_data(*THREE))
    client.post(reverse("gigs:post-review"), {"go": "post"})

    again = client.post(reverse("gigs:post-review"), {"go": "post"})

    assert again.url == reverse("gigs:post")
    assert client.get(reverse("gigs:post")).context["form"]["title"].value() is None
    assert Gig.objects.count() == 1


@pytest.mark.parametrize("name", ["title", "category", "description"])
def test_the_first_step_needs(client, name):
    response = client.post(reverse("gigs:post"), {**ABOUT, name: " "})

    assert response.status_code == 422
    assert list(response.context["form"].errors) == [name]
    assert client.get(reverse("gigs:post-plan")).url == reverse("gigs:post")


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (plan_data(*THREE, budget="10,000"), "Leave out thousands separators"),
        (plan_data(*THREE, budget="0.02"), "at least one sub-unit"),
        (plan_data(), "Plan 1 to 50 milestones."),
        (
            plan_data({"title": "A", "amount": "1"}, {"title": "B"}),
            "Give every milestone an amount",
        ),
        (plan_data({"title": ""}), "This field is required."),
        (plan_data(*THREE, currency="XXX"), "Select a valid choice."),
    ],
)
def test_a_plan_that_does_not_fit_comes_back(client, data, sentence):
    client.post(reverse("gigs:post"), ABOUT)

    response = client.post(reverse("gigs:post-plan"), data)

    assert response.status_code == 422
    assert sentence in response.content.decode()
    assert client.get(reverse("gigs:post-review")).url == reverse("gigs:post-plan")


@pytest.mark.parametrize(("go", "rows"), [("5", 5), ("1", 1), ("0", 1), ("99", 50), ("split", 3)])
def test_without_javascript_buttons_change_the_number_of_milestones(client, go, rows):
    client.post(reverse("gigs:post"), ABOUT)

    response = client.post(reverse("gigs:post-plan"), plan_data(*THREE, go=go), follow=True)

    assert response.redirect_chain == [(reverse("gigs:post-plan"), 302)]
    assert len(response.context["plan"].rows.forms) == rows
    assert response.context["plan"].rows[0]["title"].value() == "Architecture"
    assert len(response.context["live"].split.rows) == rows


def test_going_back_keeps_what_was_written(client):
    client.post(reverse("gigs:post"), ABOUT)

    response = client.post(reverse("gigs:post-plan"), plan_data({"title": "A"}, go="about"))

    assert response.url == reverse("gigs:post")
    assert client.get(response.url).context["form"]["title"].value() == "Museum search"
    plan = client.get(reverse("gigs:post-plan")).context["plan"]
    assert [row["title"] for row in plan.values()["rows"]] == ["A"]


def test_starting_over_forgets(client):
    client.post(reverse("gigs:post"), ABOUT)

    client.post(reverse("gigs:post-discard"))

    assert client.get(reverse("gigs:post")).context["form"]["title"].value() is None


def test_the_live_split_is_a_fragment_that_keeps_nothing(client):
    response = client.post(reverse("gigs:post-split"), plan_data(*THREE))

    page = response.content.decode()
    assert response.status_code == 200
    assert "<html" not in page
    for amount in ("3,333.34", "3,333.33", "166.67", "166.66", "3,166.66", "9,500.00"):
        assert amount in page
    assert client.get(reverse("gigs:post-plan")).url == reverse("gigs:post")


def test_the_live_split_survives_anything(client):
    response = client.post(reverse("gigs:post-split"), {"budget": "x", "rows-TOTAL_FORMS": "many"})

    assert response.status_code == 200


def test_steps_follow_each_other(client):
    assert client.get(reverse("gigs:post-plan")).url == reverse("gigs:post")
    assert client.get(reverse("gigs:post-review")).url == reverse("gigs:post")


def test_the_plan_starts_with_the_commissioners_currency(client, commissioner):
    commissioner.currency = "JPY"
    commissioner.save(update_fields=["currency"])
    client.post(reverse("gigs:post"), ABOUT)

    plan = client.get(reverse("gigs:post-plan")).context["plan"]

    assert plan.budget["currency"].value() == "JPY"


@pytest.mark.parametrize("name", ["post", "post-plan", "post-split", "post-review", "post-discard"])
def test_posting_is_for_commissioners(client_for, freelancer, name):
    url = reverse(f"gigs:{name}")

    assert client_for(freelancer).post(url).status_code == 403
    assert client_for(None).post(url).status_code == 302


@pytest.mark.parametrize("name", ["post-split", "post-discard"])
def test_these_are_posts_only(client, name):
    assert client.get(reverse(f"gigs:{name}")).status_code == 405


def posted_draft(client, *rows, **values):
    client.post(reverse("gigs:post"), ABOUT)
    client.post(reverse("gigs:post-plan"), plan_data(*rows, **values))
    client.post(reverse("gigs:post-review"), {"go": "draft"})
    return Gig.objects.get()


def test_a_draft_goes_through_the_three_steps_again(client):
    gig = posted_draft(client, *THREE)
    page = client.get(reverse("gigs:detail", args=[gig.public_id]))
    address = reverse("gigs:edit", args=[gig.public_id])

    taken = client.post(address)
    about = client.get(taken.url)
    plan = client.get(reverse("gigs:post-plan"))

    assert f'action="{address}"' in page.content.decode()
    assert taken.url == reverse("gigs:post")
    assert "Edit your draft" in about.content.decode()
    assert about.context["form"]["skills"].value() == "django, PostgreSQL"
    assert [(row["title"].value(), row["amount"].value()) for row in plan.context["plan"].rows] == [
        ("Architecture", ""),
        ("Features", ""),
        ("Launch", ""),
    ]
    assert plan.context["plan"].rows[0]["due_on"].value() == "2026-12-06"

    client.post(reverse("gigs:post"), {**ABOUT, "title": "Library search"})
    client.post(reverse("gigs:post-plan"), plan_data(*THREE[:2], budget="500.01"))
    saved = client.post(reverse("gigs:post-review"), {"go": "draft"})
    edited = Gig.objects.get()

    assert saved.url == reverse("gigs:detail", args=[gig.public_id])
    assert (edited.pk, edited.title, edited.status) == (gig.pk, "Library search", "draft")
    assert [
        (row.title, str(row.amount.amount))
        for row in edited.planned_milestones.order_by("position")
    ] == [("Architecture", "250.0100"), ("Features", "250.0000")]
    assert "Post a gig" in client.get(reverse("gigs:post")).content.decode()


def test_prices_of_ones_own_come_back_as_they_were_written(client):
    rows = [
        {"title": "Small", "amount": "1", "criteria": "It works.\nIt is fast."},
        {"title": "Large", "amount": "9999", "description": "The rest."},
    ]
    gig = posted_draft(client, *rows)

    client.post(reverse("gigs:edit", args=[gig.public_id]))
    client.post(reverse("gigs:post-review"), {"go": "post"})

    edited = Gig.objects.get()
    assert (edited.pk, edited.status, edited.posted_at) == (gig.pk, "open", AT)
    assert [
        (row.title, str(row.amount.amount), row.criteria, row.description)
        for row in edited.planned_milestones.order_by("position")
    ] == [
        ("Small", "1.0000", ["It works.", "It is fast."], ""),
        ("Large", "9999.0000", [], "The rest."),
    ]


def test_a_draft_that_was_posted_meanwhile_stays_as_it_was_posted(client):
    gig = posted_draft(client, *THREE)
    client.post(reverse("gigs:edit", args=[gig.public_id]))
    client.post(reverse("gigs:open", args=[gig.public_id]))

    late = client.post(reverse("gigs:post-review"), {"go": "post"})
    again = client.post(reverse("gigs:edit", args=[gig.public_id]), follow=True)

    assert late.status_code == 422
    assert "Only a draft can be edited." in late.content.decode()
    assert "Only a draft can be edited." in again.content.decode()
    assert Gig.objects.get().title == "Museum search"


def test_the_days_to_pay_are_those_of_the_platform(client, commissioner, settings):
    settings.INVOICE_DUE_DAYS = 30
    client.post(reverse("gigs:post"), ABOUT)
    plan = reverse("gigs:post-plan")
    assert "each is due in 30 days" in client.get(plan).content.decode()
    client.post(plan, plan_data(*THREE))
    review = reverse("gigs:post-review")
    project = active_project(commissioner=commissioner)

    assert "within 30 days" in client.get(review).content.decode()
    posted = client.post(review, {"go": "post"}).url
    for page in (posted, reverse("projects:detail", args=[project.public_id])):
        assert "ithin 30 days" in client.get(page).content.decode()
