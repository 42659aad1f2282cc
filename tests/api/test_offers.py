"""Gigs and applications through the REST door."""

from datetime import timedelta

import pytest
from django.utils import timezone

from gigs.enums import ApplicationStatus
from gigs.models import Application, Gig, Project
from tests.builders import active_project, open_gig, pending_application
from tests.factories import FreelancerFactory

pytestmark = pytest.mark.django_db


def usd(amount):
    return {"amount": amount, "currency": "USD"}


@pytest.mark.parametrize("path", ["/api/gigs/post", "/api/gigs/post/", "/api/v1/gigs/"])
def test_posting_answers_the_gig_with_its_split(api, commissioner, gig_body, path):
    gig_body["milestones"][0] = {
        "title": "Architecture",
        "due_on": "2026-12-06",
        "criteria": ["A diagram"],
        "description": "Plan it.",
    }

    answer = api(commissioner).post(path, gig_body, format="json")

    gig = Gig.objects.get()
    shown = answer.json()
    assert answer.status_code == 201
    assert shown["id"] == gig.public_id
    assert shown["status"] == "open"
    assert shown["skills"] == []
    assert (shown["invoicing_method"], shown["payment_mode"]) == ("milestone", "on_invoice")
    assert (shown["auto_pay"], shown["self_billed"]) == (False, False)
    assert shown["budget"] == usd("10000.00")
    assert shown["commissioner"] == {"id": commissioner.public_id, "name": commissioner.name}
    assert [(row["position"], row["title"], row["amount"]) for row in shown["milestones"]] == [
        (1, "Architecture", usd("3333.34")),
        (2, "Features", usd("3333.33")),
        (3, "Launch", usd("3333.33")),
    ]
    first = shown["milestones"][0]
    assert first["id"].startswith("gms_")
    assert (first["due_on"], first["criteria"]) == ("2026-12-06", ["A diagram"])
    assert api(commissioner).get(f"/api/v1/gigs/{gig.public_id}/").json() == shown


def test_a_self_billed_gig_makes_a_self_billed_project(api, commissioner, freelancer, gig_body):
    answer = api(commissioner).post(
        "/api/v1/gigs/", {**gig_body, "self_billed": True}, format="json"
    )

    gig = Gig.objects.get()
    pending_application(gig=gig, by=freelancer)
    body = {"freelancer_id": freelancer.public_id}
    matched = api(commissioner).post(f"/api/v1/gigs/{gig.public_id}/match/", body, format="json")
    assert (answer.status_code, answer.json()["self_billed"]) == (201, True)
    assert (matched.status_code, matched.json()["self_billed"]) == (201, True)
    assert Project.objects.get().is_self_billed is True


def test_the_same_body_within_a_minute_gives_the_first_gig(api, commissioner, gig_body):
    client = api(commissioner)

    first = client.post("/api/gigs/post", gig_body, format="json")
    second = client.post("/api/v1/gigs/", gig_body, format="json")

    assert (first.status_code, second.status_code) == (201, 200)
    assert second.json() == first.json()
    assert Gig.objects.count() == 1


def test_amounts_may_be_given_when_they_add_up(api, commissioner, gig_body, refused):
    gig_body["milestones"] = [
        {"title": "a", "amount": usd("9999.99")},
        {"title": "b", "amount": usd("0.01")},
    ]
    client = api(commissioner)

    right = client.post("/api/gigs/post", gig_body, format="json")
    gig_body["milestones"][1]["amount"] = usd("0.02")
    wrong = client.post("/api/gigs/post", gig_body, format="json")
    del gig_body["milestones"][1]["amount"]
    some = client.post("/api/gigs/post", gig_body, format="json")

    assert [row["amount"] for row in right.json()["milestones"]] == [usd("9999.99"), usd("0.01")]
    assert [field for field, _ in refused(wrong, 400, wrong.json()["code"])] == ["milestones"]
    assert [field for field, _ in refused(some, 400, some.json()["code"])] == ["milestones"]


def test_less_than_a_sub_unit_each_is_too_small(api, commissioner, gig_body, refused):
    answer = api(commissioner).post(
        "/api/gigs/post", {**gig_body, "budget": usd("0.02")}, format="json"
    )

    refused(answer, 400, "budget_too_small")


def test_only_commissioners_post(api, freelancer, gig_body, refused):
    refused(
        api(freelancer).post("/api/gigs/post", gig_body, format="json"), 403, "permission_denied"
    )
    assert Gig.objects.count() == 0


