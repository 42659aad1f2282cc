from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import transaction
from djmoney.money import Money

from accounts.models import AuditEvent
from common.exceptions import PermissionRefused
from gigs.enums import ApplicationStatus, GigStatus, MilestoneStatus, ProjectStatus
from gigs.exceptions import (
    AlreadyApplied,
    ApplicationTransitionRefused,
    GigAlreadyMatched,
    GigNotOpen,
    NotAnApplicant,
    OwnGig,
    ReapplyLater,
)
from gigs.models import Application, FeePolicy, Milestone, Project
from gigs.services import (
    application_reject,
    application_submit,
    application_withdraw,
    gig_close,
    gig_match,
)
from outbox.models import Job
from tests.builders import active_project, open_gig, pending_application
from tests.factories import FreelancerFactory

pytestmark = pytest.mark.django_db


def apply(gig, by, at):
    return application_submit(
        gig_id=gig.pk, pitch="I can do it.", links=["https://example.com/"], by=by, at=at
    )


def test_apply(commissioner, freelancer, at):
    gig = open_gig(by=commissioner)

    application = apply(gig, freelancer, at)

    assert (application.status, application.pitch, application.links, application.created_at) == (
        ApplicationStatus.PENDING,
        "I can do it.",
        ["https://example.com/"],
        at,
    )


def test_apply_refuses_who_is_no_freelancer(commissioner, at):
    gig = open_gig()

    with pytest.raises(PermissionRefused):
        apply(gig, commissioner, at)
    assert not Application.objects.exists()


def test_apply_refuses_the_owner_before_any_conflict(stranger, at):
    gig = open_gig(by=stranger)
    gig_close(gig_id=gig.pk, by=stranger, at=at)

    with pytest.raises(OwnGig) as refusal:
        apply(gig, stranger, at)
    assert (refusal.value.code, refusal.value.status) == ("own_gig", 403)


def test_apply_twice_is_refused(freelancer, at):
    gig = open_gig()
    apply(gig, freelancer, at)

    with pytest.raises(AlreadyApplied):
        apply(gig, freelancer, at)
    assert Application.objects.count() == 1


def test_the_database_refuses_a_second_live_application(freelancer, at):
    first = pending_application(by=freelancer)

    with (
        pytest.raises(Exception, match="gigs_application_one_live_per_freelancer"),
        transaction.atomic(),
    ):
        Application.objects.create(
            gig=first.gig, freelancer=freelancer, pitch="x", status="pending", created_at=at
        )


def test_apply_to_a_closed_gig_is_refused(commissioner, freelancer, at):
    gig = open_gig(by=commissioner)
    gig_close(gig_id=gig.pk, by=commissioner, at=at)

    with pytest.raises(GigNotOpen):
        apply(gig, freelancer, at)


def test_after_a_rejection_a_new_application_waits_21_days(commissioner, freelancer):
    at = datetime(2026, 11, 1, tzinfo=UTC)
    gig = open_gig(by=commissioner, at=at)
    application = pending_application(gig=gig, by=freelancer, at=at)
    application_reject(application_id=application.pk, by=commissioner, at=at)

    with pytest.raises(ReapplyLater, match="2026-11-22"):
        apply(gig, freelancer, at + timedelta(days=20, hours=23))
    again = apply(gig, freelancer, at + timedelta(days=21))

    assert again.status == ApplicationStatus.PENDING


def test_withdraw_is_the_applicants_own(commissioner, freelancer, stranger, at):
    application = pending_application(gig=open_gig(by=commissioner), by=freelancer)
    for other in (commissioner, stranger):
        with pytest.raises(PermissionRefused):
            application_withdraw(application_id=application.pk, by=other, at=at)

    application_withdraw(application_id=application.pk, by=freelancer, at=at)

    application.refresh_from_db()
    assert (application.status, application.decided_at) == (ApplicationStatus.WITHDRAWN, at)
    with pytest.raises(ApplicationTransitionRefused):
        application_withdraw(application_id=application.pk, by=freelancer, at=at)


def test_reject_is_the_owners(commissioner, freelancer, at):
    application = pending_application(gig=open_gig(by=commissioner), by=freelancer)
    with pytest.raises(PermissionRefused):
        application_reject(application_id=application.pk, by=freelancer, at=at)

    application_reject(application_id=application.pk, by=commissioner, at=at)

    application.refresh_from_db()
    assert (application.status, application.decided_at) == (ApplicationStatus.REJECTED, at)


