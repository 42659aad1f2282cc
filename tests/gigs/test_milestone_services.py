from datetime import timedelta

import pytest
from django.db import transaction
from djmoney.money import Money

from accounts.models import AuditEvent
from common.exceptions import PermissionRefused
from gigs.enums import MilestoneStatus
from gigs.exceptions import MilestoneTransitionRefused
from gigs.models import Milestone, Project, Submission
from gigs.services import (
    milestone_approve,
    milestone_request_changes,
    milestone_start,
    milestone_submit,
)
from outbox.models import Job
from tests.builders import active_project, approved_milestone, milestone_of, submitted_milestone

pytestmark = pytest.mark.django_db


@pytest.fixture
def project(commissioner, freelancer):
    return active_project(commissioner=commissioner, freelancer=freelancer)


def submit(milestone, by, at):
    return milestone_submit(milestone_id=milestone.pk, message="Done.", links=[], by=by, at=at)


def test_start_is_optional_and_the_freelancers(project, commissioner, freelancer, at):
    milestone = milestone_of(project)
    with pytest.raises(PermissionRefused):
        milestone_start(milestone_id=milestone.pk, by=commissioner, at=at)

    started = milestone_start(milestone_id=milestone.pk, by=freelancer, at=at)

    assert started.status == MilestoneStatus.IN_PROGRESS
    assert submit(milestone, freelancer, at).status == MilestoneStatus.IN_REVIEW


def test_submit_is_a_numbered_version(project, freelancer, commissioner, at):
    milestone = milestone_submit(
        milestone_id=milestone_of(project).pk,
        message="First version.",
        links=["https://example.com/1"],
        by=freelancer,
        at=at,
    )

    assert (milestone.status, milestone.version, milestone.submitted_at) == (
        MilestoneStatus.IN_REVIEW,
        1,
        at,
    )
    submission = Submission.objects.get()
    assert (submission.version, submission.message, submission.links) == (
        1,
        "First version.",
        ["https://example.com/1"],
    )
    mail = Job.objects.get(payload__template="milestone_submitted")
    assert mail.payload["to"] == commissioner.email


def test_submit_while_in_review_is_refused(project, freelancer, at):
    milestone = submitted_milestone(project)

    with pytest.raises(MilestoneTransitionRefused) as refusal:
        submit(milestone, freelancer, at)

    assert refusal.value.code == "transition_refused"
    assert Submission.objects.count() == 1


def test_submit_refuses_everybody_else(project, commissioner, stranger, at):
    for other in (commissioner, stranger):
        with pytest.raises(PermissionRefused):
            submit(milestone_of(project), other, at)
    assert milestone_of(project).status == MilestoneStatus.PLANNED
    assert not Submission.objects.exists()


def test_changes_are_asked_for_with_words_and_answered_by_a_new_version(
    project, commissioner, freelancer, at
):
    milestone = submitted_milestone(project)
    later = at + timedelta(hours=1)

    milestone_request_changes(
        milestone_id=milestone.pk, comment="Bigger logo, please.", by=commissioner, at=later
    )

    first = Submission.objects.get(version=1)
    assert (first.change_request, first.changes_requested_at) == ("Bigger logo, please.", later)
    assert milestone_of(project).status == MilestoneStatus.CHANGES_REQUESTED
    again = submit(milestone, freelancer, later)
    assert (again.version, again.submitted_at) == (2, later)


def test_request_changes_is_the_commissioners(project, freelancer, at):
    milestone = submitted_milestone(project)

    with pytest.raises(PermissionRefused):
        milestone_request_changes(milestone_id=milestone.pk, comment="x", by=freelancer, at=at)
    assert milestone_of(project).status == MilestoneStatus.IN_REVIEW


def test_approve_asks_for_what_follows_in_the_same_transaction(project, commissioner, at):
    milestone = submitted_milestone(project)

    approved = milestone_approve(milestone_id=milestone.pk, by=commissioner, at=at)

    assert (approved.status, approved.approved_at, approved.approved_by) == (
        MilestoneStatus.APPROVED,
        at,
        commissioner,
    )
    job = Job.objects.get(topic="milestone.approved")
    assert (job.key, job.payload) == (milestone.public_id, {"milestone": milestone.pk})
    event = AuditEvent.objects.get(event="milestone.approved")
    assert (event.actor, event.before, event.after["status"]) == (
        commissioner.public_id,
        {"status": "in_review"},
        "approved",
    )


def test_approve_twice_is_refused(project, commissioner, at):
    milestone = approved_milestone(project)

    with pytest.raises(MilestoneTransitionRefused):
        milestone_approve(milestone_id=milestone.pk, by=commissioner, at=at)
    assert Job.objects.filter(topic="milestone.approved").count() == 1


def test_approve_refuses_everybody_else(project, freelancer, stranger, at):
    milestone = submitted_milestone(project)

    for other in (freelancer, stranger):
        with pytest.raises(PermissionRefused):
            milestone_approve(milestone_id=milestone.pk, by=other, at=at)
    assert milestone_of(project).status == MilestoneStatus.IN_REVIEW
    assert not Job.objects.filter(topic="milestone.approved").exists()


def test_work_that_was_not_submitted_cannot_be_approved(project, commissioner, at):
    with pytest.raises(MilestoneTransitionRefused):
        milestone_approve(milestone_id=milestone_of(project).pk, by=commissioner, at=at)


def test_the_price_of_a_milestone_is_frozen(project):
    milestone = milestone_of(project)
    milestone.amount = Money("1.00", "USD")

    with pytest.raises(Exception, match="price of milestone"), transaction.atomic():
        milestone.save()
    assert Milestone.objects.get(pk=milestone.pk).amount == Money("3333.34", "USD")


def test_the_terms_of_a_project_are_frozen(project):
    with pytest.raises(Exception, match="terms of project"), transaction.atomic():
        Project.objects.filter(pk=project.pk).update(fee_rate="0.0100")