def test_a_draft_is_its_owners_until_it_is_posted(api, commissioner, freelancer, gig_body, refused):
    owner, other = api(commissioner), api(freelancer)
    draft = owner.post("/api/gigs/post", {**gig_body, "draft": True}, format="json").json()
    path = f"/api/v1/gigs/{draft['id']}/"

    assert (draft["status"], draft["posted_at"]) == ("draft", None)
    refused(other.get(path), 404, "not_found")
    refused(other.post(f"{path}post/"), 404, "not_found")
    assert owner.post(f"{path}post/").json()["status"] == "open"
    assert other.get(path).status_code == 200
    refused(owner.post(f"{path}post/"), 409, "transition_refused")
    refused(other.post(f"{path}close/"), 403, "permission_denied")
    closed = owner.post(f"{path}close/")
    assert (closed.status_code, closed.json()["status"]) == (200, "closed")
    refused(owner.post(f"{path}close/"), 409, "transition_refused")
    refused(other.get(path), 404, "not_found")


def test_a_draft_is_written_anew_by_its_owner(
    api, commissioner, freelancer, stranger, gig_body, refused
):
    owner = api(commissioner)
    draft = owner.post("/api/gigs/post", {**gig_body, "draft": True}, format="json").json()
    path = f"/api/v1/gigs/{draft['id']}/"
    body = {
        **gig_body,
        "title": "Library",
        "skills": ["sql"],
        "milestones": [{"title": "All of it"}],
        "draft": True,
    }

    refused(api(stranger).put(path, body, format="json"), 404, "not_found")
    refused(owner.put(path, {**body, "colour": "red"}, format="json"), 400, "unknown_field")
    refused(owner.put(path, {"title": "Library"}, format="json"), 400, "invalid")
    edited = owner.put(path, body, format="json")

    assert edited.status_code == 200
    told = edited.json()
    assert (told["id"], told["status"], told["title"], told["skills"]) == (
        draft["id"],
        "draft",
        "Library",
        ["sql"],
    )
    assert [(m["position"], m["title"], m["amount"]) for m in told["milestones"]] == [
        (1, "All of it", {"amount": "10000.00", "currency": "USD"})
    ]
    assert owner.get(path).json() == told
    posted = owner.put(path, {**body, "draft": False}, format="json").json()
    assert posted["status"] == "open"
    refused(owner.put(path, body, format="json"), 409, "gig_not_draft")
    refused(api(freelancer).put(path, body, format="json"), 403, "permission_denied")
    assert owner.get(path).json() == posted


def test_applying(api, freelancer, refused):
    gig = open_gig()
    path = f"/api/v1/gigs/{gig.public_id}/applications/"
    client = api(freelancer)

    first = client.post(path, {"pitch": "Me.", "links": ["https://example.com"]}, format="json")
    second = client.post(path, {"pitch": "Me again."}, format="json")

    application = Application.objects.get()
    assert first.status_code == 201
    assert first.json() == {
        "id": application.public_id,
        "gig_id": gig.public_id,
        "status": "pending",
        "freelancer": {"id": freelancer.public_id, "name": freelancer.name},
        "pitch": "Me.",
        "links": ["https://example.com"],
        "created_at": first.json()["created_at"],
        "decided_at": None,
    }
    refused(second, 409, "already_applied")


def test_applying_refuses_by_role_and_owner_before_any_conflict(
    api, commissioner, stranger, refused
):
    own = open_gig(by=stranger)
    path = f"/api/v1/gigs/{own.public_id}/applications/"
    body = {"pitch": "Me."}

    refused(api(stranger).post(path, body, format="json"), 403, "own_gig")
    refused(api(commissioner).post(path, body, format="json"), 403, "permission_denied")
    api(stranger).post(f"/api/v1/gigs/{own.public_id}/close/")
    refused(api(stranger).post(path, body, format="json"), 403, "own_gig")


def test_applying_again_waits_for_three_weeks(api, commissioner, freelancer, refused):
    gig = open_gig(by=commissioner)
    application = pending_application(gig=gig, by=freelancer)
    rejected = api(commissioner).post(f"/api/v1/applications/{application.public_id}/reject/")
    path = f"/api/v1/gigs/{gig.public_id}/applications/"
    client = api(freelancer)

    soon = client.post(path, {"pitch": "Again."}, format="json")
    Application.objects.update(decided_at=timezone.now() - timedelta(days=22))
    later = client.post(path, {"pitch": "Again."}, format="json")

    assert rejected.json()["status"] == "rejected"
    refused(soon, 409, "reapply_later")
    assert "from 20" in soon.json()["detail"]
    assert later.status_code == 201


