"""Approving a part of a price through the REST door."""

import pytest

from gigs.models import Project
from tests.builders import submitted_milestone

pytestmark = pytest.mark.django_db


def test_a_part_is_approved_by_the_api(api, refused):
    milestone = submitted_milestone()
    client = api(milestone.project.commissioner)
    path = f"/api/v1/milestones/{milestone.public_id}/approve-part/"
    body = {"amount": {"amount": "2500.00", "currency": "USD"}, "remainder": "give_back"}

    preview = client.post(f"{path}preview/", body, format="json").json()
    denied = api(milestone.project.freelancer).post(path, body, format="json")
    wrong = client.post(path, {**body, "remainder": "keep"}, format="json")
    answer = client.post(path, body, format="json")

    assert (preview["total"], preview["net"]) == (
        {"amount": "2500.00", "currency": "USD"},
        {"amount": "2375.00", "currency": "USD"},
    )
    refused(denied, 403, "permission_denied")
    refused(wrong, 400, "invalid_choice")
    assert (answer.status_code, answer.json()["status"]) == (200, "approved")
    assert answer.json()["amount"] == {"amount": "2500.00", "currency": "USD"}
    assert Project.objects.get().agreed_minor == 916_666