def test_match_freezes_terms_and_rejects_the_others(commissioner, freelancer, at):
    gig = open_gig(by=commissioner)
    chosen = pending_application(gig=gig, by=freelancer)
    other = pending_application(gig=gig)

    project = gig_match(gig_id=gig.pk, freelancer_id=freelancer.pk, by=commissioner, at=at)

    gig.refresh_from_db()
    chosen.refresh_from_db()
    other.refresh_from_db()
    assert (gig.status, chosen.status, other.status) == (
        GigStatus.MATCHED,
        ApplicationStatus.ACCEPTED,
        ApplicationStatus.REJECTED,
    )
    assert (project.status, project.fee_rate, project.agreed_minor, project.invoiced_minor) == (
        ProjectStatus.ACTIVE,
        Decimal("0.0500"),
        1_000_000,
        0,
    )
    assert [
        (row.position, row.title, row.amount, row.status)
        for row in Milestone.objects.filter(project=project).order_by("position")
    ] == [
        (1, "Part 1", Money("3333.34", "USD"), MilestoneStatus.PLANNED),
        (2, "Part 2", Money("3333.33", "USD"), MilestoneStatus.PLANNED),
        (3, "Part 3", Money("3333.33", "USD"), MilestoneStatus.PLANNED),
    ]
    mail = Job.objects.get(topic="mail.send", payload__template="application_accepted")
    assert mail.payload["to"] == freelancer.email
    assert AuditEvent.objects.filter(event="project.started", target=project.public_id).count() == 1


def test_match_takes_the_rate_of_the_day(commissioner, at):
    FeePolicy.objects.create(valid_from=at - timedelta(days=1), rate=Decimal("0.0400"))
    FeePolicy.objects.create(valid_from=at + timedelta(days=1), rate=Decimal("0.0300"))

    assert active_project(commissioner=commissioner, at=at).fee_rate == Decimal("0.0400")


def test_match_takes_nobody_who_has_not_applied(commissioner, freelancer, at):
    gig = open_gig(by=commissioner)
    pending_application(gig=gig)

    with pytest.raises(NotAnApplicant):
        gig_match(gig_id=gig.pk, freelancer_id=freelancer.pk, by=commissioner, at=at)

    gig.refresh_from_db()
    assert gig.status == GigStatus.OPEN
    assert not Project.objects.exists()


def test_match_takes_no_withdrawn_application(commissioner, freelancer, at):
    application = pending_application(gig=open_gig(by=commissioner), by=freelancer)
    application_withdraw(application_id=application.pk, by=freelancer, at=at)

    with pytest.raises(NotAnApplicant):
        gig_match(gig_id=application.gig_id, application_id=application.pk, by=commissioner, at=at)


def test_match_needs_somebody(commissioner, at):
    gig = open_gig(by=commissioner)
    pending_application(gig=gig)

    with pytest.raises(NotAnApplicant):
        gig_match(gig_id=gig.pk, by=commissioner, at=at)


def test_match_is_the_owners_and_happens_once(commissioner, stranger, at):
    gig = open_gig(by=commissioner)
    first = pending_application(gig=gig)
    with pytest.raises(PermissionRefused):
        gig_match(gig_id=gig.pk, application_id=first.pk, by=stranger, at=at)
    gig_match(gig_id=gig.pk, application_id=first.pk, by=commissioner, at=at)

    with pytest.raises(GigAlreadyMatched) as refusal:
        gig_match(gig_id=gig.pk, application_id=first.pk, by=commissioner, at=at)
    assert refusal.value.code == "gig_already_matched"
    assert Project.objects.count() == 1


def test_match_of_a_draft_is_refused(commissioner, freelancer, at):
    gig = open_gig(by=commissioner, is_draft=True)

    with pytest.raises(GigNotOpen):
        gig_match(gig_id=gig.pk, freelancer_id=freelancer.pk, by=commissioner, at=at)


def test_a_second_project_of_a_gig_is_refused_by_the_database(at):
    project = active_project()
    other = FreelancerFactory()
    application = Application.objects.create(
        gig=project.gig, freelancer=other, pitch="x", status="pending", created_at=at
    )
    copy = Project.objects.get(pk=project.pk)
    copy.pk, copy.application = None, application
    copy.uuid = application.uuid

    with pytest.raises(Exception, match="gigs_project_gig_id_key"), transaction.atomic():
        copy.save(force_insert=True)
