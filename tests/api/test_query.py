"""Query strings and lists."""

from datetime import timedelta
from itertools import chain

import pytest

from gigs.models import Gig
from tests.builders import active_project, open_gig
from tests.factories import AT

pytestmark = pytest.mark.django_db
GIGS = "/api/v1/gigs/"


def walk(client, url, way="next"):
    """The ids of each page, following links."""
    pages = []
    while url:
        page = client.get(url).json()
        pages.append([row["id"] for row in page["results"]])
        url = page[way]
    return pages


@pytest.fixture
def gigs(db):
    """Seven gigs, newest first; two of them posted at the same moment."""
    minutes = [0, 1, 2, 2, 3, 4, 5]
    made = [
        open_gig(title=f"Gig {n}", at=AT + timedelta(minutes=minute))
        for n, minute in enumerate(minutes)
    ]
    return [gig.public_id for gig in reversed(made)]


def test_pages_show_each_row_once_in_order(api, freelancer, gigs):
    pages = walk(api(freelancer), f"{GIGS}?limit=2")

    assert [len(page) for page in pages] == [2, 2, 2, 1]
    assert list(chain(*pages)) == gigs


def test_previous_leads_back_to_the_first_page(api, freelancer, gigs):
    client = api(freelancer)
    last = f"{GIGS}?limit=2"
    while following := client.get(last).json()["next"]:
        last = following

    pages = walk(client, last, way="previous")

    assert [row for page in reversed(pages) for row in page] == gigs
    assert pages[0] == gigs[6:]
    assert pages[-1] == gigs[:2]


def test_ordering_can_be_turned_round(api, freelancer, gigs):
    pages = walk(api(freelancer), f"{GIGS}?limit=3&ordering=created_at")

    assert list(chain(*pages)) == gigs[::-1]


def test_a_row_that_comes_meanwhile_shifts_nothing(api, freelancer, gigs):
    client = api(freelancer)
    first = client.get(f"{GIGS}?limit=3").json()
    open_gig(title="Late", at=AT + timedelta(hours=1))

    second = client.get(first["next"]).json()

    assert [row["id"] for row in second["results"]] == gigs[3:6]


def test_a_page_keeps_the_filters_in_its_links(api, freelancer, gigs):
    page = api(freelancer).get(f"{GIGS}?limit=1&status=open&category=development").json()

    assert "status=open" in page["next"]
    assert "category=development" in page["next"]


def test_an_empty_list_has_neither_next_nor_previous(api, freelancer):
    assert api(freelancer).get(GIGS).json() == {"results": [], "next": None, "previous": None}


@pytest.mark.parametrize(
    ("query", "field", "code"),
    [
        ("limit=0", "limit", "out_of_range"),
        ("limit=101", "limit", "out_of_range"),
        ("limit=1000000000", "limit", "out_of_range"),
        ("limit=-1", "limit", "out_of_range"),
        ("limit=abc", "limit", "out_of_range"),
        ("limit=1e1", "limit", "out_of_range"),
        ("limit=+5", "limit", "out_of_range"),
        ("limit=%D9%A5", "limit", "out_of_range"),
        ("limit=", "limit", "out_of_range"),
        ("limit=5&limit=6", "limit", "repeated_parameter"),
        ("offset=5", "offset", "unknown_parameter"),
        ("page=2", "page", "unknown_parameter"),
        ("title__x=a", "title__x", "unknown_parameter"),
        ("_connector=OR", "_connector", "unknown_parameter"),
        ("format=api", "format", "unknown_parameter"),
        ("ordering=secret", "ordering", "invalid_choice"),
        ("ordering=commissioner__password", "ordering", "invalid_choice"),
        ("ordering=--created_at", "ordering", "invalid_choice"),
        ("ordering=", "ordering", "blank"),
        ("status=held", "status", "invalid_choice"),
        ("status=", "status", "invalid_choice"),
        ("commissioner_id=5", "commissioner_id", "invalid_id"),
        ("cursor=", "cursor", "blank"),
        ("cursor=abc", "cursor", "invalid_cursor"),
        ("cursor=%C3%A9", "cursor", "invalid_cursor"),
        ("cursor=bnVsbA", "cursor", "invalid_cursor"),
        ("cursor=WzEsMiwzLDRd", "cursor", "invalid_cursor"),
        ("cursor=WyItY3JlYXRlZF9hdCIsMCwieCIsMV0", "cursor", "invalid_cursor"),
        ("cursor=" + "W1tb" * 2000, "cursor", "invalid_cursor"),
    ],
)
def test_a_query_string_says_only_what_is_declared(
    api, freelancer, gigs, refused, query, field, code
):
    answer = api(freelancer).get(f"{GIGS}?{query}")

    assert refused(answer, 400, code) == [(field, code)]


def test_a_cursor_of_another_order_is_refused(api, freelancer, gigs, refused):
    client = api(freelancer)
    following = client.get(f"{GIGS}?limit=1").json()["next"]

    answer = client.get(f"{following}&ordering=created_at")

    assert refused(answer, 400, "invalid_cursor") == [("cursor", "invalid_cursor")]


@pytest.mark.parametrize("path", ["/api/v1/me/", "/api/v1/wallet/", "/api/v1/wallet/?x=1"])
def test_calls_without_parameters_take_none(api, freelancer, refused, path):
    answer = api(freelancer).get(path.split("?")[0], {"x": "1"})

    assert refused(answer, 400, "unknown_parameter") == [("x", "unknown_parameter")]


def test_a_write_takes_no_parameters(api, commissioner, gig_body, refused):
    answer = api(commissioner).post("/api/gigs/post?dry_run=1", gig_body, format="json")

    refused(answer, 400, "unknown_parameter")
    assert Gig.objects.count() == 0


def test_gigs_are_filtered_by_field(api, freelancer, commissioner):
    design = open_gig(by=commissioner, category="design", skills=("figma",))
    open_gig(skills=("django",))
    client = api(freelancer)

    for query in ("category=design", "skill=figma", f"commissioner_id={commissioner.public_id}"):
        found = client.get(f"{GIGS}?{query}").json()["results"]
        assert [row["id"] for row in found] == [design.public_id], query
    assert client.get(f"{GIGS}?status=matched").json()["results"] == []


def test_projects_and_milestones_are_filtered_by_field(api):
    project = active_project()
    other = active_project(commissioner=project.commissioner, title="Another")
    client = api(project.commissioner)

    by_gig = client.get(f"/api/v1/projects/?gig_id={project.gig.public_id}").json()["results"]
    by_status = client.get("/api/v1/projects/?status=completed").json()["results"]
    tasks = client.get(f"/api/v1/milestones/?project_id={other.public_id}&limit=2").json()

    assert [row["id"] for row in by_gig] == [project.public_id]
    assert by_status == []
    assert [row["position"] for row in tasks["results"]] == [1, 2]
    assert [row["position"] for row in client.get(tasks["next"]).json()["results"]] == [3]
    assert {row["project_id"] for row in tasks["results"]} == {other.public_id}
