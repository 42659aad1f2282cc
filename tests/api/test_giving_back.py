"""Giving held money back over the API."""

from uuid import uuid4

import pytest

from tests.builders import approved_milestone, fund, held_project, milestone_of
from wallets.models import Release

pytestmark = pytest.mark.django_db
PART = {"amount": {"amount": "333.34", "currency": "USD"}}


@pytest.fixture
def project(commissioner, freelancer):
    made = held_project(commissioner=commissioner, freelancer=freelancer)
    fund(made)
    return made


def path_of(project) -> str:
    return f"/api/v1/milestones/{milestone_of(project).public_id}/give-back/"


def post(client, path, body, *, key=""):
    headers = {"Idempotency-Key": key or uuid4().hex}
    return client.post(path, body, format="json", headers=headers)


def test_a_part_and_then_the_rest_goes_back(api, project, freelancer):
    client, path = api(freelancer), path_of(project)

    part = post(client, path, PART, key="once")
    again = post(client, path, PART, key="once")
    rest = post(client, path, {})

    assert (part.status_code, part.json()["returned"]) == (200, PART["amount"])
    assert part.json()["milestone"]["amount"]["amount"] == "3000.00"
    assert again.headers["Idempotency-Replayed"] == "true"
    assert (rest.json()["returned"]["amount"], rest.json()["milestone"]["status"]) == (
        "3000.00",
        "cancelled",
    )
    assert rest.json()["milestone"]["cancelled_at"] is not None
    assert Release.objects.count() == 2
    shown = client.get(f"/api/v1/projects/{project.public_id}/").json()
    assert (shown["held"]["amount"], shown["agreed"]["amount"]) == ("6666.66", "6666.66")


def test_a_preview_changes_nothing(api, project, freelancer):
    answer = post(api(freelancer), f"{path_of(project)}preview/", PART)

    assert answer.status_code == 200
    assert {name: answer.json()[name] for name in ("returned", "held_after", "agreed_after")} == {
        "returned": PART["amount"],
        "held_after": {"amount": "9666.66", "currency": "USD"},
        "agreed_after": {"amount": "9666.66", "currency": "USD"},
    }
    assert answer.json()["completes_project"] is False
    assert not Release.objects.exists()


def test_a_token_needs_a_key(api, project, freelancer, refused):
    answer = api(freelancer).post(path_of(project), PART, format="json")

    refused(answer, 400, "idempotency_key_required")
    assert not Release.objects.exists()


@pytest.mark.parametrize(("who", "status"), [("commissioner", 403), ("stranger", 404), (None, 401)])
@pytest.mark.parametrize("suffix", ["", "preview/"])
def test_others_do_not_give_it_back(api, project, request, who, status, suffix):
    client = api(request.getfixturevalue(who) if who else None)

    assert post(client, path_of(project) + suffix, PART).status_code == status
    assert not Release.objects.exists()


def test_after_the_approval_it_is_too_late(api, project, freelancer, refused):
    approved_milestone(project)

    refused(post(api(freelancer), path_of(project), PART), 409, "give_back_too_late")


def test_a_part_is_within_the_price(api, project, freelancer, refused):
    body = {"amount": {"amount": "3333.35", "currency": "USD"}}

    errors = refused(post(api(freelancer), path_of(project), body), 400, "out_of_range")
    assert errors == [("amount", "out_of_range")]
