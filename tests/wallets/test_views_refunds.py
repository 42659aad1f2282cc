"""The browser pages of refund requests."""

import pytest

from gigs.models import RefundRequest
from tests.builders import fund, held_project, milestone_of, submitted_milestone

pytestmark = pytest.mark.django_db
REASON = {"reason": "Plans have changed."}


@pytest.fixture
def project(commissioner, freelancer):
    made = held_project(commissioner=commissioner, freelancer=freelancer)
    fund(made)
    return made


def path_of(project, verb: str = "") -> str:
    return f"/milestones/{milestone_of(project).public_id}/refund/{verb}"


def test_asking_and_agreeing(client_for, project, commissioner, freelancer):
    asking, answering = client_for(commissioner), client_for(freelancer)
    page = f"/projects/{project.public_id}/"
    assert "Ask for the money back" in asking.get(page).content.decode()
    assert "Ask for the money back" in asking.get(path_of(project)).content.decode()

    answer = asking.post(path_of(project), REASON)

    assert answer.headers["Location"] == path_of(project)
    assert "Withdraw the request" in asking.get(path_of(project)).content.decode()
    assert "You asked for the money back" in asking.get(page).content.decode()
    assert "Answer the refund request" in answering.get(page).content.decode()
    assert "Answer about “Part 1”" in answering.get("/dashboard/").content.decode()
    shown = answering.get(path_of(project)).content.decode()
    assert "Plans have changed." in shown
    assert "3,333.34" in shown

    answering.post(path_of(project, "agree/"))

    assert milestone_of(project).status == "cancelled"
    assert "Agreed" in asking.get(path_of(project)).content.decode()


def test_declining(client_for, project, commissioner, freelancer):
    client_for(commissioner).post(path_of(project), REASON)
    client = client_for(freelancer)

    assert client.post(path_of(project, "decline/"), {"answer": " "}).status_code == 422
    answer = client.post(path_of(project, "decline/"), {"answer": "On Friday."})

    assert answer.headers["Location"] == path_of(project)
    assert RefundRequest.objects.get().status == "declined"
    assert "On Friday." in client_for(commissioner).get(path_of(project)).content.decode()


def test_withdrawing(client_for, project, commissioner):
    client = client_for(commissioner)
    client.post(path_of(project), REASON)

    client.post(path_of(project, "withdraw/"))

    assert RefundRequest.objects.get().status == "withdrawn"
    assert client.post(path_of(project), {"reason": ""}).status_code == 422


def test_once_work_is_there_the_page_says_no(client_for, project, commissioner):
    submitted_milestone(project)
    client = client_for(commissioner)

    assert "Nothing was asked for" in client.get(path_of(project)).content.decode()
    answer = client.post(path_of(project), REASON)

    assert answer.status_code == 422
    assert "Work was submitted" in answer.content.decode()
    assert not RefundRequest.objects.exists()


def test_an_answer_to_nothing_is_said(client_for, project, freelancer):
    client = client_for(freelancer)

    answer = client.post(path_of(project, "agree/"), follow=True)

    assert "Nobody is waiting" in answer.content.decode()


@pytest.mark.parametrize(
    ("who", "ask", "decline"),
    [
        ("commissioner", 302, 403),
        ("freelancer", 403, 302),
        ("stranger", 404, 404),
        (None, 302, 302),
    ],
)
def test_each_side_has_its_own_part(client_for, project, request, who, ask, decline):
    client = client_for(request.getfixturevalue(who) if who else None)

    assert client.post(path_of(project), REASON).status_code == ask
    answer = client.post(path_of(project, "decline/"), {"answer": "No."})
    assert answer.status_code == decline
    assert RefundRequest.objects.count() == (who == "commissioner")
