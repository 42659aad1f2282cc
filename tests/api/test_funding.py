"""Funding milestones over the API."""

from uuid import uuid4

import pytest

from tests.builders import active_project, fund, held_project, milestone_of
from wallets.models import Payment

pytestmark = pytest.mark.django_db


@pytest.fixture
def project(commissioner, freelancer):
    return held_project(commissioner=commissioner, freelancer=freelancer)


def post(client, path, body, *, key=""):
    headers = {"Idempotency-Key": key or uuid4().hex}
    return client.post(path, body, format="json", headers=headers)


def test_a_milestone_is_funded(api, project, commissioner):
    milestone = milestone_of(project)
    path = f"/api/v1/milestones/{milestone.public_id}/fund/"
    body = {"payment_method": "test_ok", "amount": {"amount": "3333.34", "currency": "USD"}}
    client = api(commissioner)

    answer = post(client, path, body, key="once")

    shown = answer.json()
    assert answer.status_code == 200
    assert shown["payment"]["purpose"] == "funding"
    assert shown["payment"]["outcome"] == "exact"
    assert shown["payment"]["received"] == {"amount": "3333.34", "currency": "USD"}
    assert (shown["payment"]["project_id"], shown["payment"]["invoice_id"]) == (
        project.public_id,
        None,
    )
    assert [task["status"] for task in shown["milestones"]] == ["funded"]
    assert post(client, path, body, key="once").headers["Idempotency-Replayed"] == "true"
    assert Payment.objects.count() == 1
    read = client.get(f"/api/v1/projects/{project.public_id}/").json()
    assert read["held"] == {"amount": "3333.34", "currency": "USD"}


def test_a_project_is_funded_in_part_and_then_whole(api, project, commissioner):
    client, path = api(commissioner), f"/api/v1/projects/{project.public_id}/fund/"
    two = [milestone_of(project, position).public_id for position in (2, 3)]

    some = post(client, path, {"payment_method": "test_ok", "milestone_ids": two})
    rest = post(client, path, {"payment_method": "test_ok"})
    none = post(client, path, {"payment_method": "test_ok"})

    assert [task["position"] for task in some.json()["milestones"]] == [2, 3]
    assert [task["position"] for task in rest.json()["milestones"]] == [1]
    assert (none.status_code, none.json()["code"]) == (409, "nothing_to_fund")


@pytest.mark.parametrize(
    ("method", "status", "code"),
    [
        ("test_declined", 402, "payment_declined"),
        ("test_unheard_of", 400, "payment_method_unknown"),
        ("credit", 409, "insufficient_funds"),
    ],
)
def test_funding_is_refused(api, project, commissioner, method, status, code):
    path = f"/api/v1/projects/{project.public_id}/fund/"

    answer = post(api(commissioner), path, {"payment_method": method})

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert {one.status for one in project.milestones.all()} == {"planned"}


def test_too_much_shows_as_an_outcome(api, project, commissioner):
    path = f"/api/v1/projects/{project.public_id}/fund/"

    shown = post(api(commissioner), path, {"payment_method": "test_over"}).json()

    assert (shown["payment"]["outcome"], shown["payment"]["received"]["amount"]) == (
        "over",
        "10010.00",
    )


def test_an_unknown_outcome_is_202(api, project, commissioner):
    path = f"/api/v1/projects/{project.public_id}/fund/"

    answer = post(api(commissioner), path, {"payment_method": "test_timeout"})

    assert (answer.status_code, answer.json()["payment"]["status"]) == (202, "uncertain")
    assert {task["status"] for task in answer.json()["milestones"]} == {"planned"}


def test_a_preview_says_what_would_be_held(api, project, commissioner):
    path = f"/api/v1/projects/{project.public_id}/fund/preview/"

    answer = post(api(commissioner), path, {"payment_method": "test_ok"})

    assert answer.status_code == 200
    assert answer.json()["held_after"] == {"amount": "10000.00", "currency": "USD"}
    one = f"/api/v1/milestones/{milestone_of(project).public_id}/fund/preview/"
    shown = post(api(commissioner), one, {"payment_method": "test_ok"}).json()
    assert shown["amount"] == {"amount": "3333.34", "currency": "USD"}
    assert Payment.objects.count() == 0


def test_others_do_not_fund(api, project, freelancer, stranger):
    path = f"/api/v1/projects/{project.public_id}/fund/"

    assert post(api(freelancer), path, {"payment_method": "test_ok"}).status_code == 403
    assert post(api(stranger), path, {"payment_method": "test_ok"}).status_code == 404


def test_a_milestone_of_another_project_is_missing(api, project, commissioner):
    other = milestone_of(active_project(commissioner=commissioner, title="Other"))
    path = f"/api/v1/projects/{project.public_id}/fund/"

    answer = post(
        api(commissioner),
        path,
        {"payment_method": "test_ok", "milestone_ids": [other.public_id]},
    )

    assert answer.status_code == 404


def test_work_on_what_is_not_funded_is_refused(api, project, freelancer):
    path = f"/api/v1/milestones/{milestone_of(project).public_id}/submit/"

    answer = post(api(freelancer), path, {"message": "Here it is."})

    assert (answer.status_code, answer.json()["code"]) == (409, "milestone_not_funded")
    fund(project)
    assert post(api(freelancer), path, {"message": "Here it is."}).status_code == 200
