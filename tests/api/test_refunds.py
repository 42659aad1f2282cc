"""Refund requests over the API."""

from uuid import uuid4

import pytest

from gigs.models import RefundRequest
from tests.builders import fund, held_project, milestone_of, submitted_milestone
from wallets.models import Release

pytestmark = pytest.mark.django_db
REASON = {"reason": "Plans have changed."}
ANSWER = {"answer": "I deliver on Friday."}


@pytest.fixture
def project(commissioner, freelancer):
    made = held_project(commissioner=commissioner, freelancer=freelancer)
    fund(made)
    return made


def path_of(project, verb: str = "") -> str:
    return f"/api/v1/milestones/{milestone_of(project).public_id}/refund/{verb}"


def post(client, path, body=None, *, key=""):
    headers = {"Idempotency-Key": key or uuid4().hex}
    return client.post(path, body or {}, format="json", headers=headers)


def test_the_freelancer_agrees(api, project, commissioner, freelancer):
    asked = post(api(commissioner), path_of(project), REASON, key="once")
    again = post(api(commissioner), path_of(project), REASON, key="once")

    assert (asked.status_code, asked.json()["status"]) == (201, "open")
    assert again.headers["Idempotency-Replayed"] == "true"
    assert api(freelancer).get(path_of(project)).json() == asked.json()
    preview = post(api(freelancer), path_of(project, "agree/preview/"))
    assert preview.json()["returned"] == {"amount": "3333.34", "currency": "USD"}
    assert not Release.objects.exists()

    agreed = post(api(freelancer), path_of(project, "agree/"))

    assert (agreed.status_code, agreed.json()["milestone"]["status"]) == (200, "cancelled")
    assert agreed.json()["returned"]["amount"] == "3333.34"
    assert api(commissioner).get(path_of(project)).json()["status"] == "agreed"


def test_the_freelancer_declines_and_the_commissioner_asks_again(
    api, project, commissioner, freelancer
):
    post(api(commissioner), path_of(project), REASON)

    declined = post(api(freelancer), path_of(project, "decline/"), ANSWER).json()
    post(api(commissioner), path_of(project), REASON)
    withdrawn = post(api(commissioner), path_of(project, "withdraw/")).json()

    assert (declined["status"], declined["answer"]) == ("declined", "I deliver on Friday.")
    assert withdrawn["status"] == "withdrawn"
    assert RefundRequest.objects.count() == 2


def test_a_preview_says_what_silence_would_do(api, project, commissioner):
    answer = post(api(commissioner), path_of(project, "preview/"), REASON).json()

    assert answer["outcome"]["returned"] == {"amount": "3333.34", "currency": "USD"}
    assert answer["outcome"]["milestone"]["status"] == "cancelled"
    assert not RefundRequest.objects.exists()


def test_no_request_is_404(api, project, commissioner, refused):
    refused(api(commissioner).get(path_of(project)), 404, "not_found")


@pytest.mark.parametrize(("who", "status"), [("freelancer", 403), ("stranger", 404), (None, 401)])
def test_others_do_not_ask(api, project, request, who, status):
    client = api(request.getfixturevalue(who) if who else None)

    assert post(client, path_of(project), REASON).status_code == status
    assert post(client, path_of(project, "preview/"), REASON).status_code == status
    assert not RefundRequest.objects.exists()


@pytest.mark.parametrize(("who", "status"), [("commissioner", 403), ("stranger", 404), (None, 401)])
def test_others_do_not_answer(api, project, commissioner, request, who, status):
    post(api(commissioner), path_of(project), REASON)
    client = api(request.getfixturevalue(who) if who else None)

    for verb, body in (("agree/", None), ("agree/preview/", None), ("decline/", ANSWER)):
        assert post(client, path_of(project, verb), body).status_code == status
    assert RefundRequest.objects.get().status == "open"


def test_refusals_have_codes(api, project, commissioner, freelancer, refused):
    client = api(commissioner)
    refused(post(client, path_of(project, "withdraw/")), 409, "no_refund_request")
    refused(client.post(path_of(project), REASON, format="json"), 400, "idempotency_key_required")
    refused(post(client, path_of(project), {"reason": " "}), 400, "blank")
    post(client, path_of(project), REASON)
    refused(post(client, path_of(project), REASON), 409, "refund_already_requested")
    submitted_milestone(project)
    refused(post(client, path_of(project), REASON), 409, "work_submitted")
    refused(post(api(freelancer), path_of(project, "agree/")), 409, "no_refund_request")
