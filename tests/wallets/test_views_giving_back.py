"""The browser pages of giving held money back."""

import pytest

from tests.builders import approved_milestone, fund, held_project, milestone_of
from wallets.models import Release

pytestmark = pytest.mark.django_db


@pytest.fixture
def project(commissioner, freelancer):
    made = held_project(commissioner=commissioner, freelancer=freelancer)
    fund(made)
    return made


def path_of(project) -> str:
    return f"/milestones/{milestone_of(project).public_id}/give-back/"


def test_the_freelancer_finds_the_way(client_for, project, freelancer, commissioner):
    page = f"/projects/{project.public_id}/"

    assert path_of(project) in client_for(freelancer).get(page).content.decode()
    assert "give-back" not in client_for(commissioner).get(page).content.decode()


def test_a_part_goes_back(client_for, project, freelancer):
    client = client_for(freelancer)

    answer = client.post(path_of(project), {"extent": "part", "amount": "333.34"})

    assert answer.headers["Location"] == f"/projects/{project.public_id}/"
    assert "333.34" in client.get(answer.headers["Location"]).content.decode()
    assert milestone_of(project).amount.amount == 3000
    facts = client.get(path_of(project)).content.decode()
    assert "A part given back" in facts


def test_all_of_it_goes_back(client_for, project, freelancer):
    client = client_for(freelancer)

    client.post(path_of(project), {"extent": "all", "amount": ""})

    assert milestone_of(project).status == "cancelled"
    page = client.get(f"/projects/{project.public_id}/").content.decode()
    assert "0 of 2 milestones settled" in page
    assert "Nothing to give back" in client.get(path_of(project)).content.decode()


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"extent": "part"},
        {"extent": "part", "amount": "0"},
        {"extent": "part", "amount": "3333.35"},
        {"extent": "some"},
    ],
)
def test_an_unfinished_form_comes_back(client_for, project, freelancer, data):
    assert client_for(freelancer).post(path_of(project), data).status_code == 422
    assert not Release.objects.exists()


def test_the_preview_says_what_would_happen(client_for, project, freelancer):
    client, path = client_for(freelancer), f"{path_of(project)}preview/"

    part = client.get(path, {"extent": "part", "amount": "333.34"}).content.decode()
    everything = client.get(path, {"extent": "all"}, headers={"HX-Request": "true"})
    nothing = client.get(path).content.decode()
    empty = client.get(path, {"extent": "part"}).content.decode()
    wrong = client.get(path, {"extent": "part", "amount": "1,000"}).content.decode()

    assert "333.34" in part
    assert "3,000.00" in part
    assert "is cancelled" in everything.content.decode()
    assert "<html" not in everything.content.decode()
    assert "Choose how much." in nothing
    assert "Write how much you give back." in empty
    assert "Leave out thousands separators" in wrong
    assert not Release.objects.exists()


def test_too_late_is_said(client_for, project, freelancer):
    approved_milestone(project)
    client = client_for(freelancer)

    answer = client.post(path_of(project), {"extent": "all"})

    assert answer.status_code == 422
    assert "credit note" in answer.content.decode()
    shown = client.get(f"{path_of(project)}preview/", {"extent": "all"}).content.decode()
    assert "credit note" in shown


@pytest.mark.parametrize(("who", "status"), [("commissioner", 403), ("stranger", 404), (None, 302)])
def test_others_do_not_give_it_back(client_for, project, request, who, status):
    client = client_for(request.getfixturevalue(who) if who else None)

    assert client.post(path_of(project), {"extent": "all"}).status_code == status
    assert not Release.objects.exists()