def test_withdrawing_is_the_applicants_and_rejecting_the_owners(api, refused):
    application = pending_application()
    owner, applicant = api(application.gig.commissioner), api(application.freelancer)
    path = f"/api/v1/applications/{application.public_id}/"

    refused(owner.post(f"{path}withdraw/"), 403, "permission_denied")
    refused(applicant.post(f"{path}reject/"), 403, "permission_denied")
    assert applicant.post(f"{path}withdraw/").json()["status"] == "withdrawn"
    refused(owner.post(f"{path}reject/"), 409, "transition_refused")


def test_applications_are_seen_by_their_two_sides_only(api, stranger, refused):
    application = pending_application()
    other = pending_application(gig=application.gig)
    listing = f"/api/v1/gigs/{application.gig.public_id}/applications/"

    def seen(user, path):
        return [row["id"] for row in api(user).get(path).json()["results"]]

    both = [other.public_id, application.public_id]
    assert seen(application.gig.commissioner, listing) == both
    assert seen(application.gig.commissioner, "/api/v1/applications/") == both
    assert seen(application.freelancer, listing) == [application.public_id]
    assert seen(stranger, listing) == []
    assert seen(stranger, "/api/v1/applications/") == []
    path = f"/api/v1/applications/{application.public_id}/"
    assert api(application.freelancer).get(path).status_code == 200
    refused(api(other.freelancer).get(path), 404, "not_found")


@pytest.mark.parametrize("by", ["freelancer_id", "application_id"])
@pytest.mark.parametrize("is_workflow", [True, False])
def test_matching_makes_a_project_and_rejects_the_others(api, by, is_workflow, refused):
    chosen = pending_application()
    other = pending_application(gig=chosen.gig)
    client = api(chosen.gig.commissioner)
    named = {
        by: chosen.freelancer.public_id if by == "freelancer_id" else chosen.public_id,
        **({"gig_id": chosen.gig.public_id} if is_workflow else {}),
    }
    path = "/api/gigs/match-freelancer"
    if not is_workflow:
        path = f"/api/v1/gigs/{chosen.gig.public_id}/match/"

    answer = client.post(path, named, format="json")
    again = client.post(path, named, format="json")

    project = Project.objects.get()
    shown = answer.json()
    assert answer.status_code == 201
    assert (shown["id"], shown["gig_id"]) == (project.public_id, chosen.gig.public_id)
    assert (shown["status"], shown["fee_rate"]) == ("active", "0.0500")
    assert shown["freelancer"]["id"] == chosen.freelancer.public_id
    assert shown["commissioner"]["id"] == chosen.gig.commissioner.public_id
    assert (shown["budget"], shown["paid"]) == (usd("10000.00"), usd("0.00"))
    assert shown["remaining"] == usd("10000.00")
    assert [(task["title"], task["status"]) for task in shown["tasks"]] == [
        ("Part 1", "planned"),
        ("Part 2", "planned"),
        ("Part 3", "planned"),
    ]
    other.refresh_from_db()
    assert other.status == ApplicationStatus.REJECTED
    assert client.get(f"/api/v1/gigs/{chosen.gig.public_id}/").json()["status"] == "matched"
    refused(again, 409, "gig_already_matched")


def test_only_an_applicant_is_hired(api, commissioner, refused):
    gig = open_gig(by=commissioner)
    elsewhere = pending_application()
    nobody = FreelancerFactory()
    client = api(commissioner)
    path = f"/api/v1/gigs/{gig.public_id}/match/"

    refused(
        client.post(path, {"freelancer_id": nobody.public_id}, format="json"),
        409,
        "not_an_applicant",
    )
    refused(
        client.post(path, {"application_id": elsewhere.public_id}, format="json"),
        404,
        "not_found",
    )
    refused(
        client.post(path, {"freelancer_id": "usr_" + "0" * 32}, format="json"), 404, "not_found"
    )
    assert refused(client.post(path, {}, format="json"), 400, "required") == [
        ("freelancer_id", "required")
    ]
    assert Project.objects.count() == 0


def test_only_the_owner_matches(api, stranger, refused):
    application = pending_application()
    body = {"gig_id": application.gig.public_id, "application_id": application.public_id}

    for user in (stranger, application.freelancer):
        answer = api(user).post("/api/gigs/match-freelancer", body, format="json")
        refused(answer, 403, "permission_denied")
    assert Project.objects.count() == 0


def test_a_matched_gig_is_hidden_from_strangers(api, stranger, refused):
    project = active_project()

    refused(api(stranger).get(f"/api/v1/gigs/{project.gig.public_id}/"), 404, "not_found")
    refused(api(stranger).get(f"/api/v1/projects/{project.public_id}/"), 404, "not_found")
    assert api(stranger).get("/api/v1/projects/").json()["results"] == []
